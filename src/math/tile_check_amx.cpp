// Small products of whole numbers, which every right way of adding gives exactly.
#include "math/tile_kernels.h"
#include "math/tiles_amx.h"

namespace hanok::math {
namespace {

constexpr int kRows = 5, kDepth = 64;  // fewer rows than a tile has, and rows as long as they get

// -7 .. 7, and with `large` also the ends of a byte.
inline int value(int i, int j, bool large) { return large && (i + j) % 5 == 0 ? 127 : (i * 7 + j * 5) % 15 - 7; }

inline uint16_t to_bf16(int whole) {
  const auto x = static_cast<float>(whole);
  uint32_t bits;
  __builtin_memcpy(&bits, &x, 4);
  return static_cast<uint16_t>(bits >> 16);
}

bool bytes_are_right(bool with_unsigned) {
  alignas(64) uint8_t a[kRows][kDepth], b[kDepth / 4][64];
  alignas(64) int32_t c[kRows][16];
  for (int m = 0; m < kRows; ++m)
    for (int k = 0; k < kDepth; ++k) a[m][k] = static_cast<uint8_t>(value(m, k, true) + (with_unsigned ? 128 : 0));
  for (int k = 0; k < kDepth; ++k)
    for (int n = 0; n < 16; ++n) b[k / 4][4 * n + k % 4] = static_cast<uint8_t>(value(k, n, true));
  clear_tile<0>();
  load_tile<4>(a, kDepth);
  load_tile<6>(b, 64);
  if (with_unsigned)
    add_unsigned_bytes<0, 4, 6>();
  else
    add_bytes<0, 4, 6>();
  store_tile<0>(c, 64);
  for (int m = 0; m < kRows; ++m)
    for (int n = 0; n < 16; ++n) {
      int sum = 0;
      for (int k = 0; k < kDepth; ++k) sum += (value(m, k, true) + (with_unsigned ? 128 : 0)) * value(k, n, true);
      if (c[m][n] != sum) return false;
    }
  return true;
}

bool bf16_is_right() {
  alignas(64) uint16_t a[kRows][kDepth / 2], b[kDepth / 4][32];
  alignas(64) float c[kRows][16];
  for (int m = 0; m < kRows; ++m)
    for (int k = 0; k < kDepth / 2; ++k) a[m][k] = to_bf16(value(m, k, false));
  for (int k = 0; k < kDepth / 2; ++k)
    for (int n = 0; n < 16; ++n) b[k / 2][2 * n + k % 2] = to_bf16(value(k, n, false));
  clear_tile<0>();
  load_tile<4>(a, kDepth);
  load_tile<6>(b, 64);
  add_bf16<0, 4, 6>();
  store_tile<0>(c, 64);
  for (int m = 0; m < kRows; ++m)
    for (int n = 0; n < 16; ++n) {
      int sum = 0;
      for (int k = 0; k < kDepth / 2; ++k) sum += value(m, k, false) * value(k, n, false);
      if (c[m][n] != static_cast<float>(sum)) return false;
    }
  return true;
}

}  // namespace

bool tiles_multiply_right_amx() {
  const TileShape sums{kRows, 64}, weights{16, 64};
  configure_tiles({sums, sums, sums, sums, sums, sums, weights, weights});
  const bool right = bytes_are_right(false) && bytes_are_right(true) && bf16_is_right();
  release_tiles();
  return right;
}

}  // namespace hanok::math
