#include "math/gemm_kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // g++ 12 warns inside its own AVX-512 header
#endif

namespace hanok::math {
namespace {

constexpr size_t kRows = 12, kWidth = 32;  // 24 accumulators, 2 panel vectors; the broadcast is a memory operand

inline __mmask16 mask(size_t cols) { return cols >= 16 ? 0xFFFF : static_cast<__mmask16>((1u << cols) - 1); }

template <int R>
inline void tile(size_t depth, const float* a, size_t lda, const float* panel, const float* bias, bool accumulate,
                 float* c, size_t ldc, size_t cols) {
  const __mmask16 left = mask(cols), right = cols > 16 ? mask(cols - 16) : 0;
  __m512 lo[R], hi[R];
  const __m512 bias_lo = bias ? _mm512_loadu_ps(bias) : _mm512_setzero_ps();
  const __m512 bias_hi = bias ? _mm512_loadu_ps(bias + 16) : _mm512_setzero_ps();
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r) {
    lo[r] = accumulate ? _mm512_add_ps(bias_lo, _mm512_maskz_loadu_ps(left, c + r * ldc)) : bias_lo;
    hi[r] = accumulate ? _mm512_add_ps(bias_hi, _mm512_maskz_loadu_ps(right, c + r * ldc + 16)) : bias_hi;
  }
  for (size_t k = 0; k < depth; ++k, panel += kWidth) {
    const __m512 b0 = _mm512_loadu_ps(panel), b1 = _mm512_loadu_ps(panel + 16);
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
      const __m512 x = _mm512_set1_ps(a[r * lda + k]);
      lo[r] = _mm512_fmadd_ps(x, b0, lo[r]);
      hi[r] = _mm512_fmadd_ps(x, b1, hi[r]);
    }
  }
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r) {
    _mm512_mask_storeu_ps(c + r * ldc, left, lo[r]);
    _mm512_mask_storeu_ps(c + r * ldc + 16, right, hi[r]);
  }
}

using Tile = void (*)(size_t, const float*, size_t, const float*, const float*, bool, float*, size_t, size_t);
constexpr Tile kTiles[kRows + 1] = {nullptr, tile<1>, tile<2>, tile<3>,  tile<4>,  tile<5>, tile<6>,
                                    tile<7>, tile<8>, tile<9>, tile<10>, tile<11>, tile<12>};

void panel_rows(size_t m, size_t depth, const float* a, size_t lda, const float* panel, const float* bias,
                bool accumulate, float* c, size_t ldc, size_t cols) {
  for (size_t i = 0; i < m; i += kRows)
    kTiles[m - i < kRows ? m - i : kRows](depth, a + i * lda, lda, panel, bias, accumulate, c + i * ldc, ldc, cols);
}

}  // namespace

void fill_gemm_avx512(GemmKernel& table) { table = {kRows, kWidth, panel_rows}; }

}  // namespace hanok::math
#endif
