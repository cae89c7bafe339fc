// AVX-512 BF16: two values of depth at once.
#pragma GCC diagnostic ignored "-Wuninitialized"        // GCC 12 warns about its own intrinsics,
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // whose undefined vectors are meant to be so
#include <immintrin.h>

#include "math/product_kernels.h"

namespace hanok::math {
namespace {

// Words of two rows of depth, [2][16], as pairs, [16][2].
inline __m512i pairs(__m512i x) {
  const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21,
                                         5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  return _mm512_permutexvar_epi16(order, x);
}

template <int T>
inline void step(__m512i w, const uint16_t* tile, __m512* sum) {
#pragma GCC unroll 8
  for (int r = 0; r < T; ++r) {
    int32_t two;
    __builtin_memcpy(&two, tile + 2 * r, 4);
    sum[r] =
        _mm512_dpbf16_ps(sum[r], reinterpret_cast<__m512bh>(w), reinterpret_cast<__m512bh>(_mm512_set1_epi32(two)));
  }
}

// Two sums a row, of every other step: a step takes longer than the CPU needs to begin the next.
template <int T>
void rounded(const uint16_t* panel, size_t depth, const uint16_t* tile, float* out) {
  __m512 even[T], odd[T];
  for (int r = 0; r < T; ++r) even[r] = odd[r] = _mm512_setzero_ps();
  size_t k = 0;
  for (; k + 4 <= depth; k += 4) {
    step<T>(pairs(_mm512_loadu_si512(panel + k * kPanelWidth)), tile + k * T, even);
    step<T>(pairs(_mm512_loadu_si512(panel + (k + 2) * kPanelWidth)), tile + (k + 2) * T, odd);
  }
  if (k + 2 <= depth) {
    step<T>(pairs(_mm512_loadu_si512(panel + k * kPanelWidth)), tile + k * T, even);
    k += 2;
  }
  if (k < depth) step<T>(pairs(_mm512_maskz_loadu_epi16(0xFFFF, panel + k * kPanelWidth)), tile + k * T, odd);
  for (int r = 0; r < T; ++r) _mm512_storeu_ps(out + r * kPanelWidth, _mm512_add_ps(even[r], odd[r]));
}

}  // namespace

void fill_products_bf16(ProductKernels& table) {
  table.rounded[0] = rounded<1>;
  table.rounded[1] = rounded<2>;
  table.rounded[2] = rounded<4>;
  table.rounded[3] = rounded<8>;
}

}  // namespace hanok::math
