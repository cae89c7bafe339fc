// Optimizers, as plain arithmetic on tensors.  p parameter, g gradient, v and m what is remembered, t steps from 1.
#pragma once

#include <string>
#include <vector>

#include "train/torch.h"

namespace hanok::train {

/// Parameters that learn in the same way.
struct ParameterGroup {
  std::vector<std::string> names;
  std::vector<torch::Tensor> parameters;
  /// sgd      v = momentum v + g;  p -= lr (nesterov ? g + momentum v : v)
  /// adam     m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;  p -= lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)
  ///          (Kingma and Ba 2015)
  /// rmsprop  v = 0.99 v + 0.01 g^2;  p -= lr g / (sqrt(v) + eps)
  /// muon     v = momentum v + g;  p becomes as long as sqrt(rows);  p -= lr orthogonal(g + momentum v)
  ///          for weights of two or more axes, seen as a matrix [rows, rest] (Jordan 2024, airbench94_muon)
  std::string kind = "sgd";
  double learning_rate = 0.1, momentum = 0.9;
  bool nesterov = true;
  /// decoupled: p *= 1 - lr weight_decay before the step (AdamW: Loshchilov and Hutter 2019); otherwise g +=
  /// weight_decay p.
  double weight_decay = 0;
  bool decoupled = false;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  /// The share of the run in which they learn: the schedule is squeezed into it, and then they stand still.
  double until = 1;
};

/// The nearest orthogonal matrix, roughly: five or so Newton-Schulz steps of fifth order take every singular value of g
/// [R, C] into about [0.7, 1.2].
torch::Tensor orthogonal(const torch::Tensor& g, int steps = 3);

class Optimizer {
 public:
  explicit Optimizer(std::vector<ParameterGroup> groups);
  /// One step with the gradients that the parameters hold; those that have none stand still. factor(until) is what the
  /// learning rates are multiplied by.
  void step(const std::function<double(double until)>& factor);
  void zero_grad();
  /// loss.backward(), step() and zero_grad() at once, to the same bytes. From libtorch 2.4 on every parameter takes its
  /// step as soon as its gradient is whole, and the gradient goes: they are never all in memory.
  void backward_and_step(const torch::Tensor& loss, const std::function<double(double until)>& factor);
  const std::vector<ParameterGroup>& groups() const { return groups_; }
  /// All parameters of all groups.
  std::vector<torch::Tensor> parameters() const;
  /// What is remembered, by name: for checkpoints. Loading takes exactly what saving gave; throws Corrupt otherwise,
  /// naming `what`, the file.
  std::vector<std::pair<std::string, torch::Tensor>> state() const;
  void load(const std::vector<std::pair<std::string, torch::Tensor>>& state, const std::string& what);

 private:
  struct Memory {
    torch::Tensor first, second;
  };
  static bool can_fuse(const ParameterGroup& group);
  void step_one(size_t group, size_t parameter, double learning_rate);
  void fused_step(size_t group, size_t begin, size_t end, double learning_rate);

  std::vector<ParameterGroup> groups_;
  std::vector<std::vector<Memory>> memory_;
  int64_t steps_ = 0;
};

}  // namespace hanok::train
