// The register tiles behind byte_gemm.h, and the layouts they read. Kept free of library headers and of templates:
// files with CPU flags include it.
//
// Depth is cut in groups of 64 values; of every group a row of weights and a row of activations have one scale each:
//   w ~ scale * q, x ~ scale * q, q whole numbers in [-127, 127].
// A panel of `width` rows of weights is a sequence of groups:
//   float scale[width] | int32 less[width] = -128 * sum of q | int8 q[16][width][4]
// A row of activations is q + 128 as uint8; its scales lie apart.
//
// AVX2 multiplies pairs of bytes into 16 bits, in which it can add two such pairs if they fit: 255 * 128 < 2^15. So of
// the four weights 8 i + {0, 1, 4, 5}, and of 8 i + {2, 3, 6, 7}, those of one sign sum up to at most 128; where a
// group's do not, its scale is larger than max|w| / 127 (by a third or so, where weights are normally distributed).
#pragma once

#include <cstddef>
#include <cstdint>

namespace hanok::math {

constexpr size_t kByteGroup = 64;  // values that share a scale
constexpr size_t kByteStep = 4;    // values of a row of weights side by side
constexpr int kByteZero = 128;     // added to activations
constexpr int kMostOfFour = 128;   // as above
constexpr float kSmallestByteScale =
    1e-30f;  // a group in which nothing reaches it is all zeros: 127 / it would overflow

struct ByteGemmKernels {
  size_t width;  // of a panel
  /// For each row r < m, j < cols (cols <= width):
  ///   c[r, j] = bias[j] (0 where null) + (accumulate ? c[r, j] : 0), then for every group g in order
  ///   c[r, j] = fma(float(n) * scale_w[g, j], scale_a[r, g], c[r, j]),  n the exact sum of q_a * q_w over the group.
  /// Every version gives the same bits. a: rows lda bytes apart; scales: rows ld_scales apart.
  void (*panel)(size_t m, size_t groups, const uint8_t* a, size_t lda, const float* scales, size_t ld_scales,
                const uint8_t* panel, const float* bias, bool accumulate, float* c, size_t ldc, size_t cols);
  /// A row x [n] to `to`, padded with zeros to whole groups: q = nearest whole number (ties to even) of
  /// x * (127 / max|x|), scale = max|x| / 127. Every version gives the same bits where all x are finite.
  void (*quantise)(const float* x, size_t n, uint8_t* to, float* scales);
};

// Static: what a file with CPU flags compiles of this stays in that file.
static constexpr inline size_t byte_group_bytes(size_t width) { return width * (4 + 4 + kByteGroup); }

void fill_byte_gemm_scalar(ByteGemmKernels& table);
void fill_byte_gemm_avx2(ByteGemmKernels& table);
void fill_byte_gemm_avxvnni(ByteGemmKernels& table);
void fill_byte_gemm_vnni(ByteGemmKernels& table);
void fill_byte_gemm_emulated(ByteGemmKernels& table);
void fill_byte_gemm_amx(ByteGemmKernels& table);

}  // namespace hanok::math
