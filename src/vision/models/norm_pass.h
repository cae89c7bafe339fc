// Batch normalisation while a net learns, with the shortcut and the relu behind it, in as few passes over memory as
// there can be: what lies between convolutions takes a quarter of a small ResNet's step as layers of their own, and a
// tenth so.
#pragma once

#include <torch/types.h>

namespace hanok::vision {

struct NormOptions {
  double momentum = 0.1, epsilon = 1e-5;
  bool relu = false;
};

/// Whether normed() takes x: rows or maps on the CPU in float32 or bfloat16 that learn with weights in float32, and a
/// shortcut, where there is one, of the same kind.
bool norm_serves(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& shortcut);

/// relu?(weight (x - mean) / sqrt(var + epsilon) + bias + shortcut), mean and biased variance by channel over the
/// batch; running_mean and running_var follow, as in at::batch_norm. x [N, C, H, W] or [N, C]; shortcut undefined for
/// none. Sums are taken in the same order whatever the number of threads.
torch::Tensor normed(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias,
                     const torch::Tensor& shortcut, torch::Tensor running_mean, torch::Tensor running_var,
                     const NormOptions& options);

}  // namespace hanok::vision
