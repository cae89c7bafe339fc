#include <immintrin.h>

#include "math/scan_kernels.h"

namespace hanok::math {
namespace {

constexpr size_t kStep = kScanQueries * 4;  // bytes of a tile between groups

inline __m256i broadcast4(const int8_t* p) {
  int32_t dword;
  __builtin_memcpy(&dword, p, 4);
  return _mm256_set1_epi32(dword);
}

inline __m256i load(const uint8_t* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }

// Half a block: eight rows, N queries. Two groups of four dimensions share one widening step: with |row| <= 127 and
// |query| <= 64 a 16-bit lane sums 2 * 2 * 127 * 64 = 32,512 at most, which fits.
template <size_t N>
void half(const uint8_t* block, size_t groups, const int8_t* tile, int32_t* dots) {
  const __m256i ones = _mm256_set1_epi16(1), zero = _mm256_setzero_si256();
  // Eight names instead of an array: g++ 12 keeps the array in memory.
  __m256i s0 = zero, s1 = zero, s2 = zero, s3 = zero, s4 = zero, s5 = zero, s6 = zero, s7 = zero;
  for (size_t g = 0; g < groups; g += 4) {
    const __m256i x0 = load(block + g * 64), x1 = load(block + g * 64 + 64), x2 = load(block + g * 64 + 128),
                  x3 = load(block + g * 64 + 192);
    const int8_t* p = tile + g * kStep;
    auto add = [&](__m256i & sum, size_t q) __attribute__((always_inline)) {
      if (q >= N) return;
      const __m256i a = _mm256_add_epi16(_mm256_maddubs_epi16(x0, broadcast4(p + q * 4)),
                                         _mm256_maddubs_epi16(x1, broadcast4(p + q * 4 + kStep))),
                    b = _mm256_add_epi16(_mm256_maddubs_epi16(x2, broadcast4(p + q * 4 + 2 * kStep)),
                                         _mm256_maddubs_epi16(x3, broadcast4(p + q * 4 + 3 * kStep)));
      sum = _mm256_add_epi32(sum, _mm256_add_epi32(_mm256_madd_epi16(a, ones), _mm256_madd_epi16(b, ones)));
      // One query after the other: left alone, g++ 12 interleaves all eight and spills half of the sums.
      __asm__ volatile("" : "+x"(sum));
    };
    add(s0, 0), add(s1, 1), add(s2, 2), add(s3, 3), add(s4, 4), add(s5, 5), add(s6, 6), add(s7, 7);
  }
  auto store = [&](__m256i sum, size_t q) __attribute__((always_inline)) {
    if (q < N) _mm256_storeu_si256(reinterpret_cast<__m256i*>(dots + q * kScanRows), sum);
  };
  store(s0, 0), store(s1, 1), store(s2, 2), store(s3, 3), store(s4, 4), store(s5, 5), store(s6, 6), store(s7, 7);
}

template <size_t N>
void both(const uint8_t* block, size_t groups, const int8_t* tile, int32_t* dots) {
  half<N>(block, groups, tile, dots);
  half<N>(block + 32, groups, tile, dots + 8);
}

void dots(const uint8_t* block, size_t groups, const int8_t* tile, size_t n, int32_t* out) {
  switch (n) {
    case 1:
      return both<1>(block, groups, tile, out);
    case 2:
      return both<2>(block, groups, tile, out);
    case 3:
      return both<3>(block, groups, tile, out);
    case 4:
      return both<4>(block, groups, tile, out);
    case 5:
      return both<5>(block, groups, tile, out);
    case 6:
      return both<6>(block, groups, tile, out);
    case 7:
      return both<7>(block, groups, tile, out);
    default:
      return both<8>(block, groups, tile, out);
  }
}

uint32_t bounds(const int32_t* dots, const ScanRows& rows, const ScanQuery& query, float threshold, float* scores,
                float* upper) {
  const __m256 weight = _mm256_set1_ps(query.weight), by_residual = _mm256_set1_ps(query.by_residual),
               by_outside = _mm256_set1_ps(query.by_outside), by_norm = _mm256_set1_ps(query.by_norm),
               constant = _mm256_set1_ps(query.constant), slack = _mm256_set1_ps(query.slack);
  __m256 score[2], high[2];
  uint32_t mask = 0;
  for (size_t half = 0; half < 2; ++half) {
    const size_t r = half * 8;
    const __m256i whole = _mm256_sub_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(dots + r)),
                                           _mm256_set1_epi32(query.offset));
    score[half] = _mm256_fmadd_ps(_mm256_mul_ps(weight, _mm256_loadu_ps(rows.scale + r)), _mm256_cvtepi32_ps(whole),
                                  _mm256_add_ps(_mm256_loadu_ps(rows.bias + r), constant));
    __m256 error = _mm256_add_ps(_mm256_loadu_ps(rows.slack + r), slack);
    error = _mm256_fmadd_ps(by_residual, _mm256_loadu_ps(rows.residual + r), error);
    error = _mm256_fmadd_ps(by_outside, _mm256_loadu_ps(rows.outside + r), error);
    error = _mm256_fmadd_ps(by_norm, _mm256_loadu_ps(rows.norm + r), error);
    high[half] = _mm256_add_ps(score[half], error);
    const __m256 reached = _mm256_cmp_ps(high[half], _mm256_set1_ps(threshold), _CMP_NLT_UQ);
    mask |= static_cast<uint32_t>(_mm256_movemask_ps(reached)) << r;
  }
  if (mask)
    for (size_t half = 0; half < 2; ++half) {
      _mm256_storeu_ps(scores + half * 8, score[half]);
      _mm256_storeu_ps(upper + half * 8, high[half]);
    }
  return mask;
}

