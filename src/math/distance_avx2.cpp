// AVX2 + FMA + F16C. Four accumulators where one sum's latency (4 cycles of FMA, 2 a cycle) would be the limit.
#include <immintrin.h>

#include "math/distance_kernels.h"

namespace hanok::math {
namespace {

inline float sum_of(__m256 v) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

inline uint32_t sum_of(__m256i v) {
  __m128i s = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0x4E));
  s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0xB1));
  return static_cast<uint32_t>(_mm_cvtsi128_si32(s));
}

// How eight stored numbers become floats, and one.
struct F32 {
  using T = float;
  static __m256 load(const T* p) { return _mm256_loadu_ps(p); }
  static float one(T x) { return x; }
};
struct F16 {
  using T = uint16_t;
  static __m256 load(const T* p) { return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))); }
  static float one(T x) { return _cvtsh_ss(x); }
};
struct Bf16 {
  using T = uint16_t;
  static __m256 load(const T* p) {
    const __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
    return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
  }
  static float one(T x) { return _mm_cvtss_f32(_mm_castsi128_ps(_mm_cvtsi32_si128(static_cast<int>(x) << 16))); }
};
struct U8 {
  using T = uint8_t;
  static __m256 load(const T* p) {
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
  }
  static float one(T x) { return static_cast<float>(x); }
};

// What is summed.
struct L2 {
  static __m256 add(__m256 sum, __m256 a, __m256 b) {
    const __m256 d = _mm256_sub_ps(a, b);
    return _mm256_fmadd_ps(d, d, sum);
  }
  static float one(float a, float b) { return (a - b) * (a - b); }
};
struct Ip {
  static __m256 add(__m256 sum, __m256 a, __m256 b) { return _mm256_fmadd_ps(a, b, sum); }
  static float one(float a, float b) { return a * b; }
};

template <typename Term, typename Stored>
float total(const float* a, const typename Stored::T* b, size_t dim) {
  __m256 s0 = _mm256_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
  size_t j = 0;
  for (; j + 32 <= dim; j += 32) {
    s0 = Term::add(s0, _mm256_loadu_ps(a + j), Stored::load(b + j));
    s1 = Term::add(s1, _mm256_loadu_ps(a + j + 8), Stored::load(b + j + 8));
    s2 = Term::add(s2, _mm256_loadu_ps(a + j + 16), Stored::load(b + j + 16));
    s3 = Term::add(s3, _mm256_loadu_ps(a + j + 24), Stored::load(b + j + 24));
  }
  for (; j + 8 <= dim; j += 8) s0 = Term::add(s0, _mm256_loadu_ps(a + j), Stored::load(b + j));
  float sum = sum_of(_mm256_add_ps(_mm256_add_ps(s0, s1), _mm256_add_ps(s2, s3)));
  for (; j < dim; ++j) sum += Term::one(a[j], Stored::one(b[j]));
  return sum;
}

template <typename Term>
void four_rows(const float* a, const float* const* rows, size_t dim, float* out) {
  __m256 s[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()};
  size_t j = 0;
  for (; j + 8 <= dim; j += 8) {
    const __m256 q = _mm256_loadu_ps(a + j);
    for (int r = 0; r < 4; ++r) s[r] = Term::add(s[r], q, _mm256_loadu_ps(rows[r] + j));
  }
  for (int r = 0; r < 4; ++r) {
    out[r] = sum_of(s[r]);
    for (size_t t = j; t < dim; ++t) out[r] += Term::one(a[t], rows[r][t]);
  }
}

template <typename Term>
void rows_of(const float* a, const float* const* rows, size_t n, size_t dim, float* out) {
  size_t i = 0;
  for (; i + 4 <= n; i += 4) four_rows<Term>(a, rows + i, dim, out + i);
  for (; i < n; ++i) out[i] = total<Term, F32>(a, rows[i], dim);
}

void ip_square_rows(const float* a, const float* const* rows, size_t n, size_t dim, float* out, float* squares) {
  size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    __m256 s[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()};
    __m256 own[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()};
    size_t j = 0;
    for (; j + 8 <= dim; j += 8) {
      const __m256 q = _mm256_loadu_ps(a + j);
      for (size_t r = 0; r < 4; ++r) {
        const __m256 x = _mm256_loadu_ps(rows[i + r] + j);
        s[r] = Ip::add(s[r], q, x);
        own[r] = Ip::add(own[r], x, x);
      }
    }
    for (size_t r = 0; r < 4; ++r) {
      out[i + r] = sum_of(s[r]), squares[i + r] = sum_of(own[r]);
      for (size_t t = j; t < dim; ++t)
        out[i + r] += Ip::one(a[t], rows[i + r][t]), squares[i + r] += Ip::one(rows[i + r][t], rows[i + r][t]);
    }
  }
  for (; i < n; ++i) out[i] = total<Ip, F32>(a, rows[i], dim), squares[i] = total<Ip, F32>(rows[i], rows[i], dim);
}

float l2_sq8(const float* a, const uint8_t* b, float offset, float scale, size_t dim) {
  const __m256 base = _mm256_set1_ps(offset), step = _mm256_set1_ps(scale);
  __m256 s0 = _mm256_setzero_ps(), s1 = s0;
  size_t j = 0;
  for (; j + 16 <= dim; j += 16) {
    s0 = L2::add(s0, _mm256_loadu_ps(a + j), _mm256_fmadd_ps(step, U8::load(b + j), base));
    s1 = L2::add(s1, _mm256_loadu_ps(a + j + 8), _mm256_fmadd_ps(step, U8::load(b + j + 8), base));
  }
  float sum = sum_of(_mm256_add_ps(s0, s1));
  for (; j < dim; ++j) sum += L2::one(a[j], offset + scale * static_cast<float>(b[j]));
  return sum;
}

