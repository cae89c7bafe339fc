// Distances between vectors: one table of kernels, put together once for the CPU.
//
//   const auto& kernel = hanok::math::distance();
//   float d = kernel.l2_f32(a, b, dim);
//
// Every kernel takes any dim (also 0) and any alignment, allocates nothing and never throws. Integer kernels give the
// same number in every version; float kernels differ between versions by rounding alone: relative error of an l2 below
// (dim
// + 32) * 2^-24, absolute error of an ip below that times sum |a[j] * b[j]|. Stored types: f16 is IEEE half and bf16
// the upper half of a float, both as uint16_t. u8 are bytes 0..255. sq8 is a byte c that means offset + scale * c. u7
// are bytes 0..127: their differences fit a signed byte, which saves every widening step.
#pragma once

#include "math/distance_kernels.h"
#include "math/kernels.h"

namespace hanok::math {

/// The table for features().
inline const DistanceKernels& distance() { return kernels<DistanceKernels>(); }

}  // namespace hanok::math
