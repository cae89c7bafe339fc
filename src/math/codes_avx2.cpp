// Kernels on the short codes that a graph search walks over. The record length is a template argument up to six lines,
// so that the query stays in registers and the loop has no inner branch.
#include <immintrin.h>

#include "math/distance_kernels.h"

namespace hanok::math {
namespace {

constexpr size_t kAhead = 6;  // records in flight: Zen 3 and Golden Cove hold 16 to 24 lines between them and memory

inline int32_t sum_of(__m256i v) {
  __m128i s = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0x4E));
  s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0xB1));
  return _mm_cvtsi128_si32(s);
}

inline void prefetch(const uint8_t* record, size_t lines) {
  for (size_t l = 0; l < lines; ++l) _mm_prefetch(reinterpret_cast<const char*>(record + l * 64), _MM_HINT_T0);
}

inline __m256i load(const uint8_t* p) { return _mm256_load_si256(reinterpret_cast<const __m256i*>(p)); }

inline __m256i squares(__m256i q, __m256i x) {
  const __m256i d = _mm256_min_epu8(_mm256_abs_epi8(_mm256_sub_epi8(x, q)), _mm256_set1_epi8(127));
  return _mm256_madd_epi16(_mm256_maddubs_epi16(d, d), _mm256_set1_epi16(1));
}

// All bytes but the last four, which are a number and no codes.
inline __m256i without_bias(__m256i v) { return _mm256_blend_epi32(v, _mm256_setzero_si256(), 0x80); }

// A damaged file may hold any number there, so the sum wraps by definition.
inline int32_t plus_bias(int32_t sum, const uint8_t* record, size_t lines) {
  uint32_t bias;
  __builtin_memcpy(&bias, record + lines * 64 - 4, 4);
  return static_cast<int32_t>(static_cast<uint32_t>(sum) + bias);
}

template <size_t L>
void scan_lines(const uint8_t* query, const uint8_t* base, const uint32_t* ids, size_t n, int32_t* out) {
  __m256i q[2 * L];
  for (size_t v = 0; v < 2 * L; ++v) q[v] = load(query + v * 32);
  q[2 * L - 1] = without_bias(q[2 * L - 1]);
  for (size_t i = 0; i < n && i < kAhead; ++i) prefetch(base + ids[i] * (L * 64), L);
  for (size_t i = 0; i < n; ++i) {
    if (i + kAhead < n) prefetch(base + ids[i + kAhead] * (L * 64), L);
    const uint8_t* record = base + ids[i] * (L * 64);
    __m256i s0 = squares(q[2 * L - 1], without_bias(load(record + (2 * L - 1) * 32)));
    __m256i s1 = squares(q[0], load(record));
    for (size_t v = 1; v + 1 < 2 * L; v += 2) {
      s0 = _mm256_add_epi32(s0, squares(q[v], load(record + v * 32)));
      s1 = _mm256_add_epi32(s1, squares(q[v + 1], load(record + (v + 1) * 32)));
    }
    out[i] = plus_bias(sum_of(_mm256_add_epi32(s0, s1)), record, L);
  }
}

void scan_any(const uint8_t* query, const uint8_t* base, size_t lines, const uint32_t* ids, size_t n, int32_t* out) {
  const size_t last = lines * 64 - 32;
  const __m256i q_last = without_bias(load(query + last));
  for (size_t i = 0; i < n && i < 2; ++i) prefetch(base + ids[i] * (lines * 64), lines);
  for (size_t i = 0; i < n; ++i) {
    if (i + 2 < n) prefetch(base + ids[i + 2] * (lines * 64), lines);
    const uint8_t* record = base + ids[i] * (lines * 64);
    __m256i s0 = squares(q_last, without_bias(load(record + last)));
    __m256i s1 = squares(load(query), load(record));
    for (size_t at = 32; at < last; at += 64) {
      s0 = _mm256_add_epi32(s0, squares(load(query + at), load(record + at)));
      s1 = _mm256_add_epi32(s1, squares(load(query + at + 32), load(record + at + 32)));
    }
    out[i] = plus_bias(sum_of(_mm256_add_epi32(s0, s1)), record, lines);
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

// Half a block: eight records. Two blocks side by side, as a group of the query is loaded once for them.
template <size_t B>
inline void nearest_in(const uint8_t* query, const uint8_t* panel, const int32_t* bias, size_t groups, size_t block,
                       __m256i* least, __m256i* number) {
  __m256i sum[2 * B];
  for (size_t v = 0; v < 2 * B; ++v)
    sum[v] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bias + block * kPanelRecords + v * 8));
  for (size_t g = 0; g < groups; ++g) {
    int32_t four;
    __builtin_memcpy(&four, query + g * 4, 4);
    const __m256i q = _mm256_set1_epi32(four);
    for (size_t b = 0; b < B; ++b)
      for (size_t h = 0; h < 2; ++h)
        sum[2 * b + h] =
            _mm256_add_epi32(sum[2 * b + h], squares(q, load(panel + ((block + b) * groups + g) * 64 + h * 32)));
  }
  for (size_t v = 0; v < 2 * B; ++v) {
    const __m256i nearer = _mm256_cmpgt_epi32(least[v % 2], sum[v]);
    least[v % 2] = _mm256_blendv_epi8(least[v % 2], sum[v], nearer);
    number[v % 2] = _mm256_blendv_epi8(number[v % 2], _mm256_set1_epi32(static_cast<int32_t>(block + v / 2)), nearer);
  }
}

