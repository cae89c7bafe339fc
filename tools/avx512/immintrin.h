// AVX-512 without AVX-512: stands before the compiler's <immintrin.h> in tools/test_avx512.sh. Intrinsics are those of
// SIMDe (libsimde-dev 0.7.4), and here what it lacks, lane by lane as Intel's intrinsics guide words them. A lane that
// a mask leaves out is neither read nor written, so that the address sanitizer sees every byte a kernel may touch.
#pragma once
#include_next <immintrin.h>
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>

namespace emulated {

template <typename Lane, size_t kLanes>
struct Lanes {
  Lane lane[kLanes];
  template <typename Register>
  explicit Lanes(const Register& r) {
    static_assert(sizeof r == sizeof lane);
    __builtin_memcpy(lane, &r, sizeof lane);
  }
  template <typename Register>
  Register as() const {
    Register r;
    static_assert(sizeof r == sizeof lane);
    __builtin_memcpy(&r, lane, sizeof lane);
    return r;
  }
};

template <typename Register, typename Lane>
inline Register maskz_loadu(uint64_t mask, const void* from) {
  constexpr size_t kLanes = sizeof(Register) / sizeof(Lane);
  Lane lanes[kLanes] = {};
  for (size_t i = 0; i < kLanes; ++i)
    if (mask >> i & 1) __builtin_memcpy(lanes + i, static_cast<const char*>(from) + i * sizeof(Lane), sizeof(Lane));
  Register out;
  __builtin_memcpy(&out, lanes, sizeof out);
  return out;
}

/// The processor faults where SIMDe does not.
inline __m512i load_si512(const void* from) {
  if (reinterpret_cast<uintptr_t>(from) % 64 != 0) __builtin_trap();
  __m512i out;
  __builtin_memcpy(&out, from, sizeof out);
  return out;
}

inline void mask_storeu_ps(void* to, __mmask16 mask, __m512 x) {
  const Lanes<float, 16> lanes(x);
  for (size_t i = 0; i < 16; ++i)
    if (mask >> i & 1) __builtin_memcpy(static_cast<char*>(to) + i * 4, lanes.lane + i, 4);
}

/// Every lane made a wider (or another) number.
template <typename Out, typename To, typename From, typename In>
inline Out convert(const In& x) {
  constexpr size_t kLanes = sizeof(In) / sizeof(From);
  const Lanes<From, kLanes> from(x);
  To to[kLanes];
  for (size_t i = 0; i < kLanes; ++i) to[i] = static_cast<To>(from.lane[i]);
  return Lanes<To, kLanes>(to).template as<Out>();
}

inline __m512 cvtph_ps(__m256i x) {
  const Lanes<uint16_t, 16> half(x);
  float out[16];
  for (size_t i = 0; i < 16; ++i) out[i] = _cvtsh_ss(half.lane[i]);
  return Lanes<float, 16>(out).as<__m512>();
}

// In halves, as the compilers' own: another order would round differently.
template <typename Lane, size_t kLanes, typename Register, typename Join>
inline Lane reduce(const Register& x, Join join) {
  Lanes<Lane, kLanes> lanes(x);
  for (size_t half = kLanes / 2; half > 0; half /= 2)
    for (size_t i = 0; i < half; ++i) lanes.lane[i] = join(lanes.lane[i], lanes.lane[i + half]);
  return lanes.lane[0];
}
inline float reduce_add_ps(__m512 x) {
  return reduce<float, 16>(x, [](float a, float b) { return a + b; });
}
inline float reduce_max_ps(__m512 x) {
  return reduce<float, 16>(x, [](float a, float b) { return a > b ? a : b; });
}
inline int reduce_add_epi32(__m512i x) {
  return static_cast<int>(reduce<uint32_t, 16>(x, [](uint32_t a, uint32_t b) { return a + b; }));
}

inline __m512i cvtps_epi32(__m512 x) {  // to nearest, ties to even
  const Lanes<float, 16> from(x);
  Lanes<int32_t, 16> to(x);
  for (int i = 0; i < 16; ++i) to.lane[i] = static_cast<int32_t>(__builtin_nearbyintf(from.lane[i]));
  return to.template as<__m512i>();
}

}  // namespace emulated

#undef _mm512_madd_epi16  // SIMDe 0.7.4 gives it four arguments
#define _mm512_madd_epi16 simde_mm512_madd_epi16
#undef _mm512_load_si512
#define _mm512_load_si512 emulated::load_si512
#define _mm_maskz_loadu_epi8 emulated::maskz_loadu<__m128i, uint8_t>
#define _mm256_maskz_loadu_epi8 emulated::maskz_loadu<__m256i, uint8_t>
#define _mm256_maskz_loadu_epi16 emulated::maskz_loadu<__m256i, uint16_t>
#define _mm512_maskz_loadu_epi8 emulated::maskz_loadu<__m512i, uint8_t>
#define _mm512_maskz_loadu_ps emulated::maskz_loadu<__m512, float>
#define _mm512_mask_storeu_ps emulated::mask_storeu_ps
#define _mm512_cvtps_epi32 emulated::cvtps_epi32
#define _mm512_cvtepi32_ps emulated::convert<__m512, float, int32_t>
#define _mm512_cvtepu8_epi16 emulated::convert<__m512i, uint16_t, uint8_t>
#define _mm512_cvtepu8_epi32 emulated::convert<__m512i, uint32_t, uint8_t>
#define _mm512_cvtepi8_epi32 emulated::convert<__m512i, int32_t, int8_t>
#define _mm512_cvtepu16_epi32 emulated::convert<__m512i, uint32_t, uint16_t>
#define _mm512_cvtph_ps emulated::cvtph_ps
#define _mm512_reduce_add_ps emulated::reduce_add_ps
#define _mm512_reduce_max_ps emulated::reduce_max_ps
#define _mm512_reduce_add_epi32 emulated::reduce_add_epi32
