#include <immintrin.h>

#include "math/panel_kernels.h"

namespace hanok::math {
namespace {

// N vectors times P panels of two registers each: N * P * 2 sums, at least eight to hide the latency of the additions.
template <size_t N, size_t P>
void tile(const float* packed, size_t dim, const float* x, float* out, size_t stride) {
  __m256 low[N][P], high[N][P];
  for (size_t i = 0; i < N; ++i)
    for (size_t p = 0; p < P; ++p) low[i][p] = high[i][p] = _mm256_setzero_ps();
  for (size_t j = 0; j < dim; ++j)
    for (size_t p = 0; p < P; ++p) {
      const float* row = packed + (p * dim + j) * kPanelRows;
      const __m256 a = _mm256_loadu_ps(row), b = _mm256_loadu_ps(row + 8);
      for (size_t i = 0; i < N; ++i) {
        const __m256 v = _mm256_broadcast_ss(x + i * dim + j);
        low[i][p] = _mm256_fmadd_ps(v, a, low[i][p]);
        high[i][p] = _mm256_fmadd_ps(v, b, high[i][p]);
      }
    }
  for (size_t i = 0; i < N; ++i)
    for (size_t p = 0; p < P; ++p) {
      _mm256_storeu_ps(out + i * stride + p * kPanelRows, low[i][p]);
      _mm256_storeu_ps(out + i * stride + p * kPanelRows + 8, high[i][p]);
    }
}

template <size_t N, size_t P>
void all(const float* packed, size_t panels, size_t dim, const float* x, float* out, size_t stride) {
  size_t p = 0;
  for (; p + P <= panels; p += P) tile<N, P>(packed + p * dim * kPanelRows, dim, x, out + p * kPanelRows, stride);
  for (; p < panels; ++p) tile<N, 1>(packed + p * dim * kPanelRows, dim, x, out + p * kPanelRows, stride);
}

void dots(const float* packed, size_t panels, size_t dim, const float* x, size_t n, float* out, size_t stride) {
  switch (n) {
    case 1:
      return all<1, 4>(packed, panels, dim, x, out, stride);
    case 2:
      return all<2, 2>(packed, panels, dim, x, out, stride);
    case 3:
      return all<3, 1>(packed, panels, dim, x, out, stride);
    default:
      return all<4, 1>(packed, panels, dim, x, out, stride);
  }
}

}  // namespace

void fill_panel_avx2(PanelKernels& table) { table.dots = dots; }

}  // namespace hanok::math