void nearest_of_panel(const uint8_t* query, const uint8_t* panel, const int32_t* bias, size_t groups, size_t blocks,
                      int32_t* distance, uint32_t* record) {
  __m256i least[2] = {_mm256_set1_epi32(INT32_MAX), _mm256_set1_epi32(INT32_MAX)};
  __m256i number[2] = {_mm256_set1_epi32(-1), _mm256_set1_epi32(-1)};
  size_t b = 0;
  for (; b + 2 <= blocks; b += 2) nearest_in<2>(query, panel, bias, groups, b, least, number);
  for (; b < blocks; ++b) nearest_in<1>(query, panel, bias, groups, b, least, number);
  for (size_t h = 0; h < 2; ++h) {
    const __m256i lanes =
        _mm256_add_epi32(_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), _mm256_set1_epi32(static_cast<int32_t>(h * 8)));
    const __m256i none = _mm256_cmpeq_epi32(number[h], _mm256_set1_epi32(-1));
    const __m256i numbers = _mm256_or_si256(_mm256_add_epi32(_mm256_slli_epi32(number[h], 4), lanes), none);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(distance + h * 8), least[h]);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(record + h * 8), numbers);
  }
}

inline __m256i loadu(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }

void project(const uint8_t* x, const int8_t* rows, size_t stride, size_t n, int32_t* out) {
  const __m256i ones = _mm256_set1_epi16(1);
  size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    const int8_t* r = rows + i * stride;
    __m256i s[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256()};
    for (size_t j = 0; j < stride; j += 32) {
      const __m256i v = loadu(x + j);
      for (size_t t = 0; t < 4; ++t)
        s[t] = _mm256_add_epi32(s[t], _mm256_madd_epi16(_mm256_maddubs_epi16(v, loadu(r + t * stride + j)), ones));
    }
    for (size_t t = 0; t < 4; ++t) out[i + t] = sum_of(s[t]);
  }
  for (; i < n; ++i) {
    __m256i s = _mm256_setzero_si256();
    for (size_t j = 0; j < stride; j += 32)
      s = _mm256_add_epi32(s,
                           _mm256_madd_epi16(_mm256_maddubs_epi16(loadu(x + j), loadu(rows + i * stride + j)), ones));
    out[i] = sum_of(s);
  }
}

// Eight whole numbers, held to 0..255, as bytes.
inline void store_bytes(uint8_t* out, __m256i v) {
  const __m256i words = _mm256_packs_epi32(v, v);
  const __m256i bytes = _mm256_packus_epi16(words, words);
  const __m128i both = _mm_unpacklo_epi32(_mm256_castsi256_si128(bytes), _mm256_extracti128_si256(bytes, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(out), both);
}

void f32_to_u8(const float* x, const float* low, const float* scale, uint8_t* out, size_t n) {
  size_t j = 0;
  for (; j + 8 <= n; j += 8) {
    const __m256 v =
        _mm256_mul_ps(_mm256_sub_ps(_mm256_loadu_ps(x + j), _mm256_loadu_ps(low + j)), _mm256_loadu_ps(scale + j));
    const __m256 held = _mm256_max_ps(_mm256_setzero_ps(), _mm256_min_ps(v, _mm256_set1_ps(255)));
    store_bytes(out + j, _mm256_cvtps_epi32(held));
  }
  for (; j < n; ++j) {
    const float v = (x[j] - low[j]) * scale[j], held = v < 0 ? 0 : v > 255 ? 255 : v;
    out[j] = static_cast<uint8_t>(_mm_cvtss_si32(_mm_set_ss(held)));
  }
}

bool whole_bytes(const float* x, uint8_t* out, size_t n) {
  __m256i same = _mm256_set1_epi32(-1);
  size_t j = 0;
  for (; j + 8 <= n; j += 8) {
    const __m256 v = _mm256_loadu_ps(x + j);
    const __m256i whole = _mm256_cvtps_epi32(v);
    const __m256i high = _mm256_andnot_si256(_mm256_set1_epi32(255), whole);  // bits outside a byte
    same = _mm256_and_si256(same, _mm256_castps_si256(_mm256_cmp_ps(_mm256_cvtepi32_ps(whole), v, _CMP_EQ_OQ)));
    same = _mm256_and_si256(same, _mm256_cmpeq_epi32(high, _mm256_setzero_si256()));
    store_bytes(out + j, whole);
  }
  if (_mm256_movemask_epi8(same) != -1) return false;
  for (; j < n; ++j) {
    if (!(x[j] >= 0 && x[j] <= 255) || static_cast<float>(static_cast<int>(x[j])) != x[j]) return false;
    out[j] = static_cast<uint8_t>(x[j]);
  }
  return true;
}

bool all_finite(const float* x, size_t n) {
  const __m256 zero = _mm256_setzero_ps();
  __m256 sum = zero;  // x * 0 is 0 for a finite x and NaN for all others
  size_t j = 0;
  for (; j + 8 <= n; j += 8) sum = _mm256_fmadd_ps(_mm256_loadu_ps(x + j), zero, sum);
  bool finite = _mm256_movemask_ps(_mm256_cmp_ps(sum, zero, _CMP_EQ_OQ)) == 0xFF;
  for (; j < n; ++j) finite = finite && x[j] * 0 == 0;
  return finite;
}

}  // namespace

void fill_codes_avx2(DistanceKernels& table) {
  table.scan_records = scan_records;
  table.nearest_of_panel = nearest_of_panel;
  table.project = project;
  table.f32_to_u8 = f32_to_u8;
  table.whole_bytes = whole_bytes;
  table.all_finite = all_finite;
}

}  // namespace hanok::math
