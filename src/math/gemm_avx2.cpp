#include "math/gemm_kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>

namespace hanok::math {
namespace {

constexpr size_t kRows = 6, kWidth = 16;  // 12 accumulators, 2 panel vectors, 1 broadcast: 15 of 16 registers

template <int R>
inline void tile(size_t depth, const float* a, size_t lda, const float* panel, const float* bias, bool accumulate,
                 float* c, size_t ldc) {
  __m256 lo[R], hi[R];
  const __m256 bias_lo = bias ? _mm256_loadu_ps(bias) : _mm256_setzero_ps();
  const __m256 bias_hi = bias ? _mm256_loadu_ps(bias + 8) : _mm256_setzero_ps();
#pragma GCC unroll 6
  for (int r = 0; r < R; ++r) {
    lo[r] = accumulate ? _mm256_add_ps(bias_lo, _mm256_loadu_ps(c + r * ldc)) : bias_lo;
    hi[r] = accumulate ? _mm256_add_ps(bias_hi, _mm256_loadu_ps(c + r * ldc + 8)) : bias_hi;
  }
  for (size_t k = 0; k < depth; ++k, panel += kWidth) {
    const __m256 b0 = _mm256_loadu_ps(panel), b1 = _mm256_loadu_ps(panel + 8);
#pragma GCC unroll 6
    for (int r = 0; r < R; ++r) {
      const __m256 x = _mm256_broadcast_ss(a + r * lda + k);
      lo[r] = _mm256_fmadd_ps(x, b0, lo[r]);
      hi[r] = _mm256_fmadd_ps(x, b1, hi[r]);
    }
  }
#pragma GCC unroll 6
  for (int r = 0; r < R; ++r) {
    _mm256_storeu_ps(c + r * ldc, lo[r]);
    _mm256_storeu_ps(c + r * ldc + 8, hi[r]);
  }
}

void rows(size_t m, size_t depth, const float* a, size_t lda, const float* panel, const float* bias, bool accumulate,
          float* c, size_t ldc) {
  switch (m) {
    case 6:
      return tile<6>(depth, a, lda, panel, bias, accumulate, c, ldc);
    case 5:
      return tile<5>(depth, a, lda, panel, bias, accumulate, c, ldc);
    case 4:
      return tile<4>(depth, a, lda, panel, bias, accumulate, c, ldc);
    case 3:
      return tile<3>(depth, a, lda, panel, bias, accumulate, c, ldc);
    case 2:
      return tile<2>(depth, a, lda, panel, bias, accumulate, c, ldc);
    case 1:
      return tile<1>(depth, a, lda, panel, bias, accumulate, c, ldc);
    default:
      return;
  }
}

void panel_rows(size_t m, size_t depth, const float* a, size_t lda, const float* panel, const float* bias,
                bool accumulate, float* c, size_t ldc, size_t cols) {
  for (size_t i = 0; i < m; i += kRows) {
    const size_t count = m - i < kRows ? m - i : kRows;
    if (cols == kWidth) {
      rows(count, depth, a + i * lda, lda, panel, bias, accumulate, c + i * ldc, ldc);
      continue;
    }
    float edge[kRows * kWidth] =
        {};  // the last panel is narrower than the tile: compute beside c, copy what belongs to it
    for (size_t r = 0; accumulate && r < count; ++r)
      for (size_t j = 0; j < cols; ++j) edge[r * kWidth + j] = c[(i + r) * ldc + j];
    rows(count, depth, a + i * lda, lda, panel, bias, accumulate, edge, kWidth);
    for (size_t r = 0; r < count; ++r)
      for (size_t j = 0; j < cols; ++j) c[(i + r) * ldc + j] = edge[r * kWidth + j];
  }
}

}  // namespace

void fill_gemm_avx2(GemmKernel& table) { table = {kRows, kWidth, panel_rows}; }

}  // namespace hanok::math
#endif
