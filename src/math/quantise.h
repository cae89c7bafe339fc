// Floats to the blocks of weight_formats.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "math/weight_formats.h"

namespace hanok::math {

/// Whether `quantise` writes this format: F32, F16, BF16, Q8_0, Q5_0, Q4_0, Q4_K, Q6_K.
bool can_quantise(WeightFormat format);

/// blocks * block finite values into blocks * bytes bytes. Plain floats and Q8_0 are rounded to the nearest as ggml
/// does it, to the same bytes. For the others scales are searched for the least squared error, starting from those that
/// the largest value suggests: the error is at most that of ggml's quantiser with equal importances, on random and on
/// real weights (docs/formats/weights.md). Values whose scale exceeds a half's range (65,504) saturate.
void quantise(WeightFormat format, const float* from, size_t blocks, std::byte* to);

}  // namespace hanok::math
