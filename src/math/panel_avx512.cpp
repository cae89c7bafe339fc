#include <immintrin.h>

#include "math/panel_kernels.h"

namespace hanok::math {
namespace {

template <size_t N, size_t P>
void tile(const float* packed, size_t dim, const float* x, float* out, size_t stride) {
  __m512 sum[N][P];
  for (size_t i = 0; i < N; ++i)
    for (size_t p = 0; p < P; ++p) sum[i][p] = _mm512_setzero_ps();
  for (size_t j = 0; j < dim; ++j)
    for (size_t p = 0; p < P; ++p) {
      const __m512 a = _mm512_loadu_ps(packed + (p * dim + j) * kPanelRows);
      for (size_t i = 0; i < N; ++i) sum[i][p] = _mm512_fmadd_ps(_mm512_set1_ps(x[i * dim + j]), a, sum[i][p]);
    }
  for (size_t i = 0; i < N; ++i)
    for (size_t p = 0; p < P; ++p) _mm512_storeu_ps(out + i * stride + p * kPanelRows, sum[i][p]);
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
      return all<1, 8>(packed, panels, dim, x, out, stride);
    case 2:
      return all<2, 4>(packed, panels, dim, x, out, stride);
    case 3:
      return all<3, 4>(packed, panels, dim, x, out, stride);
    default:
      return all<4, 4>(packed, panels, dim, x, out, stride);
  }
}

}  // namespace

void fill_panel_avx512(PanelKernels& table) { table.dots = dots; }

}  // namespace hanok::math
