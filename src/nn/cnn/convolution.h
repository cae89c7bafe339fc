// A convolution with what follows it: y = act(batch_norm(conv(x)) [+ y]).
#pragma once

#include <string>

#include "nn/cnn/values.h"
#include "nn/weights.h"

namespace hanok::nn {

struct ConvolutionOptions {
  size_t stride = 1, padding = 0;
  std::string norm = {};  // name of a batch norm that is folded into the weights
  double norm_epsilon = 1e-5;
  math::Activation activation = math::Activation::None;
};

/// y[n, i, j, o] = act(bias[o] + sum over u, v, c of weight[o, c, u, v] x[n, i stride + u - padding, j stride + v -
/// padding, c]), x being 0 outside (a cross-correlation, as every framework has it). The windows are written in small
/// parts just before they are multiplied (math::gemm with a LeftSide): no matrix of all windows is ever made.
class Convolution {
 public:
  /// Weights are NAME.weight [out, in, kernel, kernel] and, where it exists, NAME.bias. A batch norm is folded: weight
  /// and bias times gain / sqrt(running_var + epsilon), bias less running_mean times that, plus its own bias; in
  /// double. Throws Corrupt as Weights::at does, and where the input has other channels.
  Convolution(const Weights& weights, const std::string& name, Shape in, const ConvolutionOptions& options);

  /// out holds what Shape out_shape() says; accumulate adds to what is there, before the activation.
  void run(const Values& in, Values& out, bool accumulate = false) const;
  Shape in_shape() const { return in_; }
  Shape out_shape() const { return out_; }
  /// Of one picture.
  uint64_t multiply_adds() const { return out_.height * out_.width * packed_.width() * packed_.depth(); }

 private:
  void window(const Values& in, size_t row, size_t first, size_t depth, float* to) const;

  Shape in_, out_;
  size_t kernel_height_ = 0, kernel_width_ = 0, stride_ = 1, padding_ = 0;
  math::Activation activation_ = math::Activation::None;
  math::PackedMatrix packed_;  // [out, kernel_height, kernel_width, in]
};

}  // namespace hanok::nn
