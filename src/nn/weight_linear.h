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
  math::Activations of[3];  // by math::Arithmetic
};

/// How exact products are.
enum class Precision {
  Exact,   // all is widened to float32
  Floats,  // activations are rounded to eight bits where they meet quantised weights, and are floats otherwise
  Fast,    // and to bf16 where they meet bf16 weights, on CPUs with instructions for that
};

class WeightLinear {
 public:
  WeightLinear() = default;
  /// W is the tensors `names` + ".weight" under one another ([out_i, in] each), which may differ in format; a layer has
  /// a bias when `names` + ".bias" exists. Throws Corrupt as Weights::at does.
  WeightLinear(const Weights& weights, const std::vector<std::string>& names, const std::vector<size_t>& out, size_t in,
               Precision precision);

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
    math::Arithmetic arithmetic = math::Arithmetic::Floats;
    size_t first = 0;  // column of y
  };
  std::vector<Part> parts_;
  Linear wide_;  // where everything is float32
  size_t in_ = 0, out_ = 0;
};

/// Bytes that a matrix of `tensor` takes in memory as WeightLinear keeps it.
size_t linear_bytes(const Tensor& tensor, bool exact);

}  // namespace hanok::nn
