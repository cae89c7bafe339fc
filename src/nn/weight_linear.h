// A linear layer whose weights stay in the format of their file: y = x W^T + b.
#pragma once

#include <string>
#include <vector>

#include "math/packed_weights.h"
#include "nn/linear.h"
#include "nn/weights.h"

namespace hanok::nn {

/// Activations laid out for products; kept from call to call. One product at a time may use it.
struct LinearMemory {
  math::Activations bytes, floats;
};

class WeightLinear {
 public:
  WeightLinear() = default;
  /// W is the tensors `names` + ".weight" under one another ([out_i, in] each), which may differ in format; a layer has
  /// a bias when `names` + ".bias" exists. exact: all is widened to float32, so that activations are not rounded to
  /// eight bits where they meet quantised weights. Throws Corrupt as Weights::at does.
  WeightLinear(const Weights& weights, const std::vector<std::string>& names, const std::vector<size_t>& out, size_t in,
               bool exact);

  size_t in() const { return in_; }
  size_t out() const { return out_; }
  /// Of the packed weights, in memory.
  size_t bytes() const;
  /// x [m, in] with rows ldx apart, y [m, out] with rows ldy apart. A row's result does not depend on the others.
  void operator()(const float* x, size_t ldx, size_t m, float* y, size_t ldy, LinearMemory& memory) const;

 private:
  struct Part {
    math::PackedWeights weights;
    std::vector<float> bias;
    size_t first = 0;  // column of y
  };
  std::vector<Part> parts_;
  Linear wide_;  // where everything is float32
  size_t in_ = 0, out_ = 0;
};

/// Bytes that a matrix of `tensor` takes in memory as WeightLinear keeps it.
size_t linear_bytes(const Tensor& tensor, bool exact);

}  // namespace hanok::nn
