// AVX-512 VNNI: multiply and add in one instruction. The other kernels stay as AVX-512 has them.
#pragma GCC diagnostic ignored "-Wuninitialized"        // GCC 12 warns about its own intrinsics,
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // whose undefined vectors are meant to be so
#include <immintrin.h>

#include "math/distance_kernels.h"

namespace hanok::math {
namespace {

inline __mmask32 first32(size_t n) { return n >= 32 ? 0xFFFFFFFFu : (1u << n) - 1; }
inline __mmask64 first64(size_t n) { return n >= 64 ? ~__mmask64{0} : (__mmask64{1} << n) - 1; }
inline __m512i wide(const uint8_t* p, __mmask32 m) { return _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(m, p)); }

uint32_t l2_u8(const uint8_t* a, const uint8_t* b, size_t dim) {
  __m512i sum = _mm512_setzero_si512();
  for (size_t j = 0; j < dim; j += 32) {
    const __mmask32 m = first32(dim - j);
    const __m512i d = _mm512_sub_epi16(wide(a + j, m), wide(b + j, m));
    sum = _mm512_dpwssd_epi32(sum, d, d);
  }
  return static_cast<uint32_t>(_mm512_reduce_add_epi32(sum));
}

uint32_t ip_u8(const uint8_t* a, const uint8_t* b, size_t dim) {
  __m512i sum = _mm512_setzero_si512();
  for (size_t j = 0; j < dim; j += 32) {
    const __mmask32 m = first32(dim - j);
    sum = _mm512_dpwssd_epi32(sum, wide(a + j, m), wide(b + j, m));
  }
  return static_cast<uint32_t>(_mm512_reduce_add_epi32(sum));
}

// |a - b| <= 127 is the same as a signed and as an unsigned byte, which is what dpbusd multiplies.
uint32_t l2_u7(const uint8_t* a, const uint8_t* b, size_t dim) {
  __m512i s0 = _mm512_setzero_si512(), s1 = s0;
  size_t j = 0;
  for (; j + 128 <= dim; j += 128) {
    const __m512i d0 = _mm512_abs_epi8(_mm512_sub_epi8(_mm512_loadu_si512(a + j), _mm512_loadu_si512(b + j)));
    const __m512i d1 = _mm512_abs_epi8(_mm512_sub_epi8(_mm512_loadu_si512(a + j + 64), _mm512_loadu_si512(b + j + 64)));
    s0 = _mm512_dpbusd_epi32(s0, d0, d0);
    s1 = _mm512_dpbusd_epi32(s1, d1, d1);
  }
  for (; j < dim; j += 64) {
    const __mmask64 m = first64(dim - j);
    const __m512i d =
        _mm512_abs_epi8(_mm512_sub_epi8(_mm512_maskz_loadu_epi8(m, a + j), _mm512_maskz_loadu_epi8(m, b + j)));
    s0 = _mm512_dpbusd_epi32(s0, d, d);
  }
  return static_cast<uint32_t>(_mm512_reduce_add_epi32(_mm512_add_epi32(s0, s1)));
}

}  // namespace

void fill_distance_vnni(DistanceKernels& table) {
  table.l2_u8 = l2_u8;
  table.ip_u8 = ip_u8;
  table.l2_u7 = l2_u7;
}

}  // namespace hanok::math
