// The register tiles behind gemm.h, one table a CPU level. This header has no templates, so that files compiled for a
// level cannot leak its instructions into others.
#pragma once

#include <cstddef>

namespace hanok::math {

enum class Level;

/// One level's register tile.
struct GemmKernel {
  size_t rows, width;  // of the tile
  /// c[m, cols] = a[m, depth] * panel[depth, width] (+ bias[width]) (+ c). cols <= width; bias may be null.
  void (*panel)(size_t m, size_t depth, const float* a, size_t lda, const float* panel, const float* bias,
                bool accumulate, float* c, size_t ldc, size_t cols);
};

const GemmKernel& gemm_kernel(Level level);
extern const GemmKernel kGemmScalar;
#if defined(__x86_64__)
extern const GemmKernel kGemmAvx2;
extern const GemmKernel kGemmAvx512;
#endif

}  // namespace hanok::math
