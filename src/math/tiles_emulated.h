// The layer under tile_products.h and byte_gemm_tiles.h in plain C++: what AMX's instructions do, as the manual has
// them (Intel SDM, volume 2: TILELOADD, TDPBSSD, TDPBF16PS, ...), so that the kernels on tiles are tested on every
// machine. What would be an invalid instruction there ends the program here.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace hanok::math {
namespace {

/// Rows of a tile, and bytes of each.
struct TileShape {
  uint8_t rows;
  uint8_t bytes;
};

struct EmulatedTiles {
  bool there = false;
  TileShape shape[8] = {};
  uint8_t row[8][16][64] = {};
};
thread_local EmulatedTiles registers;

inline void must(bool right) {
  if (!right) __builtin_trap();
}
inline void must_be_there(int t) {
  must(registers.there && registers.shape[t].rows > 0 && registers.shape[t].bytes > 0);
}

inline void configure_tiles(const TileShape (&shapes)[8]) {
  registers = {};
  registers.there = true;
  for (int i = 0; i < 8; ++i) {
    must(shapes[i].rows <= 16 && shapes[i].bytes <= 64 && (shapes[i].rows == 0) == (shapes[i].bytes == 0));
    registers.shape[i] = shapes[i];
  }
}
inline void release_tiles() { registers = {}; }

template <int T>
inline void clear_tile() {
  must_be_there(T);
  std::memset(registers.row[T], 0, sizeof registers.row[T]);
}
/// Rows `stride` bytes apart; 0 is every row from the same place. What lies outside of the tile's shape becomes 0.
template <int T>
inline void load_tile(const void* from, size_t stride) {
  clear_tile<T>();
  for (size_t r = 0; r < registers.shape[T].rows; ++r)
    std::memcpy(registers.row[T][r], static_cast<const uint8_t*>(from) + r * stride, registers.shape[T].bytes);
}
template <int T>
inline void store_tile(void* to, size_t stride) {
  must_be_there(T);
  for (size_t r = 0; r < registers.shape[T].rows; ++r)
    std::memcpy(static_cast<uint8_t*>(to) + r * stride, registers.row[T][r], registers.shape[T].bytes);
}

inline void must_fit(int c, int a, int b) {
  must_be_there(c), must_be_there(a), must_be_there(b);
  must(c != a && c != b && a != b);
  must(registers.shape[c].rows == registers.shape[a].rows && registers.shape[c].bytes == registers.shape[b].bytes);
  must(registers.shape[a].bytes == 4 * registers.shape[b].rows && registers.shape[c].bytes % 4 == 0);
}

template <int C, int A, int B, typename Left>
inline void add_products_of_bytes() {
  must_fit(C, A, B);
  for (size_t m = 0; m < registers.shape[C].rows; ++m)
    for (size_t n = 0; n < registers.shape[C].bytes / 4u; ++n) {
      int32_t sum;
      std::memcpy(&sum, registers.row[C][m] + 4 * n, 4);
      for (size_t k = 0; k < registers.shape[A].bytes; ++k)
        sum += static_cast<Left>(registers.row[A][m][k]) * static_cast<int8_t>(registers.row[B][k / 4][4 * n + k % 4]);
      std::memcpy(registers.row[C][m] + 4 * n, &sum, 4);
    }
}
/// c[m, n] += sum over k and i < 4 of a[m, 4 k + i] b[k, 4 n + i], int8 by int8.
template <int C, int A, int B>
inline void add_bytes() {
  add_products_of_bytes<C, A, B, int8_t>();
}
/// The same, uint8 by int8.
template <int C, int A, int B>
inline void add_unsigned_bytes() {
  add_products_of_bytes<C, A, B, uint8_t>();
}

// Numbers too small to be normal are 0, as operands and as results.
inline float normal(float x) { return std::fabs(x) < 0x1p-126f ? std::copysign(0.0f, x) : x; }
inline float of_bf16(const uint8_t* p) {
  uint16_t half;
  std::memcpy(&half, p, 2);
  const uint32_t bits = static_cast<uint32_t>(half) << 16;
  float out;
  std::memcpy(&out, &bits, 4);
  return normal(out);
}

/// c[m, n] += sum over k and i < 2 of a[m, 2 k + i] b[k, 2 n + i], bf16 by bf16: a sum of each i, both added, then
/// added to c.
template <int C, int A, int B>
inline void add_bf16() {
  must_fit(C, A, B);
  for (size_t m = 0; m < registers.shape[C].rows; ++m)
    for (size_t n = 0; n < registers.shape[C].bytes / 4u; ++n) {
      float sum[2] = {}, c;
      for (size_t k = 0; k < registers.shape[B].rows; ++k)
        for (size_t i = 0; i < 2; ++i)
          sum[i] = normal(std::fma(of_bf16(registers.row[A][m] + 4 * k + 2 * i),
                                   of_bf16(registers.row[B][k] + 4 * n + 2 * i), sum[i]));
      std::memcpy(&c, registers.row[C][m] + 4 * n, 4);
      c = normal(normal(c) + normal(sum[0] + sum[1]));
      std::memcpy(registers.row[C][m] + 4 * n, &c, 4);
    }
}
inline void prefetch_line(const void*) {}

/// Sixteen floats.
struct Floats {
  float x[16];
};
template <class F>
inline Floats each(const F& f) {
  Floats out;
  for (size_t i = 0; i < 16; ++i) out.x[i] = f(i);
  return out;
}
inline Floats load_floats(const void* p) {
  Floats out;
  std::memcpy(&out, p, sizeof out);
  return out;
}
inline void store_floats(void* p, const Floats& x) { std::memcpy(p, &x, sizeof x); }
inline Floats every(const void* p) {
  float x;
  std::memcpy(&x, p, sizeof x);
  return each([&](size_t) { return x; });
}
inline Floats of_whole(const int32_t* p) {
  return each([&](size_t i) { return static_cast<float>(p[i]); });
}
inline Floats times(const Floats& a, const Floats& b) {
  return each([&](size_t i) { return a.x[i] * b.x[i]; });
}
inline Floats fma(const Floats& a, const Floats& b, const Floats& c) {
  return each([&](size_t i) { return std::fma(a.x[i], b.x[i], c.x[i]); });
}

}  // namespace
}  // namespace hanok::math
