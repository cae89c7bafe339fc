// The panels of byte_gemm_kernels.h on tiles, over a layer that stands before it: tiles_amx.h or tiles_emulated.h, and
//   constexpr size_t kWidth    of a panel, 16 or 32
// Everything here is in the unnamed namespace of the file that includes it. A group of 64 values is what a tile's row
// holds, and steps of four values are how weights stand on the right; activations are uint8 with 128 added.
#pragma once

#include "math/byte_gemm_kernels.h"
#include "math/tile_kernels.h"

namespace hanok::math {
namespace {

constexpr size_t kColumns = 16, kHalves = kWidth / kColumns;

// Whole numbers of a group, `rows` rows by sixteen columns, to memory. Groups that follow one another use other tiles.
template <int odd>
inline void multiply(const uint8_t* a, size_t lda, const uint8_t* group, size_t half, int32_t (*whole)[kColumns]) {
  load_tile<odd>(group + 4 * (kWidth + half * kColumns), 0);  // every row begins with what the zeros take away
  load_tile<4 + odd>(group + 8 * kWidth + 64 * half, 4 * kWidth);
  load_tile<2 + odd>(a, lda);
  add_unsigned_bytes<odd, 2 + odd, 4 + odd>();
  store_tile<odd>(whole, 64);
}

struct Rows {
  size_t count;  // of the tile
  size_t skip;   // that were written before
  size_t cols;
};

inline void tile(Rows rows, size_t groups, const uint8_t* a, size_t lda, const float* scales, size_t ld_scales,
                 const uint8_t* panel, size_t half, const float* bias, bool accumulate, float* c, size_t ldc) {
  alignas(64) int32_t whole[2][kTileRows][kColumns] = {};
  alignas(64) float out[kTileRows][kColumns] = {};
  for (size_t r = 0; r < rows.count; ++r)
    for (size_t j = 0; j < kColumns; ++j)
      out[r][j] = (bias ? bias[j] : 0.0f) + (accumulate && j < rows.cols ? c[r * ldc + j] : 0.0f);
  Floats sum[kTileRows];
#pragma GCC unroll 16
  for (size_t r = 0; r < kTileRows; ++r) sum[r] = load_floats(out[r]);
  const float* of_row[kTileRows];  // rows that are not there repeat the last: nothing is asked in the loop
  for (size_t r = 0; r < kTileRows; ++r) of_row[r] = scales + (r < rows.count ? r : rows.count - 1) * ld_scales;
  if (groups > 0) multiply<0>(a, lda, panel, half, whole[0]);
  for (size_t g = 0; g < groups; ++g) {
    const uint8_t* group = panel + g * byte_group_bytes(kWidth);
    if (g + 1 < groups) {  // the next is multiplied while this one is scaled
      if (g % 2)
        multiply<0>(a + (g + 1) * kByteGroup, lda, group + byte_group_bytes(kWidth), half, whole[0]);
      else
        multiply<1>(a + (g + 1) * kByteGroup, lda, group + byte_group_bytes(kWidth), half, whole[1]);
    }
    const Floats scale = load_floats(group + 4 * half * kColumns);
#pragma GCC unroll 16
    for (size_t r = 0; r < kTileRows; ++r)
      sum[r] = fma(times(of_whole(whole[g % 2][r]), scale), every(of_row[r] + g), sum[r]);
  }
#pragma GCC unroll 16
  for (size_t r = 0; r < kTileRows; ++r) store_floats(out[r], sum[r]);
  for (size_t r = rows.skip; r < rows.count; ++r) __builtin_memcpy(c + r * ldc, out[r], rows.cols * sizeof(float));
}

void panel_rows(size_t m, size_t groups, const uint8_t* a, size_t lda, const float* scales, size_t ld_scales,
                const uint8_t* panel, const float* bias, bool accumulate, float* c, size_t ldc, size_t cols) {
  if (m == 0) return;
  const size_t rows = m < kTileRows ? m : kTileRows;
  const TileShape sums{static_cast<uint8_t>(rows), 64}, weights{16, 64};
  configure_tiles({sums, sums, sums, sums, weights, weights, {}, {}});
  for (size_t from = 0; from < m; from += rows) {
    const size_t at = from + rows <= m ? from : m - rows;  // where fewer are left, some that are done pass again
    for (size_t half = 0; half < kHalves && half * kColumns < cols; ++half) {
      const size_t first = half * kColumns, left = cols - first;
      tile({rows, from - at, left < kColumns ? left : kColumns}, groups, a + at * lda, lda, scales + at * ld_scales,
           ld_scales, panel, half, bias ? bias + first : nullptr, accumulate, c + at * ldc + first, ldc);
    }
  }
  release_tiles();
}

}  // namespace
}  // namespace hanok::math
