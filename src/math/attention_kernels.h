// Attention of one head in products of bf16. Kept free of library headers: files with CPU flags include it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hanok::math {

struct AttentionKernels {
  /// out[i] = softmax(scale q[i] k^T) v for i < n, every query seeing every key; dim, the values of a head, is 32
  /// or 64. Rows of q, k and v are `stride` floats apart, of out ldo. Queries, keys, values and exponentials are
  /// rounded to bf16 (an error of each below 2^-8 of it), sums are float32 in an order that depends on n alone. memory:
  /// bf16_attention_bytes(n, dim) on a 64-byte boundary. Versions differ by rounding.
  void (*bf16)(const float* q, const float* k, const float* v, size_t stride, size_t n, size_t dim, float scale,
               float* out, size_t ldo, uint8_t* memory);
};

/// Keys and values in bf16, n of them rounded up to 32, and the scores of eight queries.
static constexpr inline size_t bf16_attention_bytes(size_t n, size_t dim) {
  const size_t keys = (n + 31) / 32 * 32;
  return keys * dim * 2 * 2 + 8 * keys * (4 + 2);
}

void fill_attention_scalar(AttentionKernels& table);
void fill_attention_bf16(AttentionKernels& table);

}  // namespace hanok::math
