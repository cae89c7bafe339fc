// AVX-512 BF16: vdpbf16ps adds two products of an output at once, so that a register holds sixteen outputs: keys side
// by side for the scores, dimensions side by side for the values.
#pragma GCC diagnostic ignored "-Wuninitialized"        // GCC 12 warns about its own intrinsics,
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // whose undefined vectors are meant to be so
#include <immintrin.h>

#include "math/attention_kernels.h"

namespace hanok::math {
namespace {

constexpr size_t kRows = 8, kKeys = 32;

inline __mmask16 mask(size_t left) { return left >= 16 ? 0xFFFF : static_cast<__mmask16>((1u << left) - 1); }
inline __m512 set(float v) { return _mm512_set1_ps(v); }
inline __m512bh pairs(const void* p) {
  const __m512i x = _mm512_loadu_si512(p);
  return (__m512bh)x;
}
inline __m512bh broadcast_pair(const uint16_t* p) {
  int32_t x;
  __builtin_memcpy(&x, p, 4);
  return (__m512bh)_mm512_set1_epi32(x);
}
inline __m256i rounded(__m512 x) { return (__m256i)_mm512_cvtneps_pbh(x); }

// As in rows_avx512.cpp, with a shorter polynomial: the result is rounded to 2^-9 (relative error below 2^-12).
inline __m512 exp(__m512 x) {
  x = _mm512_max_ps(x, set(-104.0f));
  const __m512 n =
      _mm512_roundscale_ps(_mm512_mul_ps(x, set(1.44269504f)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  __m512 r = _mm512_fnmadd_ps(n, set(0.693359375f), x);
  r = _mm512_fnmadd_ps(n, set(-2.12194440e-4f), r);
  __m512 p = set(0.0416663529f);
  p = _mm512_fmadd_ps(p, r, set(0.1666641552f));
  p = _mm512_fmadd_ps(p, r, set(0.5f));
  p = _mm512_fmadd_ps(p, r, set(1.0f));
  p = _mm512_fmadd_ps(p, r, set(1.0f));
  return _mm512_scalef_ps(p, n);
}

// Keys as [block of 16][pair of dimensions][16 keys][2], values as [pair of keys][dimension][2]; zeros behind the last.
void pack(const float* k, const float* v, size_t stride, size_t n, size_t keys, size_t dim, uint16_t* to_k,
          uint16_t* to_v) {
  for (size_t j = 0; j < keys; ++j) {
    alignas(64) uint32_t row[32] = {};
    if (j < n)
      for (size_t d = 0; d < dim; d += 16)
        _mm256_store_si256(reinterpret_cast<__m256i*>(row + d / 2), rounded(_mm512_loadu_ps(k + j * stride + d)));
    auto* to = reinterpret_cast<uint8_t*>(to_k) + (j / 16 * (dim / 2) * 16 + j % 16) * 4;
    for (size_t p = 0; p < dim / 2; ++p) __builtin_memcpy(to + p * 64, row + p, 4);
  }
  for (size_t j = 0; j < keys; j += 2)
    for (size_t d = 0; d < dim; d += 16) {
      const __m512 none = _mm512_setzero_ps();
      const __m512 a = j < n ? _mm512_loadu_ps(v + j * stride + d) : none,
                   b = j + 1 < n ? _mm512_loadu_ps(v + (j + 1) * stride + d) : none;
      const __m512i both =
          _mm512_or_si512(_mm512_cvtepu16_epi32(rounded(a)), _mm512_slli_epi32(_mm512_cvtepu16_epi32(rounded(b)), 16));
      _mm512_storeu_si512(to_v + (j * dim + 2 * d), both);
    }
}

// scores[r][j] for R queries.
template <int R>
inline void score(const uint16_t* q, const uint16_t* k, size_t keys, size_t dim, float* scores) {
  for (size_t j = 0; j < keys; j += kKeys) {
    __m512 lo[R], hi[R];
    for (int r = 0; r < R; ++r) lo[r] = hi[r] = _mm512_setzero_ps();
    const uint16_t *first = k + j * dim, *second = first + 16 * dim;
    for (size_t p = 0; p < dim / 2; ++p) {
      const __m512bh a = pairs(first + 32 * p), b = pairs(second + 32 * p);
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) {
        const __m512bh x = broadcast_pair(q + r * dim + 2 * p);
        lo[r] = _mm512_dpbf16_ps(lo[r], x, a);
        hi[r] = _mm512_dpbf16_ps(hi[r], x, b);
      }
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      _mm512_storeu_ps(scores + r * keys + j, lo[r]);
      _mm512_storeu_ps(scores + r * keys + j + 16, hi[r]);
    }
  }
}

// Exponentials of n scores, rounded, zeros up to `keys`; returns their sum before rounding.
inline float exponentials(const float* scores, size_t n, size_t keys, float scale, uint16_t* out) {
  const __m512 factor = set(scale);
  __m512 top = _mm512_mul_ps(set(scores[0]), factor), total = _mm512_setzero_ps();
  for (size_t i = 0; i < n; i += 16)
    top = _mm512_mask_max_ps(top, mask(n - i), top, _mm512_mul_ps(_mm512_loadu_ps(scores + i), factor));
  const __m512 shift = set(-_mm512_reduce_max_ps(top));
  for (size_t i = 0; i < keys; i += 16) {
    const __mmask16 there = i < n ? mask(n - i) : 0;
    const __m512 e = _mm512_maskz_mov_ps(there, exp(_mm512_fmadd_ps(_mm512_loadu_ps(scores + i), factor, shift)));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i), rounded(e));
    total = _mm512_add_ps(total, e);
  }
  return _mm512_reduce_add_ps(total);
}

// out[r] = p[r] v / sum[r], 32 dimensions.
template <int R>
inline void mix(const uint16_t* p, const uint16_t* v, size_t keys, size_t dim, const float* sum, float* out,
                size_t ldo) {
  __m512 lo[R], hi[R];
  for (int r = 0; r < R; ++r) lo[r] = hi[r] = _mm512_setzero_ps();
  for (size_t j = 0; j < keys; j += 2) {
    const __m512bh a = pairs(v + j * dim), b = pairs(v + j * dim + 32);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const __m512bh x = broadcast_pair(p + r * keys + j);
      lo[r] = _mm512_dpbf16_ps(lo[r], x, a);
      hi[r] = _mm512_dpbf16_ps(hi[r], x, b);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
    const __m512 by = set(1 / sum[r]);
    _mm512_storeu_ps(out + r * ldo, _mm512_mul_ps(lo[r], by));
    _mm512_storeu_ps(out + r * ldo + 16, _mm512_mul_ps(hi[r], by));
  }
}

template <int R>
void rows(const float* q, size_t stride, const uint16_t* k, const uint16_t* v, size_t n, size_t keys, size_t dim,
          float scale, float* out, size_t ldo, float* scores, uint16_t* p) {
  alignas(64) uint16_t rounded_q[R * 64];
  float sum[R];
  for (int r = 0; r < R; ++r)
    for (size_t d = 0; d < dim; d += 16)
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(rounded_q + r * dim + d),
                          rounded(_mm512_loadu_ps(q + r * stride + d)));
  score<R>(rounded_q, k, keys, dim, scores);
  for (int r = 0; r < R; ++r) sum[r] = exponentials(scores + r * keys, n, keys, scale, p + r * keys);
  for (size_t d = 0; d < dim; d += 32) mix<R>(p, v + 2 * d, keys, dim, sum, out + d, ldo);
}

void head(const float* q, const float* k, const float* v, size_t stride, size_t n, size_t dim, float scale, float* out,
          size_t ldo, uint8_t* memory) {
  const size_t keys = (n + kKeys - 1) / kKeys * kKeys;
  auto* packed_k = reinterpret_cast<uint16_t*>(memory);
  uint16_t* packed_v = packed_k + keys * dim;
  auto* scores = reinterpret_cast<float*>(packed_v + keys * dim);
  auto* p = reinterpret_cast<uint16_t*>(scores + kRows * keys);
  pack(k, v, stride, n, keys, dim, packed_k, packed_v);
  size_t i = 0;
  for (; i + kRows <= n; i += kRows)
    rows<kRows>(q + i * stride, stride, packed_k, packed_v, n, keys, dim, scale, out + i * ldo, ldo, scores, p);
  for (; i < n; ++i)
    rows<1>(q + i * stride, stride, packed_k, packed_v, n, keys, dim, scale, out + i * ldo, ldo, scores, p);
}

}  // namespace

void fill_attention_bf16(AttentionKernels& table) { table.bf16 = head; }

}  // namespace hanok::math
