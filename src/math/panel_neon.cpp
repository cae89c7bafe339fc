#include <arm_neon.h>

#include "math/panel_kernels.h"

namespace hanok::math {
namespace {

// N vectors against one panel of four registers: N * 4 sums hide the latency of the additions.
template <size_t N>
void panel(const float* packed, size_t dim, const float* x, float* out, size_t stride) {
  float32x4_t sum[N][4];
  for (size_t i = 0; i < N; ++i)
    for (size_t r = 0; r < 4; ++r) sum[i][r] = vdupq_n_f32(0);
  for (size_t j = 0; j < dim; ++j) {
    const float* row = packed + j * kPanelRows;
    const float32x4_t rows[4] = {vld1q_f32(row), vld1q_f32(row + 4), vld1q_f32(row + 8), vld1q_f32(row + 12)};
    for (size_t i = 0; i < N; ++i)
      for (size_t r = 0; r < 4; ++r) sum[i][r] = vfmaq_n_f32(sum[i][r], rows[r], x[i * dim + j]);
  }
  for (size_t i = 0; i < N; ++i)
    for (size_t r = 0; r < 4; ++r) vst1q_f32(out + i * stride + r * 4, sum[i][r]);
}

template <size_t N>
void all(const float* packed, size_t panels, size_t dim, const float* x, float* out, size_t stride) {
  for (size_t p = 0; p < panels; ++p) panel<N>(packed + p * dim * kPanelRows, dim, x, out + p * kPanelRows, stride);
}

void dots(const float* packed, size_t panels, size_t dim, const float* x, size_t n, float* out, size_t stride) {
  switch (n) {
    case 1:
      return all<1>(packed, panels, dim, x, out, stride);
    case 2:
      return all<2>(packed, panels, dim, x, out, stride);
    case 3:
      return all<3>(packed, panels, dim, x, out, stride);
    default:
      return all<4>(packed, panels, dim, x, out, stride);
  }
}

}  // namespace

void fill_panel_neon(PanelKernels& table) { table.dots = dots; }

}  // namespace hanok::math
