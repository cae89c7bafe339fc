// The same with 64-byte registers and VNNI: one line of a record is one register.
#pragma GCC diagnostic ignored "-Wuninitialized"        // GCC 12 warns about its own intrinsics,
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // whose undefined vectors are meant to be so
#include <immintrin.h>

#include "math/distance_kernels.h"

namespace hanok::math {
namespace {

constexpr size_t kAhead = 6;                      // as in codes_avx2.cpp
constexpr __mmask64 kCodes = ~__mmask64{0} >> 4;  // of a record's last line

inline void prefetch(const uint8_t* record, size_t lines) {
  for (size_t l = 0; l < lines; ++l) _mm_prefetch(reinterpret_cast<const char*>(record + l * 64), _MM_HINT_T0);
}

inline __m512i add_squares(__m512i sum, __m512i q, __m512i x) {
  const __m512i d = _mm512_min_epu8(_mm512_abs_epi8(_mm512_sub_epi8(x, q)), _mm512_set1_epi8(127));
  return _mm512_dpbusd_epi32(sum, d, d);
}

// A damaged file may hold any number there, so the sum wraps by definition.
inline int32_t plus_bias(int32_t sum, const uint8_t* record, size_t lines) {
  uint32_t bias;
  __builtin_memcpy(&bias, record + lines * 64 - 4, 4);
  return static_cast<int32_t>(static_cast<uint32_t>(sum) + bias);
}

template <size_t L>
void scan_lines(const uint8_t* query, const uint8_t* base, const uint32_t* ids, size_t n, int32_t* out) {
  __m512i q[L];
  for (size_t l = 0; l < L; ++l) q[l] = _mm512_load_si512(query + l * 64);
  q[L - 1] = _mm512_maskz_mov_epi8(kCodes, q[L - 1]);
  for (size_t i = 0; i < n && i < kAhead; ++i) prefetch(base + ids[i] * (L * 64), L);
  for (size_t i = 0; i < n; ++i) {
    if (i + kAhead < n) prefetch(base + ids[i + kAhead] * (L * 64), L);
    const uint8_t* record = base + ids[i] * (L * 64);
    const __m512i last = _mm512_maskz_mov_epi8(kCodes, _mm512_load_si512(record + (L - 1) * 64));
    __m512i sum = add_squares(_mm512_setzero_si512(), q[L - 1], last);
    for (size_t l = 0; l + 1 < L; ++l) sum = add_squares(sum, q[l], _mm512_load_si512(record + l * 64));
    out[i] = plus_bias(_mm512_reduce_add_epi32(sum), record, L);
  }
}

void scan_any(const uint8_t* query, const uint8_t* base, size_t lines, const uint32_t* ids, size_t n, int32_t* out) {
  const size_t last = lines * 64 - 64;
  const __m512i q_last = _mm512_maskz_mov_epi8(kCodes, _mm512_load_si512(query + last));
  for (size_t i = 0; i < n; ++i) {
    if (i + 1 < n) prefetch(base + ids[i + 1] * (lines * 64), lines);
    const uint8_t* record = base + ids[i] * (lines * 64);
    __m512i sum =
        add_squares(_mm512_setzero_si512(), q_last, _mm512_maskz_mov_epi8(kCodes, _mm512_load_si512(record + last)));
    for (size_t at = 0; at < last; at += 64)
      sum = add_squares(sum, _mm512_load_si512(query + at), _mm512_load_si512(record + at));
    out[i] = plus_bias(_mm512_reduce_add_epi32(sum), record, lines);
  }
}

void scan_records(const uint8_t* query, const uint8_t* base, size_t lines, const uint32_t* ids, size_t n,
                  int32_t* out) {
  switch (lines) {
    case 1:
      return scan_lines<1>(query, base, ids, n, out);
    case 2:
      return scan_lines<2>(query, base, ids, n, out);
    case 3:
      return scan_lines<3>(query, base, ids, n, out);
    case 4:
      return scan_lines<4>(query, base, ids, n, out);
    case 5:
      return scan_lines<5>(query, base, ids, n, out);
    case 6:
      return scan_lines<6>(query, base, ids, n, out);
    default:
      return scan_any(query, base, lines, ids, n, out);
  }
}

// Four blocks side by side: a group of the query is loaded once for them, and their sums do not wait for one another.
template <size_t B>
inline void nearest_in(const uint8_t* query, const uint8_t* panel, const int32_t* bias, size_t groups, size_t block,
                       __m512i& least, __m512i& number) {
  __m512i sum[B];
  for (size_t b = 0; b < B; ++b) sum[b] = _mm512_loadu_si512(bias + (block + b) * kPanelRecords);
  for (size_t g = 0; g < groups; ++g) {
    int32_t four;
    __builtin_memcpy(&four, query + g * 4, 4);
    const __m512i q = _mm512_set1_epi32(four);
    for (size_t b = 0; b < B; ++b)
      sum[b] = add_squares(sum[b], q, _mm512_load_si512(panel + ((block + b) * groups + g) * 64));
  }
  for (size_t b = 0; b < B; ++b) {
    const __mmask16 nearer = _mm512_cmplt_epi32_mask(sum[b], least);
    least = _mm512_mask_mov_epi32(least, nearer, sum[b]);
    number = _mm512_mask_mov_epi32(number, nearer, _mm512_set1_epi32(static_cast<int32_t>(block + b)));
  }
}

void nearest_of_panel(const uint8_t* query, const uint8_t* panel, const int32_t* bias, size_t groups, size_t blocks,
                      int32_t* distance, uint32_t* record) {
  __m512i least = _mm512_set1_epi32(INT32_MAX), number = _mm512_set1_epi32(-1);
  size_t b = 0;
  for (; b + 4 <= blocks; b += 4) nearest_in<4>(query, panel, bias, groups, b, least, number);
  for (; b < blocks; ++b) nearest_in<1>(query, panel, bias, groups, b, least, number);
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __mmask16 none = _mm512_cmpeq_epi32_mask(number, _mm512_set1_epi32(-1));
  number = _mm512_add_epi32(_mm512_slli_epi32(number, 4), lanes);
  _mm512_storeu_si512(distance, least);
  _mm512_storeu_si512(record, _mm512_mask_mov_epi32(number, none, _mm512_set1_epi32(-1)));
}

inline __m256i loadu(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }

inline int32_t sum_of(__m256i v) {
  __m128i s = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0x4E));
  s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0xB1));
  return _mm_cvtsi128_si32(s);
}

void project(const uint8_t* x, const int8_t* rows, size_t stride, size_t n, int32_t* out) {
  size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    const int8_t* r = rows + i * stride;
    __m256i s[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256()};
    for (size_t j = 0; j < stride; j += 32)
      for (size_t t = 0; t < 4; ++t) s[t] = _mm256_dpbusd_epi32(s[t], loadu(x + j), loadu(r + t * stride + j));
    for (size_t t = 0; t < 4; ++t) out[i + t] = sum_of(s[t]);
  }
  for (; i < n; ++i) {
    __m256i s = _mm256_setzero_si256();
    for (size_t j = 0; j < stride; j += 32) s = _mm256_dpbusd_epi32(s, loadu(x + j), loadu(rows + i * stride + j));
    out[i] = sum_of(s);
  }
}

}  // namespace

void fill_codes_vnni(DistanceKernels& table) {
  table.scan_records = scan_records;
  table.nearest_of_panel = nearest_of_panel;
  table.project = project;
}

}  // namespace hanok::math
