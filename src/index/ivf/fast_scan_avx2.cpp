#include <immintrin.h>

#include "index/ivf/fast_scan_kernels.h"

namespace hanok::index {
namespace {

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

inline uint32_t eight(__m128i sums, const float* term, __m256 base, __m256 step, __m256 threshold, float* out) {
  const __m256 value = _mm256_add_ps(_mm256_fmadd_ps(step, _mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(sums)), base),
                                     _mm256_loadu_ps(term));
  _mm256_storeu_ps(out, value);
  return static_cast<uint32_t>(_mm256_movemask_ps(_mm256_cmp_ps(value, threshold, _CMP_LT_OQ)));
}

inline uint32_t finish(__m256i low, __m256i high, const float* term, float base, float step, float threshold,
                       float* out) {
  const __m256 b = _mm256_set1_ps(base), s = _mm256_set1_ps(step), t = _mm256_set1_ps(threshold);
  uint32_t mask = eight(_mm256_castsi256_si128(low), term, b, s, t, out);
  mask |= eight(_mm256_extracti128_si256(low, 1), term + 8, b, s, t, out + 8) << 8;
  mask |= eight(_mm256_castsi256_si128(high), term + 16, b, s, t, out + 16) << 16;
  mask |= eight(_mm256_extracti128_si256(high, 1), term + 24, b, s, t, out + 24) << 24;
  return mask;
}

uint32_t scan(const uint8_t* block, const uint8_t* table, size_t m, const float* term, float base, float step,
              float threshold, float* out) {
  const __m256i nibble = _mm256_set1_epi8(15);
  Sums low, high;
  for (size_t s = 0; s < m * 16; s += 32) {
    const __m256i codes = load(block + s), lookup = load(table + s);
    low.add(_mm256_shuffle_epi8(lookup, _mm256_and_si256(codes, nibble)));
    high.add(_mm256_shuffle_epi8(lookup, _mm256_and_si256(_mm256_srli_epi16(codes, 4), nibble)));
  }
  return finish(low.finish(), high.finish(), term, base, step, threshold, out);
}

}  // namespace

void fill_fast_scan_avx2(FastScanKernels& table) { table.scan = scan; }

}  // namespace hanok::index
