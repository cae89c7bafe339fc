#include <immintrin.h>

#include "math/scan_kernels.h"

namespace hanok::math {
namespace {

// vpdpbusd adds four byte products straight into 32 bits, so both sides may use all their eight bits:
// 65,536 * 255 * 127 = 2,122,317,824 is still below 2^31.
template <size_t N>
void dots_of(const uint8_t* block, size_t groups, const int8_t* tile, int32_t* dots) {
  __m512i even[N], odd[N];
  for (size_t q = 0; q < N; ++q) even[q] = odd[q] = _mm512_setzero_si512();
  auto step = [&](size_t g, __m512i* sum) {
    const __m512i x = _mm512_loadu_si512(block + g * 64);
    for (size_t q = 0; q < N; ++q) {
      int32_t dword;
      __builtin_memcpy(&dword, tile + (g * kScanQueries + q) * 4, 4);
      sum[q] = _mm512_dpbusd_epi32(sum[q], x, _mm512_set1_epi32(dword));
    }
  };
  size_t g = 0;
  for (; g + 2 <= groups; g += 2) {
    step(g, even);
    step(g + 1, odd);
  }
  if (g < groups) step(g, even);
  for (size_t q = 0; q < N; ++q) _mm512_storeu_si512(dots + q * kScanRows, _mm512_add_epi32(even[q], odd[q]));
}

void dots(const uint8_t* block, size_t groups, const int8_t* tile, size_t n, int32_t* out) {
  switch (n) {
    case 1:
      return dots_of<1>(block, groups, tile, out);
    case 2:
      return dots_of<2>(block, groups, tile, out);
    case 3:
      return dots_of<3>(block, groups, tile, out);
    case 4:
      return dots_of<4>(block, groups, tile, out);
    case 5:
      return dots_of<5>(block, groups, tile, out);
    case 6:
      return dots_of<6>(block, groups, tile, out);
    case 7:
      return dots_of<7>(block, groups, tile, out);
    default:
      return dots_of<8>(block, groups, tile, out);
  }
}

}  // namespace

void fill_scan_vnni(ScanKernels& table) {
  table.row_offset = 128;
  table.row_limit = 127;
  table.query_limit = 127;
  table.dots = dots;
}

}  // namespace hanok::math
