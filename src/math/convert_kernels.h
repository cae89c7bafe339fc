// Conversions of rows between float32 and its 16-bit forms: IEEE half (f16) and the upper half of a float (bf16), both
// kept as uint16_t. Kept free of library headers: files with CPU flags include it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hanok::math {

/// n numbers each, any alignment; in and out may not overlap. Narrowing goes to nearest, ties to even, and f16
/// overflows to infinity; widening is exact (a signalling NaN may come out quiet). The same numbers in every version.
struct ConvertKernels {
  void (*f32_to_f16)(const float* in, uint16_t* out, size_t n);
  void (*f16_to_f32)(const uint16_t* in, float* out, size_t n);
  void (*f32_to_bf16)(const float* in, uint16_t* out, size_t n);
  void (*bf16_to_f32)(const uint16_t* in, float* out, size_t n);
};

void fill_convert_scalar(ConvertKernels& table);
void fill_convert_avx2(ConvertKernels& table);
void fill_convert_avx512(ConvertKernels& table);
void fill_convert_neon(ConvertKernels& table);

}  // namespace hanok::math
