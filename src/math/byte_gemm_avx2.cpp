// AVX2 multiplies unsigned by signed bytes and adds pairs of products in 16 bits; weights are such that two pairs can
// be added there before they are widened (byte_gemm_kernels.h).
#include <immintrin.h>

#include "math/byte_gemm_kernels.h"

namespace hanok::math {
namespace {

constexpr size_t kRows = 4, kWidth = 16;

inline __m256i load(const uint8_t* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
inline __m256i broadcast4(const uint8_t* p) {
  int32_t x;
  __builtin_memcpy(&x, p, 4);
  return _mm256_set1_epi32(x);
}

template <int R>
inline void add_group(const uint8_t* a, size_t lda, const uint8_t* q, __m256i* lo, __m256i* hi) {
  constexpr size_t kStepBytes = kWidth * kByteStep;
  const __m256i ones = _mm256_set1_epi16(1);
#pragma GCC unroll 64  // straight on: in a loop GCC 12 keeps a second copy of every sum
  for (size_t k = 0; k < kByteGroup; k += 2 * kByteStep, q += 2 * kStepBytes) {
#pragma GCC unroll 6
    for (int r = 0; r < R; ++r) {
      const __m256i x = broadcast4(a + r * lda + k), y = broadcast4(a + r * lda + k + kByteStep);
      const __m256i u =
          _mm256_add_epi16(_mm256_maddubs_epi16(x, load(q)), _mm256_maddubs_epi16(y, load(q + kStepBytes)));
      const __m256i v =
          _mm256_add_epi16(_mm256_maddubs_epi16(x, load(q + 32)), _mm256_maddubs_epi16(y, load(q + kStepBytes + 32)));
      lo[r] = _mm256_add_epi32(lo[r], _mm256_madd_epi16(u, ones));
      hi[r] = _mm256_add_epi32(hi[r], _mm256_madd_epi16(v, ones));
      asm("" : "+x"(lo[r]), "+x"(hi[r]));  // else GCC computes all products first, to add them as a tree, and spills
    }
  }
}

}  // namespace
}  // namespace hanok::math

#include "math/byte_gemm_256.h"

namespace hanok::math {

void fill_byte_gemm_avx2(ByteGemmKernels& table) { table = {kWidth, panel_rows, quantise}; }

}  // namespace hanok::math
