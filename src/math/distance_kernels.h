// The table itself. Kept free of library headers: files with CPU flags include it, and nothing they compile may leak out.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hanok::math {

struct DistanceKernels {
  // sum over j of (a[j] - b[j])^2, and sum over j of a[j] * b[j]. The query comes first, the stored vector second.
  float (*l2_f32)(const float* a, const float* b, size_t dim);
  float (*ip_f32)(const float* a, const float* b, size_t dim);
  float (*l2_f16)(const float* a, const uint16_t* b, size_t dim);
  float (*ip_f16)(const float* a, const uint16_t* b, size_t dim);
  float (*l2_bf16)(const float* a, const uint16_t* b, size_t dim);
  float (*ip_bf16)(const float* a, const uint16_t* b, size_t dim);
  // Exact: dim * 255^2 fits 32 bits up to dim = 66,051, and dims end at 65,536.
  uint32_t (*l2_u8)(const uint8_t* a, const uint8_t* b, size_t dim);
  uint32_t (*ip_u8)(const uint8_t* a, const uint8_t* b, size_t dim);
  // A float query against bytes that mean offset + scale * b[j].
  float (*l2_sq8)(const float* a, const uint8_t* b, float offset, float scale, size_t dim);
  // sum over j of a[j] * b[j]: the caller adds offset * sum(a) and multiplies by scale.
  float (*ip_f32u8)(const float* a, const uint8_t* b, size_t dim);
  // Both in 0..127. Exact.
  uint32_t (*l2_u7)(const uint8_t* a, const uint8_t* b, size_t dim);
  // Bits that differ in `bytes` bytes.
  uint32_t (*hamming)(const uint8_t* a, const uint8_t* b, size_t bytes);
  // out[i] = distance of a to row rows[i], four rows in flight: hides the latency of one row's sum behind the others.
  void (*l2_f32_rows)(const float* a, const float* const* rows, size_t n, size_t dim, float* out);
  void (*ip_f32_rows)(const float* a, const float* const* rows, size_t n, size_t dim, float* out);
  // Conversions of n numbers, to nearest, ties to even. f16 overflows to infinity.
  void (*f32_to_f16)(const float* in, uint16_t* out, size_t n);
  void (*f16_to_f32)(const uint16_t* in, float* out, size_t n);
  void (*f32_to_bf16)(const float* in, uint16_t* out, size_t n);
  void (*bf16_to_f32)(const uint16_t* in, float* out, size_t n);
};

// Each fills in what its level does better and leaves the rest.
void fill_distance_scalar(DistanceKernels& table);
void fill_distance_avx2(DistanceKernels& table);
void fill_distance_avx512(DistanceKernels& table);
void fill_distance_vnni(DistanceKernels& table);

}  // namespace hanok::math
