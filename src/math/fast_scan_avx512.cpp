// g++ 12 warns about its own intrinsics that leave a register undefined on purpose.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>

#include "math/fast_scan_kernels.h"

namespace hanok::math {
namespace {

// The least of sixteen numbers in the lower eight lanes, minus their most in the upper eight.
__m512 extent(__m512 x) {
  const __m512 minus = _mm512_sub_ps(_mm512_setzero_ps(), x);
  __m512 v = _mm512_min_ps(_mm512_shuffle_f32x4(x, minus, _MM_SHUFFLE(1, 0, 1, 0)),
                           _mm512_shuffle_f32x4(x, minus, _MM_SHUFFLE(3, 2, 3, 2)));
  v = _mm512_min_ps(v, _mm512_shuffle_f32x4(v, v, _MM_SHUFFLE(2, 3, 0, 1)));
  v = _mm512_min_ps(v, _mm512_permute_ps(v, _MM_SHUFFLE(1, 0, 3, 2)));
  return _mm512_min_ps(v, _mm512_permute_ps(v, _MM_SHUFFLE(2, 3, 0, 1)));
}

LookupScale lookups(const float* codebooks, const uint32_t* starts, size_t m, const float* x, float factor,
                    float* floats, uint8_t* out) {
  __m512 base = _mm512_setzero_ps(), narrowest = _mm512_setzero_ps();  // of least - most
  const __m512 factors = _mm512_set1_ps(factor);
  for (size_t s = 0; s < m; ++s) {
    __m512 products = _mm512_setzero_ps();
    for (size_t j = starts[s]; j < starts[s + 1]; ++j)
      products = _mm512_fmadd_ps(_mm512_set1_ps(x[j]), _mm512_loadu_ps(codebooks + j * 16), products);
    products = _mm512_mul_ps(products, factors);
    const __m512 both = extent(products), least = _mm512_shuffle_f32x4(both, both, _MM_SHUFFLE(0, 0, 0, 0)),
                 minus_most = _mm512_shuffle_f32x4(both, both, _MM_SHUFFLE(2, 2, 2, 2));
    narrowest = _mm512_min_ps(narrowest, _mm512_add_ps(least, minus_most));
    base = _mm512_add_ps(base, least);
    _mm512_storeu_ps(floats + s * 16, _mm512_sub_ps(products, least));
  }
  LookupScale scale;
  scale.base = _mm512_cvtss_f32(base);
  const float step = -_mm512_cvtss_f32(narrowest) / 255;
  scale.step = step > 1e-30f ? step : 1e-30f;
  const __m512 inverse = _mm512_set1_ps(1 / scale.step), half = _mm512_set1_ps(0.5f);
  for (size_t s = 0; s < m; ++s) {
    const __m512i whole = _mm512_cvttps_epi32(_mm512_fmadd_ps(_mm512_loadu_ps(floats + s * 16), inverse, half));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + s * 16), _mm512_cvtepi32_epi8(whole));
  }
  return scale;
}

// As in fast_scan_avx2.cpp, with four subspaces a register.
struct Sums {
  __m512i all = _mm512_setzero_si512(), odd = _mm512_setzero_si512();
  void add(__m512i bytes) {
    all = _mm512_add_epi16(all, bytes);
    odd = _mm512_add_epi16(odd, _mm512_srli_epi16(bytes, 8));
  }
  static __m128i fold(__m512i x) {
    const __m256i half = _mm256_add_epi16(_mm512_castsi512_si256(x), _mm512_extracti64x4_epi64(x, 1));
    return _mm_add_epi16(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
  }
  __m512i finish() const {  // sixteen sums of 32 bits, in order
    const __m128i e = fold(_mm512_sub_epi16(all, _mm512_slli_epi16(odd, 8))), o = fold(odd);
    return _mm512_cvtepu16_epi32(_mm256_set_m128i(_mm_unpackhi_epi16(e, o), _mm_unpacklo_epi16(e, o)));
  }
};

// What becomes of sixteen sums: their estimates, and which of them are below the threshold.
struct Plain {
  const float* term;
  __m512 base, step, threshold;
  uint32_t sixteen(__m512i sums, size_t at, float* out) const {
    const __m512 value =
        _mm512_add_ps(_mm512_fmadd_ps(step, _mm512_cvtepi32_ps(sums), base), _mm512_loadu_ps(term + at));
    _mm512_storeu_ps(out + at, value);
    return _mm512_cmp_ps_mask(value, threshold, _CMP_LT_OQ);
  }
};

struct Scaled {
  const float *term, *scale;
  __m512 base, table_base, step, threshold;
  uint32_t sixteen(__m512i sums, size_t at, float* out) const {
    const __m512 product = _mm512_fmadd_ps(step, _mm512_cvtepi32_ps(sums), table_base);
    const __m512 value =
        _mm512_add_ps(_mm512_fmadd_ps(_mm512_loadu_ps(scale + at), product, base), _mm512_loadu_ps(term + at));
    _mm512_storeu_ps(out + at, value);
    return _mm512_cmp_ps_mask(value, threshold, _CMP_LT_OQ);
  }
};

template <typename Estimate>
inline uint32_t scan_with(const uint8_t* block, const uint8_t* table, size_t m, const Estimate& estimate, float* out) {
  const __m512i nibble = _mm512_set1_epi8(15);
  Sums low, high;
  for (size_t s = 0; s < m * 16; s += 64) {
    const __m512i codes = _mm512_loadu_si512(block + s), lookup = _mm512_loadu_si512(table + s);
    low.add(_mm512_shuffle_epi8(lookup, _mm512_and_si512(codes, nibble)));
    high.add(_mm512_shuffle_epi8(lookup, _mm512_and_si512(_mm512_srli_epi16(codes, 4), nibble)));
  }
  return estimate.sixteen(low.finish(), 0, out) | estimate.sixteen(high.finish(), 16, out) << 16;
}

uint32_t scan(const uint8_t* block, const uint8_t* table, size_t m, const float* term, float base, float step,
              float threshold, float* out) {
  return scan_with(block, table, m, Plain{term, _mm512_set1_ps(base), _mm512_set1_ps(step), _mm512_set1_ps(threshold)},
                   out);
}

uint32_t scan_scaled(const uint8_t* block, const uint8_t* table, size_t m, const float* term, const float* scale,
                     float base, float table_base, float step, float threshold, float* out) {
  return scan_with(block, table, m,
                   Scaled{term, scale, _mm512_set1_ps(base), _mm512_set1_ps(table_base), _mm512_set1_ps(step),
                          _mm512_set1_ps(threshold)},
                   out);
}

}  // namespace

void fill_fast_scan_avx512(FastScanKernels& table) {
  table.lookups = lookups;
  table.scan = scan;
  table.scan_scaled = scan_scaled;
}

}  // namespace hanok::math
