// AVX-VNNI: vpdpbusd on 256 bits adds four products of an output at once.
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace hanok::math {
namespace {

constexpr size_t kStep = 4, kValueBytes = 1, kZero = 128;

inline __m256i weights(const uint8_t* q) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(q)); }
inline __m256i add_products(__m256i sum, __m256i x, __m256i w) { return _mm256_dpbusd_avx_epi32(sum, x, w); }

}  // namespace
}  // namespace hanok::math

#include "math/byte_gemm_256.h"

namespace hanok::math {

void fill_byte_gemm_avxvnni(ByteGemmKernels& table) {
  table = {kWidth, kStep, kValueBytes, kZero, panel_rows, quantise};
}

}  // namespace hanok::math
