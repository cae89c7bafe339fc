// AVX2 has no product of bytes that cannot overflow: both sides are widened to 16 bits, the weights as they are read,
// and vpmaddwd adds two products of an output.
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace hanok::math {
namespace {

constexpr size_t kStep = 2, kValueBytes = 2, kZero = 0;

inline __m256i weights(const uint8_t* q) {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(q)));
}
inline __m256i add_products(__m256i sum, __m256i x, __m256i w) {
  sum = _mm256_add_epi32(sum, _mm256_madd_epi16(x, w));
  asm("" : "+x"(sum));  // else GCC computes all products of a group first, to add them as a tree, and spills them
  return sum;
}

}  // namespace
}  // namespace hanok::math

#include "math/byte_gemm_256.h"

namespace hanok::math {

void fill_byte_gemm_avx2(ByteGemmKernels& table) { table = {kWidth, kStep, kValueBytes, kZero, panel_rows, quantise}; }

}  // namespace hanok::math