inline __m256i wide(const uint8_t* p) {
  return _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}

// Sums in 32-bit lanes: each lane takes two products of at most 255^2 for every 16 dims, so it wraps no sooner than the
// unsigned total itself could.
uint32_t l2_u8(const uint8_t* a, const uint8_t* b, size_t dim) {
  __m256i s0 = _mm256_setzero_si256(), s1 = s0;
  size_t j = 0;
  for (; j + 32 <= dim; j += 32) {
    const __m256i d0 = _mm256_sub_epi16(wide(a + j), wide(b + j));
    const __m256i d1 = _mm256_sub_epi16(wide(a + j + 16), wide(b + j + 16));
    s0 = _mm256_add_epi32(s0, _mm256_madd_epi16(d0, d0));
    s1 = _mm256_add_epi32(s1, _mm256_madd_epi16(d1, d1));
  }
  for (; j + 16 <= dim; j += 16) {
    const __m256i d = _mm256_sub_epi16(wide(a + j), wide(b + j));
    s0 = _mm256_add_epi32(s0, _mm256_madd_epi16(d, d));
  }
  uint32_t sum = sum_of(_mm256_add_epi32(s0, s1));
  for (; j < dim; ++j) sum += static_cast<uint32_t>((a[j] - b[j]) * (a[j] - b[j]));
  return sum;
}

uint32_t ip_u8(const uint8_t* a, const uint8_t* b, size_t dim) {
  __m256i s0 = _mm256_setzero_si256(), s1 = s0;
  size_t j = 0;
  for (; j + 32 <= dim; j += 32) {
    s0 = _mm256_add_epi32(s0, _mm256_madd_epi16(wide(a + j), wide(b + j)));
    s1 = _mm256_add_epi32(s1, _mm256_madd_epi16(wide(a + j + 16), wide(b + j + 16)));
  }
  uint32_t sum = sum_of(_mm256_add_epi32(s0, s1));
  for (; j < dim; ++j) sum += static_cast<uint32_t>(a[j]) * b[j];
  return sum;
}

// |a - b| <= 127, so a pair of squares is at most 32,258 and the 16-bit lanes of maddubs do not saturate.
uint32_t l2_u7(const uint8_t* a, const uint8_t* b, size_t dim) {
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i s0 = _mm256_setzero_si256(), s1 = s0;
  size_t j = 0;
  const auto term = [&](size_t at) {
    const __m256i d = _mm256_abs_epi8(_mm256_sub_epi8(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(b + at)),
                                                      _mm256_loadu_si256(reinterpret_cast<const __m256i*>(a + at))));
    return _mm256_madd_epi16(_mm256_maddubs_epi16(d, d), ones);
  };
  for (; j + 64 <= dim; j += 64) {
    s0 = _mm256_add_epi32(s0, term(j));
    s1 = _mm256_add_epi32(s1, term(j + 32));
  }
  if (j + 32 <= dim) {
    s0 = _mm256_add_epi32(s0, term(j));
    j += 32;
  }
  uint32_t sum = sum_of(_mm256_add_epi32(s0, s1));
  for (; j < dim; ++j) sum += static_cast<uint32_t>((a[j] - b[j]) * (a[j] - b[j]));
  return sum;
}

// Bits of a nibble by table look-up (Mula 2008).
uint32_t hamming(const uint8_t* a, const uint8_t* b, size_t bytes) {
  const __m256i table =
      _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
  const __m256i low = _mm256_set1_epi8(15), zero = _mm256_setzero_si256();
  __m256i sums = zero;
  size_t j = 0;
  for (; j + 32 <= bytes; j += 32) {
    const __m256i x = _mm256_xor_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(a + j)),
                                       _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b + j)));
    const __m256i lo = _mm256_shuffle_epi8(table, _mm256_and_si256(x, low));
    const __m256i hi = _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(x, 4), low));
    sums = _mm256_add_epi64(sums, _mm256_sad_epu8(_mm256_add_epi8(lo, hi), zero));
  }
  uint32_t bits = sum_of(sums);  // the upper halves of the 64-bit lanes are zero
  for (; j < bytes; ++j) bits += static_cast<uint32_t>(__builtin_popcount(a[j] ^ b[j]));
  return bits;
}

}  // namespace

void fill_distance_avx2(DistanceKernels& table) {
  table.l2_f32 = total<L2, F32>;
  table.ip_f32 = total<Ip, F32>;
  table.l2_f16 = total<L2, F16>;
  table.ip_f16 = total<Ip, F16>;
  table.l2_bf16 = total<L2, Bf16>;
  table.ip_bf16 = total<Ip, Bf16>;
  table.l2_u8 = l2_u8;
  table.ip_u8 = ip_u8;
  table.l2_sq8 = l2_sq8;
  table.ip_f32u8 = total<Ip, U8>;
  table.l2_u7 = l2_u7;
  table.hamming = hamming;
  table.l2_f32_rows = rows_of<L2>;
  table.ip_f32_rows = rows_of<Ip>;
  table.ip_square_f32_rows = ip_square_rows;
}

}  // namespace hanok::math
