// Convolutions on maps of fewer pixels than the kernel has taps, as one matrix product: most of the kernel would see
// nothing but the padding, and a library's convolution multiplies that, too. Every pixel of the output sees every pixel
// of the input through one tap, so  y = x W^T  with W [pixels out, out, pixels in, in] made of the kernel's taps.
// ResNet-18 as published, on pictures of 32x32 (2x2 and 1x1 maps at the end): a third of its step.
#pragma once

#include <torch/types.h>

namespace hanok::vision {

/// Whether product_on_small_map() is worth while: maps of fewer pixels than taps, and pictures enough (the matrix is
/// made anew each time).
bool small_map_serves(const torch::Tensor& x, const torch::Tensor& weight, int64_t stride, int64_t padding,
                      int64_t groups);

/// at::conv2d(x, weight, bias, stride, padding), computed in `type`. x [N, C, H, W]; weight [O, C, k, k]; bias [O] or
/// undefined. The result lies in memory with channels together.
torch::Tensor product_on_small_map(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias,
                                   int64_t stride, int64_t padding, torch::ScalarType type);

}  // namespace hanok::vision
