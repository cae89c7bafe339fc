// AVX-VNNI: vpdpbusd on 256 bits adds four products of an output at once.
#include <immintrin.h>

#include "math/byte_gemm_kernels.h"

namespace hanok::math {
namespace {

constexpr size_t kRows = 6, kWidth = 16;

template <int R>
inline void add_group(const uint8_t* a, size_t lda, const uint8_t* q, __m256i* lo, __m256i* hi) {
#pragma GCC unroll 64  // straight on: in a loop GCC 12 keeps a second copy of every sum
  for (size_t k = 0; k < kByteGroup; k += kByteStep, q += kWidth * kByteStep) {
    const __m256i w0 = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(q)),
                  w1 = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(q + 8 * kByteStep));
#pragma GCC unroll 6
    for (int r = 0; r < R; ++r) {
      int32_t four;
      __builtin_memcpy(&four, a + r * lda + k, 4);
      const __m256i x = _mm256_set1_epi32(four);
      lo[r] = _mm256_dpbusd_avx_epi32(lo[r], x, w0);
      hi[r] = _mm256_dpbusd_avx_epi32(hi[r], x, w1);
    }
  }
}

}  // namespace
}  // namespace hanok::math

#include "math/byte_gemm_256.h"

namespace hanok::math {

void fill_byte_gemm_avxvnni(ByteGemmKernels& table) { table = {kWidth, panel_rows, quantise}; }

}  // namespace hanok::math
