// AVX-512 BF16: two values of depth at once.
#pragma GCC diagnostic ignored "-Wuninitialized"        // GCC 12 warns about its own intrinsics,
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // whose undefined vectors are meant to be so
#include <immintrin.h>

#include "math/product_kernels.h"

namespace hanok::math {
namespace {

constexpr size_t kAhead = 4096;  // bytes: far enough for memory to answer

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
  const size_t steps = (depth + 1) / 2;
  size_t k = 0;
  for (; k + 2 <= steps; k += 2) {
    const uint16_t *w = panel + 32 * k, *x = tile + 2 * T * k;
    _mm_prefetch(reinterpret_cast<const char*>(w) + kAhead, _MM_HINT_T0);
    _mm_prefetch(reinterpret_cast<const char*>(w) + kAhead + 64, _MM_HINT_T0);
    step<T>(_mm512_loadu_si512(w), x, even);
    step<T>(_mm512_loadu_si512(w + 32), x + 2 * T, odd);
  }
  if (k < steps) step<T>(_mm512_loadu_si512(panel + 32 * k), tile + 2 * T * k, even);
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
