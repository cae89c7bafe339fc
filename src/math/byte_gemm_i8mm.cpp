// 64-bit ARM with i8mm: sudot adds four products of an output at once, and takes the activations of a row out of a
// register in which sixteen lie. Tiles of four rows by sixteen columns.
#include <arm_neon.h>

#include "math/i8mm_kernels.h"

namespace hanok::math {
namespace {

constexpr size_t kRows = 4, kWidth = 16, kFours = kWidth / 4;

// Step `lane` of sixteen values of depth.
template <int R, int lane>
inline void add_step(const uint8_t* q, const uint8x16_t* x, int32x4_t (*n)[kFours]) {
  const auto* w = reinterpret_cast<const int8_t*>(q) + lane * kWidth * kByteStep;
  for (size_t f = 0; f < kFours; ++f) {
    const int8x16_t of_four = vld1q_s8(w + 16 * f);
    for (int r = 0; r < R; ++r) n[r][f] = vsudotq_laneq_s32(n[r][f], of_four, x[r], lane);
  }
}

template <int R>
inline void tile(size_t groups, const uint8_t* a, size_t lda, const float* scales, size_t ld_scales,
                 const uint8_t* panel, const float* bias, bool accumulate, float* c, size_t ldc, size_t cols) {
  float out[R][kWidth];
  for (int r = 0; r < R; ++r)
    for (size_t j = 0; j < kWidth; ++j)
      out[r][j] = (bias ? bias[j] : 0.0f) + (accumulate && j < cols ? c[r * ldc + j] : 0.0f);
  for (size_t g = 0; g < groups; ++g, panel += byte_group_bytes(kWidth), a += kByteGroup) {
    const auto* scale = reinterpret_cast<const float*>(panel);
    const auto* less = reinterpret_cast<const int32_t*>(panel + 4 * kWidth);
    int32x4_t n[R][kFours];
    for (int r = 0; r < R; ++r)
      for (size_t f = 0; f < kFours; ++f) n[r][f] = vld1q_s32(less + 4 * f);
    const uint8_t* q = panel + 8 * kWidth;
    for (size_t k = 0; k < kByteGroup; k += 16, q += 16 * kWidth) {
      uint8x16_t x[R];
      for (int r = 0; r < R; ++r) x[r] = vld1q_u8(a + r * lda + k);
      add_step<R, 0>(q, x, n);
      add_step<R, 1>(q, x, n);
      add_step<R, 2>(q, x, n);
      add_step<R, 3>(q, x, n);
    }
    for (int r = 0; r < R; ++r)
      for (size_t f = 0; f < kFours; ++f) {
        const float32x4_t weighed = vmulq_f32(vcvtq_f32_s32(n[r][f]), vld1q_f32(scale + 4 * f));
        vst1q_f32(out[r] + 4 * f, vfmaq_n_f32(vld1q_f32(out[r] + 4 * f), weighed, scales[r * ld_scales + g]));
      }
  }
  for (int r = 0; r < R; ++r)
    for (size_t j = 0; j < cols; ++j) c[r * ldc + j] = out[r][j];
}

using Tile = void (*)(size_t, const uint8_t*, size_t, const float*, size_t, const uint8_t*, const float*, bool, float*,
                      size_t, size_t);
constexpr Tile kTiles[kRows + 1] = {nullptr, tile<1>, tile<2>, tile<3>, tile<4>};

void panel_rows(size_t m, size_t groups, const uint8_t* a, size_t lda, const float* scales, size_t ld_scales,
                const uint8_t* panel, const float* bias, bool accumulate, float* c, size_t ldc, size_t cols) {
  for (size_t i = 0; i < m; i += kRows)
    kTiles[m - i < kRows ? m - i : kRows](groups, a + i * lda, lda, scales + i * ld_scales, ld_scales, panel, bias,
                                          accumulate, c + i * ldc, ldc, cols);
}

}  // namespace

// Its panels are as wide as those of the plain version, which rounds activations.
void fill_byte_gemm_i8mm(ByteGemmKernels& table) { table.panel = panel_rows; }

}  // namespace hanok::math
