// Tanh and mean pools in bfloat16 while a net learns: libtorch's own take half of LeNet's step.
#pragma once

#include <torch/types.h>

namespace hanok::vision {

/// On the CPU, in bfloat16, and its numbers side by side in memory in some order.
bool bf16_tanh_serves(const torch::Tensor& x);
torch::Tensor bf16_tanh(const torch::Tensor& x);

/// Maps [N, C, H, W] on the CPU in bfloat16, at least k x k.
bool bf16_mean_pool_serves(const torch::Tensor& x, int64_t k);
/// at::avg_pool2d(x, k), channels together in memory.
torch::Tensor bf16_mean_pool(const torch::Tensor& x, int64_t k);

}  // namespace hanok::vision
