// The kernels of tile_kernels.h, over a layer of tiles that stands before it: tiles_amx.h or tiles_emulated.h.
// Everything here is in the unnamed namespace of the file that includes it.
//
// On the left stand activations, a row of the tile each; on the right weights as their panels have them: [depth / 4][16
// rows of weights][4 values] is what an instruction wants there, and so is [depth / 2][16][2] of bf16.
#pragma once

#include "math/product_kernels.h"
#include "math/tile_kernels.h"

namespace hanok::math {
namespace {

constexpr size_t kAhead = 4096;  // bytes: far enough for memory to answer; the hardware stops at the end of a page

// Tiles 0..3 are sums, 4 and 5 activations, 6 and 7 weights.
void begin(TileWork work, size_t rows) {
  const uint8_t depth = work == TileWork::Bf16 ? 64 : work == TileWork::Bytes ? 32 : 16;
  const auto left = static_cast<uint8_t>(rows), right = static_cast<uint8_t>(depth / 4);
  const TileShape sums{left, 64}, activations{left, depth}, weights{right, 64};
  configure_tiles({sums, sums, sums, sums, activations, activations, weights, weights});
}

void end() { release_tiles(); }

void take_zero(uint8_t* strip, size_t blocks, uint8_t zero) {
  for (size_t b = 0; b < blocks; ++b, strip += kStripBlockBytes)
    for (size_t i = 0; i < kStripScales; ++i) strip[i] = static_cast<uint8_t>(strip[i] - zero);
}

// Whole numbers of a block, sixteen rows by a panel, to memory. Blocks that follow one another use other tiles.
template <int odd, int sums>
inline void multiply(const uint8_t* levels, const uint8_t* tile, int32_t (*whole)[kTileRows][kPanelWidth]) {
  constexpr int kFirst = sums == 2 ? 0 : odd, kSum = sums == 2 ? 0 : odd;
  clear_tile<kSum>();
  load_tile<6 + kFirst>(levels, 64);
  load_tile<4 + kFirst>(tile, kTileLine);
  add_bytes<kSum, 4 + kFirst, 6 + kFirst>();
  store_tile<kSum>(whole[0], 64);
  if constexpr (sums == 2) {
    clear_tile<1>();
    load_tile<7>(levels + 256, 64);
    load_tile<5>(tile + 16, kTileLine);
    add_bytes<1, 5, 7>();
    store_tile<1>(whole[1], 64);
  }
}

// A block of sixteen rows by a panel is multiplied by its scales and added to `sum`.
template <int sums, bool minimum>
inline void add_scaled(const int32_t (*whole)[kTileRows][kPanelWidth], const uint8_t* scales, const uint8_t* minima,
                       const uint8_t* tile, Floats* sum) {
  Floats scale[sums], least[sums];
  for (size_t h = 0; h < sums; ++h) {
    scale[h] = load_floats(scales + 64 * h);
    least[h] = minimum ? load_floats(minima + 64 * h) : scale[h];
  }
#pragma GCC unroll 16
  for (size_t r = 0; r < kTileRows; ++r) {
    const uint8_t *line = tile + r * kTileLine, *of_q = line + sum_at(1);
    Floats t;
    if constexpr (minimum) {
      t = times(least[0], every(of_q + (sums == 2 ? 0 : 8)));
      if constexpr (sums == 2) t = fma(least[1], every(of_q + 4), t);
      t = fma(of_whole(whole[0][r]), scale[0], t);
    } else {
      t = times(of_whole(whole[0][r]), scale[0]);
    }
    if constexpr (sums == 2) t = fma(of_whole(whole[1][r]), scale[1], t);
    sum[r] = fma(t, every(line + scale_at(1)), sum[r]);
  }
}

template <int sums, bool minimum>
void strip(const uint8_t* pieces, size_t blocks, const uint8_t* tile, float* out) {
  if (blocks == 0) return;
  constexpr size_t kTileBlock = kTileRows * kTileLine;
  alignas(64) int32_t whole[2][sums][kTileRows][kPanelWidth];
  for (size_t p = 0; p < 2; ++p, out += kPanelWidth) {
    Floats sum[kTileRows];
#pragma GCC unroll 16
    for (size_t r = 0; r < kTileRows; ++r) sum[r] = load_floats(out + r * kStripWidth);
    const uint8_t* levels = pieces + 512 * p;
    const uint8_t *scales = pieces + kStripScales + 128 * p, *minima = pieces + kStripMinima + 128 * p;
    multiply<0, sums>(levels, tile, whole[0]);
    for (size_t b = 0; b < blocks; ++b) {
      if (b + 1 < blocks) {  // the next is multiplied while this one is scaled
        const uint8_t *next = levels + (b + 1) * kStripBlockBytes, *rows = tile + (b + 1) * kTileBlock;
        if (b % 2)
          multiply<0, sums>(next, rows, whole[0]);
        else
          multiply<1, sums>(next, rows, whole[1]);
      }
      add_scaled<sums, minimum>(whole[b % 2], scales + b * kStripBlockBytes, minima + b * kStripBlockBytes,
                                tile + b * kTileBlock, sum);
    }
#pragma GCC unroll 16
    for (size_t r = 0; r < kTileRows; ++r) store_floats(out + r * kStripWidth, sum[r]);
  }
}

// What a panel has left, and zeros behind it: numbers that are none may lie there.
inline const uint16_t* padded(const uint16_t* panel, size_t depth, uint16_t* to) {
  const size_t there = (depth + 1) / 2 * 2 * kPanelWidth;
  __builtin_memcpy(to, panel, there * sizeof(uint16_t));
  __builtin_memset(to + there, 0, (kTileDepth * kPanelWidth - there) * sizeof(uint16_t));
  return to;
}

template <bool two>
inline void rounded_tiles(const uint16_t* first, const uint16_t* second, size_t depth, const uint16_t* tile,
                          size_t rows, size_t apart, float* sums) {
  constexpr size_t kRow = kStripWidth * sizeof(float);
  alignas(64) uint16_t last[2][kTileDepth * kPanelWidth];
  load_tile<0>(sums, kRow);
  load_tile<1>(sums + kPanelWidth, kRow);
  if constexpr (two) {
    load_tile<2>(sums + rows * kStripWidth, kRow);
    load_tile<3>(sums + rows * kStripWidth + kPanelWidth, kRow);
  }
  for (size_t k = 0; k < depth; k += kTileDepth, tile += rows * kTileDepth) {
    const uint16_t *a = first + k * kPanelWidth, *b = second + k * kPanelWidth;
    if (depth - k < kTileDepth) a = padded(a, depth - k, last[0]), b = padded(b, depth - k, last[1]);
    if constexpr (!two)  // of few rows memory is what they wait for
      for (size_t line = 0; line < 16; ++line) {
        prefetch_line(reinterpret_cast<const uint8_t*>(a) + kAhead + 64 * line);
        prefetch_line(reinterpret_cast<const uint8_t*>(b) + kAhead + 64 * line);
      }
    load_tile<6>(a, 64);
    load_tile<4>(tile, 64);
    add_bf16<0, 4, 6>();
    load_tile<7>(b, 64);
    add_bf16<1, 4, 7>();
    if constexpr (two) {
      load_tile<5>(tile + apart, 64);
      add_bf16<2, 5, 6>();
      add_bf16<3, 5, 7>();
    }
  }
  store_tile<0>(sums, kRow);
  store_tile<1>(sums + kPanelWidth, kRow);
  if constexpr (two) {
    store_tile<2>(sums + rows * kStripWidth, kRow);
    store_tile<3>(sums + rows * kStripWidth + kPanelWidth, kRow);
  }
}

void rounded(const uint16_t* first, const uint16_t* second, size_t depth, const uint16_t* tile, size_t rows,
             size_t tiles, size_t apart, float* sums) {
  if (tiles == 2)
    rounded_tiles<true>(first, second, depth, tile, rows, apart, sums);
  else
    rounded_tiles<false>(first, second, depth, tile, rows, apart, sums);
}

void fill(TileKernels& table) {
  table = {begin, end, take_zero, {{strip<1, false>, strip<1, true>}, {strip<2, false>, strip<2, true>}}, rounded};
}

}  // namespace
}  // namespace hanok::math
