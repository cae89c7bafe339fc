// AVX2: bytes are multiplied in pairs.
#include <immintrin.h>

namespace hanok::math {
namespace {

constexpr bool kDot = false;
inline __m256i dot(__m256i sum, __m256i, __m256i) { return sum; }  // never called

}  // namespace
}  // namespace hanok::math

#include "math/products_256.h"

namespace hanok::math {

void fill_products_avx2(ProductKernels& table) { fill(table); }

}  // namespace hanok::math
