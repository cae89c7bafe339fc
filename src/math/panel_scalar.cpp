#include "math/panel_kernels.h"

namespace hanok::math {
namespace {

void dots(const float* packed, size_t panels, size_t dim, const float* x, size_t n, float* out, size_t stride) {
  for (size_t i = 0; i < n; ++i)
    for (size_t p = 0; p < panels; ++p) {
      float sum[kPanelRows] = {};
      for (size_t j = 0; j < dim; ++j)
        for (size_t r = 0; r < kPanelRows; ++r) sum[r] += x[i * dim + j] * packed[(p * dim + j) * kPanelRows + r];
      for (size_t r = 0; r < kPanelRows; ++r) out[i * stride + p * kPanelRows + r] = sum[r];
    }
}

}  // namespace

void fill_panel_scalar(PanelKernels& table) { table.dots = dots; }

}  // namespace hanok::math
