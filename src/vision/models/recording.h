// What a forward pass does, written down step by step by the layers themselves. From it come the figures of
// `hanok vision models` (layers, multiply-adds), the ONNX file, the feature maps and Grad-CAM: none of them is typed in
// for any model.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace torch::nn {
class Module;
}

namespace hanok::vision {

enum class Op {
  Input,
  Conv,
  Linear,
  BatchNorm,
  Relu,
  LeakyRelu,
  Sigmoid,
  Tanh,
  Gelu,
  MaxPool,
  AveragePool,
  AdaptiveAveragePool,
  Flatten,
  Dropout,
  Add
};
/// "conv", "batch norm", "leaky relu", ...
std::string_view op_name(Op op);

struct Step {
  Op op = Op::Input;
  std::string name = {};                        // the layer's path in the model: "layer1.0.conv1"; "" where it has none
  const torch::nn::Module* layer = nullptr;     // whose weights it uses; nullptr for a plain function
  int64_t kernel = 0, stride = 0, padding = 0;  // of convolutions and pools, the same for both axes; kernel is the
                                                // output's size for AdaptiveAveragePool
  int64_t groups = 1;
  double value = 0;       // epsilon of a BatchNorm, slope of a LeakyRelu, probability of a Dropout
  bool shortcut = false;  // on the projection beside a residual block: not part of the depth that papers count

  std::vector<size_t> inputs = {};  // numbers of earlier steps
  torch::Tensor output = {};        // [N, C, H, W] or [N, C]
  uint64_t multiply_adds = 0;       // of Conv and Linear, for the whole batch
};

/// While one lives, the layers of `model` that run on this thread write themselves down. One at a time on a thread.
///   Recording recording(model, x, Recording::Dry);
///   model.forward(x);
///   for (const Step& s : recording.steps()) ...
class Recording {
 public:
  enum Mode {
    Dry,  // convolutions and linear layers only give the shape of their output, so VGG-16 takes milliseconds
    Real  // everything is computed, nothing in place: outputs are what each layer gave
  };
  /// x: the input that the pass will be given.
  Recording(const torch::nn::Module& model, const torch::Tensor& x, Mode mode);
  ~Recording();
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  static Recording* current();
  bool dry() const { return mode_ == Dry; }
  /// Fills in name, inputs, output and multiply_adds. Throws Internal for an input that no step gave.
  void add(Step step, std::initializer_list<torch::Tensor> inputs, const torch::Tensor& output);

  /// In the order in which they ran; the first is the Input.
  const std::vector<Step>& steps() const { return steps_; }
  uint64_t multiply_adds() const;
  /// Layers with weights from the input to the output, shortcuts left out: 16 for VGG-16, 50 for ResNet-50.
  size_t depth() const;

 private:
  Mode mode_;
  std::vector<Step> steps_;
  std::map<const void*, size_t> step_of_;  // which step gave a tensor; all are kept alive in steps_
  std::map<const torch::nn::Module*, std::string> names_;
};

/// Where steps are written down, writes this one down. `compute` gives the output; it is told whether it may work in
/// place, which it may not while outputs are kept.
torch::Tensor noted(const Step& step, std::initializer_list<torch::Tensor> inputs,
                    const std::function<torch::Tensor(bool in_place)>& compute);

}  // namespace hanok::vision
