// Kept free of library headers: files with CPU flags include it.
#pragma once

#include <cstddef>

namespace hanok::math {

constexpr size_t kPanelRows = 16;
constexpr size_t kPanelQueries = 4;

struct PanelKernels {
  /// n <= kPanelQueries vectors, x_i = x + i * dim, against `panels` panels [dim, 16] each:
  /// out[i * stride + p * 16 + r] = sum over j of x_i[j] * packed[p, j, r].
  void (*dots)(const float* packed, size_t panels, size_t dim, const float* x, size_t n, float* out, size_t stride);
};

void fill_panel_scalar(PanelKernels& table);
void fill_panel_avx2(PanelKernels& table);
void fill_panel_avx512(PanelKernels& table);
void fill_panel_neon(PanelKernels& table);

}  // namespace hanok::math
