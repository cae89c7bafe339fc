// AVX-512 F, BW, DQ, VL. Masked loads take the tail, so there is no scalar rest.
#pragma GCC diagnostic ignored "-Wuninitialized"        // GCC 12 warns about its own intrinsics,
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // whose undefined vectors are meant to be so
#include <immintrin.h>

#include "math/distance_kernels.h"

namespace hanok::math {
namespace {

inline __mmask16 first16(size_t n) { return n >= 16 ? 0xFFFF : static_cast<__mmask16>((1u << n) - 1); }

// How up to sixteen stored numbers become floats; lanes that the mask leaves out are zero.
struct F32 {
  using T = float;
  static __m512 load(const T* p) { return _mm512_loadu_ps(p); }
  static __m512 load(const T* p, __mmask16 m) { return _mm512_maskz_loadu_ps(m, p); }
};
struct F16 {
  using T = uint16_t;
  static __m512 load(const T* p) { return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))); }
  static __m512 load(const T* p, __mmask16 m) { return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(m, p)); }
};
struct Bf16 {
  using T = uint16_t;
  static __m512 widen(__m256i x) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(x), 16)); }
  static __m512 load(const T* p) { return widen(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))); }
  static __m512 load(const T* p, __mmask16 m) { return widen(_mm256_maskz_loadu_epi16(m, p)); }
};
struct U8 {
  using T = uint8_t;
  static __m512 widen(__m128i x) { return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(x)); }
  static __m512 load(const T* p) { return widen(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))); }
  static __m512 load(const T* p, __mmask16 m) { return widen(_mm_maskz_loadu_epi8(m, p)); }
};

struct L2 {
  static __m512 add(__m512 sum, __m512 a, __m512 b) {
    const __m512 d = _mm512_sub_ps(a, b);
    return _mm512_fmadd_ps(d, d, sum);
  }
};
struct Ip {
  static __m512 add(__m512 sum, __m512 a, __m512 b) { return _mm512_fmadd_ps(a, b, sum); }
};

template <typename Term, typename Stored>
float total(const float* a, const typename Stored::T* b, size_t dim) {
  __m512 s0 = _mm512_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
  size_t j = 0;
  for (; j + 64 <= dim; j += 64) {
    s0 = Term::add(s0, _mm512_loadu_ps(a + j), Stored::load(b + j));
    s1 = Term::add(s1, _mm512_loadu_ps(a + j + 16), Stored::load(b + j + 16));
    s2 = Term::add(s2, _mm512_loadu_ps(a + j + 32), Stored::load(b + j + 32));
    s3 = Term::add(s3, _mm512_loadu_ps(a + j + 48), Stored::load(b + j + 48));
  }
  for (; j < dim; j += 16) {
    const __mmask16 m = first16(dim - j);
    s0 = Term::add(s0, _mm512_maskz_loadu_ps(m, a + j), Stored::load(b + j, m));
  }
  return _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(s0, s1), _mm512_add_ps(s2, s3)));
}

template <typename Term>
void four_rows(const float* a, const float* const* rows, size_t dim, float* out) {
  __m512 s[4] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps()};
  for (size_t j = 0; j < dim; j += 16) {
    const __mmask16 m = first16(dim - j);
    const __m512 q = _mm512_maskz_loadu_ps(m, a + j);
    for (int r = 0; r < 4; ++r) s[r] = Term::add(s[r], q, _mm512_maskz_loadu_ps(m, rows[r] + j));
  }
  for (int r = 0; r < 4; ++r) out[r] = _mm512_reduce_add_ps(s[r]);
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
    __m512 s[4] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps()};
    __m512 own[4] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps()};
    for (size_t j = 0; j < dim; j += 16) {
      const __mmask16 m = first16(dim - j);
      const __m512 q = _mm512_maskz_loadu_ps(m, a + j);
      for (size_t r = 0; r < 4; ++r) {
        const __m512 x = _mm512_maskz_loadu_ps(m, rows[i + r] + j);
        s[r] = _mm512_fmadd_ps(q, x, s[r]);
        own[r] = _mm512_fmadd_ps(x, x, own[r]);
      }
    }
    for (size_t r = 0; r < 4; ++r)
      out[i + r] = _mm512_reduce_add_ps(s[r]), squares[i + r] = _mm512_reduce_add_ps(own[r]);
  }
  for (; i < n; ++i) out[i] = total<Ip, F32>(a, rows[i], dim), squares[i] = total<Ip, F32>(rows[i], rows[i], dim);
}

float l2_sq8(const float* a, const uint8_t* b, float offset, float scale, size_t dim) {
  const __m512 base = _mm512_set1_ps(offset), step = _mm512_set1_ps(scale);
  __m512 sum = _mm512_setzero_ps();
  for (size_t j = 0; j < dim; j += 16) {
    const __mmask16 m = first16(dim - j);
    const __m512 d =
        _mm512_maskz_sub_ps(m, _mm512_maskz_loadu_ps(m, a + j), _mm512_fmadd_ps(step, U8::load(b + j, m), base));
    sum = _mm512_fmadd_ps(d, d, sum);
  }
  return _mm512_reduce_add_ps(sum);
}

inline __mmask32 first32(size_t n) { return n >= 32 ? 0xFFFFFFFFu : (1u << n) - 1; }
inline __m512i wide(const uint8_t* p, __mmask32 m) { return _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(m, p)); }

uint32_t l2_u8(const uint8_t* a, const uint8_t* b, size_t dim) {
  __m512i sum = _mm512_setzero_si512();
  for (size_t j = 0; j < dim; j += 32) {
    const __mmask32 m = first32(dim - j);
    const __m512i d = _mm512_sub_epi16(wide(a + j, m), wide(b + j, m));
    sum = _mm512_add_epi32(sum, _mm512_madd_epi16(d, d));
  }
  return static_cast<uint32_t>(_mm512_reduce_add_epi32(sum));
}

uint32_t ip_u8(const uint8_t* a, const uint8_t* b, size_t dim) {
  __m512i sum = _mm512_setzero_si512();
  for (size_t j = 0; j < dim; j += 32) {
    const __mmask32 m = first32(dim - j);
    sum = _mm512_add_epi32(sum, _mm512_madd_epi16(wide(a + j, m), wide(b + j, m)));
  }
  return static_cast<uint32_t>(_mm512_reduce_add_epi32(sum));
}

inline __mmask64 first64(size_t n) { return n >= 64 ? ~__mmask64{0} : (__mmask64{1} << n) - 1; }

uint32_t l2_u7(const uint8_t* a, const uint8_t* b, size_t dim) {
  const __m512i ones = _mm512_set1_epi16(1);
  __m512i sum = _mm512_setzero_si512();
  for (size_t j = 0; j < dim; j += 64) {
    const __mmask64 m = first64(dim - j);
    const __m512i d =
        _mm512_abs_epi8(_mm512_sub_epi8(_mm512_maskz_loadu_epi8(m, a + j), _mm512_maskz_loadu_epi8(m, b + j)));
    sum = _mm512_add_epi32(sum, _mm512_madd_epi16(_mm512_maddubs_epi16(d, d), ones));
  }
  return static_cast<uint32_t>(_mm512_reduce_add_epi32(sum));
}

}  // namespace

void fill_distance_avx512(DistanceKernels& table) {
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
  table.l2_f32_rows = rows_of<L2>;
  table.ip_f32_rows = rows_of<Ip>;
  table.ip_square_f32_rows = ip_square_rows;
}

}  // namespace hanok::math