inline double sum4(__m256d v) {
  const __m128d pair = _mm_add_pd(_mm256_castpd256_pd128(v), _mm256_extractf128_pd(v, 1));
  return _mm_cvtsd_f64(_mm_add_sd(pair, _mm_unpackhi_pd(pair, pair)));
}

inline __m256d widen(const float* p) { return _mm256_cvtps_pd(_mm_loadu_ps(p)); }
inline __m256d widen(const uint8_t* p) {
  int32_t four;
  __builtin_memcpy(&four, p, 4);
  return _mm256_cvtepi32_pd(_mm_cvtepu8_epi32(_mm_cvtsi32_si128(four)));
}

template <typename T>
double l2(const float* a, const T* b, size_t dim) {
  __m256d s[4] = {_mm256_setzero_pd(), _mm256_setzero_pd(), _mm256_setzero_pd(), _mm256_setzero_pd()};
  size_t j = 0;
  for (; j + 16 <= dim; j += 16)
    for (size_t lane = 0; lane < 4; ++lane) {
      const __m256d d = _mm256_sub_pd(widen(a + j + lane * 4), widen(b + j + lane * 4));
      s[lane] = _mm256_fmadd_pd(d, d, s[lane]);
    }
  double sum = sum4(_mm256_add_pd(_mm256_add_pd(s[0], s[1]), _mm256_add_pd(s[2], s[3])));
  for (; j < dim; ++j) {
    const double d = static_cast<double>(a[j]) - b[j];
    sum += d * d;
  }
  return sum;
}

template <typename T>
double ip(const float* a, const T* b, size_t dim) {
  __m256d s[4] = {_mm256_setzero_pd(), _mm256_setzero_pd(), _mm256_setzero_pd(), _mm256_setzero_pd()};
  size_t j = 0;
  for (; j + 16 <= dim; j += 16)
    for (size_t lane = 0; lane < 4; ++lane)
      s[lane] = _mm256_fmadd_pd(widen(a + j + lane * 4), widen(b + j + lane * 4), s[lane]);
  double sum = sum4(_mm256_add_pd(_mm256_add_pd(s[0], s[1]), _mm256_add_pd(s[2], s[3])));
  for (; j < dim; ++j) sum += static_cast<double>(a[j]) * b[j];
  return sum;
}

}  // namespace

void fill_scan_avx2(ScanKernels& table) { table = {64, 63, 64, dots, bounds}; }
void fill_exact_avx2(ExactKernels& table) { table = {l2<float>, ip<float>, l2<uint8_t>, ip<uint8_t>}; }

}  // namespace hanok::math
