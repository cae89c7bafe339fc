// The layer under tile_products.h and byte_gemm_tiles.h: AMX's tiles and AVX-512's floats. For files *_amx.cpp alone,
// which are compiled with flags: everything here is in their unnamed namespaces.
//
// The instructions are written out: GCC 12's macros want literal numbers of tiles, and do not say that memory is read.
// Each is a barrier to the compiler, as tiles are no variables that it knows.
#pragma once

#pragma GCC diagnostic ignored "-Wuninitialized"        // GCC 12 warns about its own intrinsics,
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // whose undefined vectors are meant to be so
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace hanok::math {
namespace {

/// Rows of a tile, and bytes of each.
struct TileShape {
  uint8_t rows;
  uint8_t bytes;
};

inline void configure_tiles(const TileShape (&shapes)[8]) {
  // Intel SDM, LDTILECFG: palette 1, then from byte 16 two bytes a tile for the bytes of a row, from 48 one for the
  // rows.
  alignas(64) uint8_t config[64] = {1};
  for (int i = 0; i < 8; ++i) config[16 + 2 * i] = shapes[i].bytes, config[48 + i] = shapes[i].rows;
  asm volatile("ldtilecfg %0" : : "m"(config) : "memory");
}
inline void release_tiles() { asm volatile("tilerelease" : : : "memory"); }

template <int T>
inline void clear_tile() {
  asm volatile("tilezero %%tmm%c0" : : "i"(T) : "memory");
}
/// Rows `stride` bytes apart; 0 is every row from the same place.
template <int T>
inline void load_tile(const void* from, size_t stride) {
  asm volatile("tileloadd (%0,%1,1), %%tmm%c2" : : "r"(from), "r"(stride), "i"(T) : "memory");
}
template <int T>
inline void store_tile(void* to, size_t stride) {
  asm volatile("tilestored %%tmm%c2, (%0,%1,1)" : : "r"(to), "r"(stride), "i"(T) : "memory");
}
/// c[m, n] += sum over k and i < 4 of a[m, 4 k + i] b[k, 4 n + i], int8 by int8.
template <int C, int A, int B>
inline void add_bytes() {
  asm volatile("tdpbssd %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(C), "i"(A), "i"(B) : "memory");
}
/// The same, uint8 by int8.
template <int C, int A, int B>
inline void add_unsigned_bytes() {
  asm volatile("tdpbusd %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(C), "i"(A), "i"(B) : "memory");
}
/// c[m, n] += sum over k and i < 2 of a[m, 2 k + i] b[k, 2 n + i], bf16 by bf16.
template <int C, int A, int B>
inline void add_bf16() {
  asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(C), "i"(A), "i"(B) : "memory");
}
inline void prefetch_line(const void* p) { _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T0); }

/// Sixteen floats.
using Floats = __m512;
inline Floats load_floats(const void* p) { return _mm512_loadu_ps(p); }
inline void store_floats(void* p, Floats x) { _mm512_storeu_ps(p, x); }
inline Floats every(const void* p) {
  float x;
  __builtin_memcpy(&x, p, sizeof x);
  return _mm512_set1_ps(x);
}
inline Floats of_whole(const int32_t* p) { return _mm512_cvtepi32_ps(_mm512_loadu_si512(p)); }
inline Floats times(Floats a, Floats b) { return _mm512_mul_ps(a, b); }
inline Floats fma(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }

}  // namespace
}  // namespace hanok::math
