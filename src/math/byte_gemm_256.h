// Tiles of rows by two registers of eight columns, for byte_gemm_avx2.cpp and byte_gemm_avxvnni.cpp alone, which are
// compiled with other flags: everything here is in their unnamed namespaces. Before it stand
//   constexpr size_t kRows, kWidth        of a tile; at most six rows
//   template <int R> void add_group(const uint8_t* a, size_t lda, const uint8_t* q, __m256i* lo, __m256i* hi)
//                                         adds the products of R rows with the weights of a group
#pragma once

#include <immintrin.h>

#include "math/byte_gemm_kernels.h"

namespace hanok::math {
namespace {

inline __m256i load32(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }

template <int R>
inline void tile(size_t groups, const uint8_t* a, size_t lda, const float* scales, size_t ld_scales,
                 const uint8_t* panel, const float* bias, bool accumulate, float* c, size_t ldc, size_t cols) {
  alignas(32) float out[R][kWidth];
  const __m256 bias_lo = bias ? _mm256_loadu_ps(bias) : _mm256_setzero_ps();
  const __m256 bias_hi = bias ? _mm256_loadu_ps(bias + 8) : _mm256_setzero_ps();
  for (int r = 0; r < R; ++r) {
    _mm256_store_ps(out[r], bias_lo);
    _mm256_store_ps(out[r] + 8, bias_hi);
    if (accumulate && cols == kWidth) {
      _mm256_store_ps(out[r], _mm256_add_ps(bias_lo, _mm256_loadu_ps(c + r * ldc)));
      _mm256_store_ps(out[r] + 8, _mm256_add_ps(bias_hi, _mm256_loadu_ps(c + r * ldc + 8)));
    } else if (accumulate) {
      for (size_t j = 0; j < cols; ++j) out[r][j] += c[r * ldc + j];
    }
  }
  for (size_t g = 0; g < groups; ++g, panel += byte_group_bytes(kWidth), a += kByteGroup) {
    const __m256i less_lo = load32(panel + 4 * kWidth), less_hi = load32(panel + 4 * kWidth + 32);
    __m256i lo[R], hi[R];
#pragma GCC unroll 6
    for (int r = 0; r < R; ++r) lo[r] = less_lo, hi[r] = less_hi;
    add_group<R>(a, lda, panel + 8 * kWidth, lo, hi);
    const auto* scale = reinterpret_cast<const float*>(panel);
    const __m256 scale_lo = _mm256_loadu_ps(scale), scale_hi = _mm256_loadu_ps(scale + 8);
#pragma GCC unroll 6
    for (int r = 0; r < R; ++r) {
      const __m256 by = _mm256_set1_ps(scales[r * ld_scales + g]);
      _mm256_store_ps(out[r],
                      _mm256_fmadd_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(lo[r]), scale_lo), by, _mm256_load_ps(out[r])));
      _mm256_store_ps(out[r] + 8, _mm256_fmadd_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(hi[r]), scale_hi), by,
                                                  _mm256_load_ps(out[r] + 8)));
    }
  }
  for (int r = 0; r < R; ++r) {
    if (cols == kWidth) {
      _mm256_storeu_ps(c + r * ldc, _mm256_load_ps(out[r]));
      _mm256_storeu_ps(c + r * ldc + 8, _mm256_load_ps(out[r] + 8));
    } else {
      for (size_t j = 0; j < cols; ++j) c[r * ldc + j] = out[r][j];
    }
  }
}

using Tile = void (*)(size_t, const uint8_t*, size_t, const float*, size_t, const uint8_t*, const float*, bool, float*,
                      size_t, size_t);
constexpr Tile kTiles[] = {nullptr, tile<1>, tile<2>, tile<3>, tile<4>, tile<5>, tile<6>};

void panel_rows(size_t m, size_t groups, const uint8_t* a, size_t lda, const float* scales, size_t ld_scales,
                const uint8_t* panel, const float* bias, bool accumulate, float* c, size_t ldc, size_t cols) {
  for (size_t i = 0; i < m; i += kRows)
    kTiles[m - i < kRows ? m - i : kRows](groups, a + i * lda, lda, scales + i * ld_scales, ld_scales, panel, bias,
                                          accumulate, c + i * ldc, ldc, cols);
}

inline __m256 size_of(__m256 x) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x); }

void quantise(const float* x, size_t n, uint8_t* to, float* scales) {
  for (size_t first = 0; first < n; first += kByteGroup, to += kByteGroup) {
    alignas(32) float padded[kByteGroup];
    const float* from = x + first;
    if (n - first < kByteGroup) {
      for (size_t k = 0; k < kByteGroup; ++k) padded[k] = k < n - first ? from[k] : 0.0f;
      from = padded;
    }
    __m256 top = _mm256_setzero_ps();
    for (size_t k = 0; k < kByteGroup; k += 8) top = _mm256_max_ps(top, size_of(_mm256_loadu_ps(from + k)));
    __m128 half = _mm_max_ps(_mm256_castps256_ps128(top), _mm256_extractf128_ps(top, 1));
    half = _mm_max_ps(half, _mm_movehl_ps(half, half));
    float most = _mm_cvtss_f32(_mm_max_ss(half, _mm_shuffle_ps(half, half, 1)));
    if (most < kSmallestByteScale) most = 0;
    const __m256 by = _mm256_set1_ps(most > 0 ? 127 / most : 0);
    *scales++ = most / 127;
    for (size_t k = 0; k < kByteGroup; k += 16) {
      const __m256i lo = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(from + k), by)),
                    hi = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(from + k + 8), by));
      const __m256i q = _mm256_permute4x64_epi64(_mm256_packs_epi32(lo, hi), 0xD8);  // sixteen int16
      const __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(q), _mm256_extracti128_si256(q, 1));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to + k),
                       _mm_xor_si128(bytes, _mm_set1_epi8(static_cast<char>(kByteZero))));
    }
  }
}

}  // namespace
}  // namespace hanok::math
