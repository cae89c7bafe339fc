#include <immintrin.h>

#include "math/fast_scan_kernels.h"

namespace hanok::math {
namespace {

// The least of sixteen numbers in the lower four lanes, minus their most in the upper four.
__m256 extent(__m256 low, __m256 high) {
  const __m256 least = _mm256_min_ps(low, high),
               minus_most = _mm256_sub_ps(_mm256_setzero_ps(), _mm256_max_ps(low, high));
  __m256 v =
      _mm256_min_ps(_mm256_permute2f128_ps(least, minus_most, 0x20), _mm256_permute2f128_ps(least, minus_most, 0x31));
  v = _mm256_min_ps(v, _mm256_permute_ps(v, _MM_SHUFFLE(1, 0, 3, 2)));
  return _mm256_min_ps(v, _mm256_permute_ps(v, _MM_SHUFFLE(2, 3, 0, 1)));
}

LookupScale lookups(const float* codebooks, const uint32_t* starts, size_t m, const float* x, float factor,
                    float* floats, uint8_t* out) {
  __m256 base = _mm256_setzero_ps(), narrowest = _mm256_setzero_ps();  // of least - most
  const __m256 factors = _mm256_set1_ps(factor);
  for (size_t s = 0; s < m; ++s) {
    __m256 low = _mm256_setzero_ps(), high = _mm256_setzero_ps();
    for (size_t j = starts[s]; j < starts[s + 1]; ++j) {
      const __m256 v = _mm256_set1_ps(x[j]);
      low = _mm256_fmadd_ps(v, _mm256_loadu_ps(codebooks + j * 16), low);
      high = _mm256_fmadd_ps(v, _mm256_loadu_ps(codebooks + j * 16 + 8), high);
    }
    low = _mm256_mul_ps(low, factors), high = _mm256_mul_ps(high, factors);
    const __m256 both = extent(low, high), least = _mm256_permute2f128_ps(both, both, 0x00),
                 minus_most = _mm256_permute2f128_ps(both, both, 0x11);
    narrowest = _mm256_min_ps(narrowest, _mm256_add_ps(least, minus_most));
    base = _mm256_add_ps(base, least);
    _mm256_storeu_ps(floats + s * 16, _mm256_sub_ps(low, least));
    _mm256_storeu_ps(floats + s * 16 + 8, _mm256_sub_ps(high, least));
  }
  LookupScale scale;
  scale.base = _mm256_cvtss_f32(base);
  const float step = -_mm256_cvtss_f32(narrowest) / 255;
  scale.step = step > 1e-30f ? step : 1e-30f;
  const __m256 inverse = _mm256_set1_ps(1 / scale.step), half = _mm256_set1_ps(0.5f);
  const auto whole = [&](size_t i) {
    return _mm256_cvttps_epi32(_mm256_fmadd_ps(_mm256_loadu_ps(floats + i), inverse, half));
  };
  for (size_t i = 0; i < m * 16; i += 16) {
    const __m256i words = _mm256_permute4x64_epi64(_mm256_packus_epi32(whole(i), whole(i + 8)), 0xD8);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i),
                     _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1)));
  }
  return scale;
}

inline __m256i load(const uint8_t* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }

// Sums of bytes kept as 16-bit lanes: `all` adds whole lanes (low byte + 256 * high byte, modulo 2^16), `odd` the high
// bytes alone; all - 256 * odd is then the sum of the low bytes.
struct Sums {
  __m256i all = _mm256_setzero_si256(), odd = _mm256_setzero_si256();
  void add(__m256i bytes) {
    all = _mm256_add_epi16(all, bytes);
    odd = _mm256_add_epi16(odd, _mm256_srli_epi16(bytes, 8));
  }
  // Sixteen vectors in order: the register's halves hold even and odd subspaces of the same sixteen.
  __m256i finish() const {
    const __m256i even = _mm256_sub_epi16(all, _mm256_slli_epi16(odd, 8));
    const __m128i e = _mm_add_epi16(_mm256_castsi256_si128(even), _mm256_extracti128_si256(even, 1));
    const __m128i o = _mm_add_epi16(_mm256_castsi256_si128(odd), _mm256_extracti128_si256(odd, 1));
    return _mm256_set_m128i(_mm_unpackhi_epi16(e, o), _mm_unpacklo_epi16(e, o));
  }
};

// What becomes of eight sums: their estimates, and which of them are below the threshold.
struct Plain {
  const float* term;
  __m256 base, step, threshold;
  uint32_t eight(__m128i sums, size_t at, float* out) const {
    const __m256 value = _mm256_add_ps(_mm256_fmadd_ps(step, _mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(sums)), base),
                                       _mm256_loadu_ps(term + at));
    _mm256_storeu_ps(out + at, value);
    return static_cast<uint32_t>(_mm256_movemask_ps(_mm256_cmp_ps(value, threshold, _CMP_LT_OQ)));
  }
};

struct Scaled {
  const float *term, *scale;
  __m256 base, table_base, step, threshold;
  uint32_t eight(__m128i sums, size_t at, float* out) const {
    const __m256 product = _mm256_fmadd_ps(step, _mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(sums)), table_base);
    const __m256 value =
        _mm256_add_ps(_mm256_fmadd_ps(_mm256_loadu_ps(scale + at), product, base), _mm256_loadu_ps(term + at));
    _mm256_storeu_ps(out + at, value);
    return static_cast<uint32_t>(_mm256_movemask_ps(_mm256_cmp_ps(value, threshold, _CMP_LT_OQ)));
  }
};

template <typename Estimate>
inline uint32_t scan_with(const uint8_t* block, const uint8_t* table, size_t m, const Estimate& estimate, float* out) {
  const __m256i nibble = _mm256_set1_epi8(15);
  Sums low, high;
  for (size_t s = 0; s < m * 16; s += 32) {
    const __m256i codes = load(block + s), lookup = load(table + s);
    low.add(_mm256_shuffle_epi8(lookup, _mm256_and_si256(codes, nibble)));
    high.add(_mm256_shuffle_epi8(lookup, _mm256_and_si256(_mm256_srli_epi16(codes, 4), nibble)));
  }
  const __m256i first = low.finish(), second = high.finish();
  uint32_t mask = estimate.eight(_mm256_castsi256_si128(first), 0, out);
  mask |= estimate.eight(_mm256_extracti128_si256(first, 1), 8, out) << 8;
  mask |= estimate.eight(_mm256_castsi256_si128(second), 16, out) << 16;
  mask |= estimate.eight(_mm256_extracti128_si256(second, 1), 24, out) << 24;
  return mask;
}

uint32_t scan(const uint8_t* block, const uint8_t* table, size_t m, const float* term, float base, float step,
              float threshold, float* out) {
  return scan_with(block, table, m, Plain{term, _mm256_set1_ps(base), _mm256_set1_ps(step), _mm256_set1_ps(threshold)},
                   out);
}

uint32_t scan_scaled(const uint8_t* block, const uint8_t* table, size_t m, const float* term, const float* scale,
                     float base, float table_base, float step, float threshold, float* out) {
  return scan_with(block, table, m,
                   Scaled{term, scale, _mm256_set1_ps(base), _mm256_set1_ps(table_base), _mm256_set1_ps(step),
                          _mm256_set1_ps(threshold)},
                   out);
}

}  // namespace

void fill_fast_scan_avx2(FastScanKernels& table) {
  table.lookups = lookups;
  table.scan = scan;
  table.scan_scaled = scan_scaled;
}

}  // namespace hanok::math
