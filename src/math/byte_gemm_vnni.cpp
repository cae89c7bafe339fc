// AVX-512 VNNI: eight rows by two registers of sixteen columns; vpdpbusd adds four products of an output at once. The
// whole numbers of a group stay in registers, the floats in a tile on the stack between groups.
#pragma GCC diagnostic ignored "-Wuninitialized"        // GCC 12 warns about its own intrinsics,
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // whose undefined vectors are meant to be so
#include <immintrin.h>

#include "math/byte_gemm_kernels.h"

namespace hanok::math {
namespace {

constexpr size_t kRows = 8, kWidth = 32;

inline __mmask16 mask(size_t left) { return left >= 16 ? 0xFFFF : static_cast<__mmask16>((1u << left) - 1); }
inline __m512i load(const uint8_t* p) { return _mm512_loadu_si512(p); }
inline __m512i broadcast4(const uint8_t* p) {
  int32_t x;
  __builtin_memcpy(&x, p, 4);
  return _mm512_set1_epi32(x);
}

template <int R>
inline void tile(size_t groups, const uint8_t* a, size_t lda, const float* scales, size_t ld_scales,
                 const uint8_t* panel, const float* bias, bool accumulate, float* c, size_t ldc, size_t cols) {
  const __mmask16 left = mask(cols), right = cols > 16 ? mask(cols - 16) : 0;
  alignas(64) float out[R][kWidth];
  const __m512 bias_lo = bias ? _mm512_loadu_ps(bias) : _mm512_setzero_ps();
  const __m512 bias_hi = bias ? _mm512_loadu_ps(bias + 16) : _mm512_setzero_ps();
  for (int r = 0; r < R; ++r) {
    const float* from = c + r * ldc;
    _mm512_store_ps(out[r], accumulate ? _mm512_add_ps(bias_lo, _mm512_maskz_loadu_ps(left, from)) : bias_lo);
    _mm512_store_ps(out[r] + 16,
                    accumulate ? _mm512_add_ps(bias_hi, _mm512_maskz_loadu_ps(right, from + 16)) : bias_hi);
  }
  for (size_t g = 0; g < groups; ++g, panel += byte_group_bytes(kWidth), a += kByteGroup) {
    const __m512i less_lo = load(panel + 4 * kWidth), less_hi = load(panel + 4 * kWidth + 64);
    __m512i lo[R], hi[R];
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) lo[r] = less_lo, hi[r] = less_hi;
    const uint8_t* q = panel + 8 * kWidth;
#pragma GCC unroll 64  // straight on: in a loop GCC 12 keeps a second copy of every sum
    for (size_t k = 0; k < kByteGroup; k += kByteStep, q += kWidth * kByteStep) {
      const __m512i w0 = load(q), w1 = load(q + 64);
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) {
        const __m512i x = broadcast4(a + r * lda + k);
        lo[r] = _mm512_dpbusd_epi32(lo[r], x, w0);
        hi[r] = _mm512_dpbusd_epi32(hi[r], x, w1);
      }
    }
    const __m512 scale_lo = _mm512_loadu_ps(reinterpret_cast<const float*>(panel)),
                 scale_hi = _mm512_loadu_ps(reinterpret_cast<const float*>(panel) + 16);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const __m512 by = _mm512_set1_ps(scales[r * ld_scales + g]);
      _mm512_store_ps(out[r],
                      _mm512_fmadd_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(lo[r]), scale_lo), by, _mm512_load_ps(out[r])));
      _mm512_store_ps(out[r] + 16, _mm512_fmadd_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(hi[r]), scale_hi), by,
                                                   _mm512_load_ps(out[r] + 16)));
    }
  }
  for (int r = 0; r < R; ++r) {
    _mm512_mask_storeu_ps(c + r * ldc, left, _mm512_load_ps(out[r]));
    _mm512_mask_storeu_ps(c + r * ldc + 16, right, _mm512_load_ps(out[r] + 16));
  }
}

using Tile = void (*)(size_t, const uint8_t*, size_t, const float*, size_t, const uint8_t*, const float*, bool, float*,
                      size_t, size_t);
constexpr Tile kTiles[kRows + 1] = {nullptr, tile<1>, tile<2>, tile<3>, tile<4>, tile<5>, tile<6>, tile<7>, tile<8>};

void panel_rows(size_t m, size_t groups, const uint8_t* a, size_t lda, const float* scales, size_t ld_scales,
                const uint8_t* panel, const float* bias, bool accumulate, float* c, size_t ldc, size_t cols) {
  for (size_t i = 0; i < m; i += kRows)
    kTiles[m - i < kRows ? m - i : kRows](groups, a + i * lda, lda, scales + i * ld_scales, ld_scales, panel, bias,
                                          accumulate, c + i * ldc, ldc, cols);
}

void quantise(const float* x, size_t n, uint8_t* to, float* scales) {
  for (size_t first = 0; first < n; first += kByteGroup, to += kByteGroup) {
    const size_t left = n - first;
    __m512 v[4];
    for (size_t i = 0; i < 4; ++i)
      v[i] = left > 16 * i ? _mm512_maskz_loadu_ps(mask(left - 16 * i), x + first + 16 * i) : _mm512_setzero_ps();
    float most = _mm512_reduce_max_ps(_mm512_max_ps(_mm512_max_ps(_mm512_abs_ps(v[0]), _mm512_abs_ps(v[1])),
                                                    _mm512_max_ps(_mm512_abs_ps(v[2]), _mm512_abs_ps(v[3]))));
    if (most < kSmallestByteScale) most = 0;
    const __m512 by = _mm512_set1_ps(most > 0 ? 127 / most : 0);
    *scales++ = most / 127;
    const __m128i top = _mm_set1_epi8(static_cast<char>(kByteZero));
    for (size_t i = 0; i < 4; ++i) {
      const __m128i q = _mm512_cvtsepi32_epi8(_mm512_cvtps_epi32(_mm512_mul_ps(v[i], by)));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 16 * i), _mm_xor_si128(q, top));
    }
  }
}

}  // namespace

void fill_byte_gemm_vnni(ByteGemmKernels& table) { table = {kWidth, panel_rows, quantise}; }

}  // namespace hanok::math
