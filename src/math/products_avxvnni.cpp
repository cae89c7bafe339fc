// AVX-VNNI: vpdpbusd on 256 bits, of CPUs without AVX-512.
#include <immintrin.h>

namespace hanok::math {
namespace {

constexpr bool kDot = true;
inline __m256i dot(__m256i sum, __m256i a, __m256i b) { return _mm256_dpbusd_avx_epi32(sum, a, b); }

}  // namespace
}  // namespace hanok::math

#include "math/products_256.h"

namespace hanok::math {

void fill_products_avxvnni(ProductKernels& table) { fill(table); }

}  // namespace hanok::math
