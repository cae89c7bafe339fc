// The register tiles behind gemm.h. This header has no templates, so that files with CPU flags
// cannot leak their instructions into others.
#pragma once

#include <cstddef>

namespace hanok::math {

/// One register tile.
struct GemmKernel {
  size_t rows, width;  // of the tile
  /// c[m, cols] = a[m, depth] * panel[depth, width] (+ bias[width]) (+ c). cols <= width; bias may be null.
  void (*panel)(size_t m, size_t depth, const float* a, size_t lda, const float* panel, const float* bias,
                bool accumulate, float* c, size_t ldc, size_t cols);
};

void fill_gemm_scalar(GemmKernel& table);
void fill_gemm_avx2(GemmKernel& table);
void fill_gemm_avx512(GemmKernel& table);

}  // namespace hanok::math
