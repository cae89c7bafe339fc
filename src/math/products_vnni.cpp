// AVX-512 VNNI: a register is a panel, vpdpbusd adds four products of an output at once.
#pragma GCC diagnostic ignored "-Wuninitialized"        // GCC 12 warns about its own intrinsics,
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // whose undefined vectors are meant to be so
#include <immintrin.h>

#include "math/product_kernels.h"

namespace hanok::math {
namespace {

inline __m512i load64(const void* p) { return _mm512_loadu_si512(p); }
inline __m256i load32(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
inline __m128i load16(const void* p) { return _mm_loadu_si128(static_cast<const __m128i*>(p)); }
inline __m512 halves_at(const uint8_t* p) { return _mm512_cvtph_ps(load32(p)); }
inline __m512 bytes_at(const uint8_t* p) { return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(load16(p))); }
inline __m512 signed_at(const uint8_t* p) { return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(load16(p))); }
inline __m512i broadcast4(const uint8_t* p) {
  int32_t x;
  __builtin_memcpy(&x, p, 4);
  return _mm512_set1_epi32(x);
}
inline __m512 broadcast(const uint8_t* p) {
  float x;
  __builtin_memcpy(&x, p, 4);
  return _mm512_set1_ps(x);
}

// Levels of a block: vector g holds values 4 g .. 4 g + 3 of every row.
template <PackedForm F>
inline void load_codes(const uint8_t* codes, __m512i* w) {
  if constexpr (F.bits == 8) {
    for (int g = 0; g < 8; ++g) w[g] = load64(codes + 64 * g);
    return;
  }
  constexpr int kLow = F.bits >= 4 ? 4 : 2;
  const __m512i mask = _mm512_set1_epi8(kLow == 4 ? 15 : 3), three = _mm512_set1_epi8(3);
  if constexpr (kLow == 4) {
    for (int g = 0; g < 4; ++g) {
      const __m512i x = load64(codes + 64 * g);
      w[g] = _mm512_and_si512(x, mask);
      w[g + 4] = _mm512_and_si512(_mm512_srli_epi16(x, 4), mask);
    }
  } else {
    for (int h = 0; h < 2; ++h) {
      const __m512i x = load64(codes + 64 * h);
      w[4 * h] = _mm512_and_si512(x, mask);
      w[4 * h + 1] = _mm512_and_si512(_mm512_srli_epi16(x, 2), mask);
      w[4 * h + 2] = _mm512_and_si512(_mm512_srli_epi16(x, 4), mask);
      w[4 * h + 3] = _mm512_and_si512(_mm512_srli_epi16(x, 6), mask);
    }
  }
  const uint8_t* high = codes + 64 * kLow;
  if constexpr (F.bits == 6) {
    for (int h = 0; h < 2; ++h) {
      const __m512i x = load64(high + 64 * h);
      w[4 * h] = _mm512_or_si512(w[4 * h], _mm512_slli_epi16(_mm512_and_si512(x, three), 4));
      w[4 * h + 1] =
          _mm512_or_si512(w[4 * h + 1], _mm512_slli_epi16(_mm512_and_si512(_mm512_srli_epi16(x, 2), three), 4));
      w[4 * h + 2] = _mm512_or_si512(w[4 * h + 2], _mm512_and_si512(x, _mm512_set1_epi8(0x30)));
      w[4 * h + 3] = _mm512_or_si512(w[4 * h + 3], _mm512_and_si512(_mm512_srli_epi16(x, 2), _mm512_set1_epi8(0x30)));
    }
  }
  if constexpr (F.bits == 5 || F.bits == 3) {
    const __m512i bit = _mm512_set1_epi8(1 << kLow);
    for (int g = 0; g < 8; ++g) {
      uint64_t mask64;
      __builtin_memcpy(&mask64, high + 8 * g, 8);
      w[g] = _mm512_mask_add_epi8(w[g], mask64, w[g], bit);
    }
  }
  if constexpr (F.levels != 0) {
    const __m512i levels = _mm512_broadcast_i32x4(load16(kLevels[F.levels - 1]));
    for (int g = 0; g < 8; ++g) w[g] = _mm512_shuffle_epi8(levels, w[g]);
  }
}

struct Factors {
  __m512 scale[2], minimum[2];
};

template <PackedForm F>
inline void load_factors(const uint8_t* at, __m512 d, __m512 least, Factors& out) {
  if constexpr (F.scale == Scale::Half) out.scale[0] = halves_at(at);
  if constexpr (F.scale == Scale::Byte) out.scale[0] = _mm512_mul_ps(d, bytes_at(at));
  if constexpr (F.scale == Scale::SignedByte) out.scale[0] = _mm512_mul_ps(d, signed_at(at));
  if constexpr (F.scale == Scale::SignedPairs)
    for (int h = 0; h < 2; ++h) out.scale[h] = _mm512_mul_ps(d, signed_at(at + 16 * h));
  if constexpr (F.scale == Scale::Nibbles)
    for (int h = 0; h < 2; ++h) {
      const __m512i x = _mm512_cvtepu8_epi32(load16(at + 16 * h));
      out.scale[h] = _mm512_mul_ps(d, _mm512_cvtepi32_ps(_mm512_and_si512(x, _mm512_set1_epi32(15))));
      out.minimum[h] = _mm512_mul_ps(least, _mm512_cvtepi32_ps(_mm512_srli_epi32(x, 4)));
    }
  if constexpr (F.scale == Scale::Exponent) {
    const __m512i e = _mm512_cvtepu8_epi32(load16(at));
    const __m512i normal = _mm512_slli_epi32(_mm512_sub_epi32(e, _mm512_set1_epi32(1)), 23);
    const __m512i tiny = _mm512_sllv_epi32(_mm512_set1_epi32(0x00200000), e);
    out.scale[0] =
        _mm512_castsi512_ps(_mm512_mask_mov_epi32(normal, _mm512_cmpgt_epi32_mask(_mm512_set1_epi32(2), e), tiny));
  }
  if constexpr (F.minimum == Minimum::Half) out.minimum[0] = halves_at(at + 32);
  if constexpr (F.minimum == Minimum::Byte) out.minimum[0] = _mm512_mul_ps(least, bytes_at(at + 16));
}

template <PackedForm F>
inline __m512 add_minimum(__m512 minimum, const uint8_t* sum, __m512 to) {
  return F.minimum == Minimum::Half ? _mm512_fmadd_ps(minimum, broadcast(sum), to)
                                    : _mm512_fnmadd_ps(minimum, broadcast(sum), to);
}

template <PackedForm F, int T>
void quantised(const uint8_t* panel, size_t blocks, const uint8_t* tile, float* out) {
  constexpr int kSums = has_halves(F) ? 2 : 1, kSteps = 8 / kSums;
  __m512 sum[T];
  for (int r = 0; r < T; ++r) sum[r] = _mm512_setzero_ps();
  __m512 d = _mm512_setzero_ps(), least = d;
  for (size_t b = 0; b < blocks; ++b, tile += quantised_bytes(T), panel += block_bytes(F)) {
    if constexpr (F.super > 1) {
      if (b % F.super == 0) {
        d = halves_at(panel);
        if constexpr (head_bytes(F) == 64) least = halves_at(panel + 32);
        panel += head_bytes(F);
      }
    }
    Factors factors;
    load_factors<F>(panel, d, least, factors);
    __m512i w[8];
    load_codes<F>(panel + scale_bytes(F), w);
#pragma GCC unroll 2
    for (int h = 0; h < kSums; ++h) {
      // Few rows: two sums each, so that one product need not wait for the one before it.
      constexpr int kChains = T < 8 ? 2 : 1;
      __m512i n[T], other[T];
#pragma GCC unroll 8
      for (int r = 0; r < T; ++r) {
        other[r] = _mm512_setzero_si512();
        if constexpr (F.zero_bits != 0) {
          __m512i less = broadcast4(tile + 36 * T + 4 * (h * T + r));
          if constexpr (kSums == 1) less = _mm512_add_epi32(less, broadcast4(tile + 36 * T + 4 * (T + r)));
          n[r] = _mm512_slli_epi32(less, F.zero_bits);
        } else {
          n[r] = _mm512_setzero_si512();
        }
      }
#pragma GCC unroll 8
      for (int g = h * kSteps; g < (h + 1) * kSteps; ++g)
#pragma GCC unroll 8
        for (int r = 0; r < T; ++r) {
          __m512i& to = kChains == 2 && g % 2 ? other[r] : n[r];
          to = _mm512_dpbusd_epi32(to, w[g], broadcast4(tile + (g * T + r) * 4));
        }
#pragma GCC unroll 8
      for (int r = 0; r < T && kChains == 2; ++r) n[r] = _mm512_add_epi32(n[r], other[r]);
#pragma GCC unroll 8
      for (int r = 0; r < T; ++r)
        sum[r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(n[r]),
                                 _mm512_mul_ps(factors.scale[h], broadcast(tile + 32 * T + 4 * r)), sum[r]);
    }
    if constexpr (F.minimum != Minimum::None)
#pragma GCC unroll 8
      for (int r = 0; r < T; ++r)
        for (int h = 0; h < kSums; ++h)
          sum[r] = add_minimum<F>(factors.minimum[h], tile + 44 * T + 4 * ((kSums == 2 ? h : 2) * T + r), sum[r]);
  }
  for (int r = 0; r < T; ++r) _mm512_storeu_ps(out + r * kPanelWidth, sum[r]);
}

struct F32 {
  static __m512 load(const void* p, size_t k) { return _mm512_loadu_ps(static_cast<const float*>(p) + 16 * k); }
};
struct F16 {
  static __m512 load(const void* p, size_t k) {
    return _mm512_cvtph_ps(load32(static_cast<const uint16_t*>(p) + 16 * k));
  }
};
struct Bf16 {
  static __m512 load(const void* p, size_t k) {
    return _mm512_castsi512_ps(
        _mm512_slli_epi32(_mm512_cvtepu16_epi32(load32(static_cast<const uint16_t*>(p) + 16 * k)), 16));
  }
};

template <typename Stored, int T>
void plain(const void* panel, size_t depth, const float* tile, float* out) {
  __m512 sum[T];
  for (int r = 0; r < T; ++r) sum[r] = _mm512_setzero_ps();
  for (size_t k = 0; k < depth; ++k) {
    const __m512 w = Stored::load(panel, k);
#pragma GCC unroll 8
    for (int r = 0; r < T; ++r) sum[r] = _mm512_fmadd_ps(w, _mm512_set1_ps(tile[k * T + r]), sum[r]);
  }
  for (int r = 0; r < T; ++r) _mm512_storeu_ps(out + r * kPanelWidth, sum[r]);
}

void quantise(const float* x, size_t blocks, size_t row, size_t rows, uint8_t* tile) {
  for (size_t b = 0; b < blocks; ++b, x += kDepthOfBlock, tile += quantised_bytes(rows)) {
    const __m512 lo = _mm512_loadu_ps(x), hi = _mm512_loadu_ps(x + 16);
    float most = _mm512_reduce_max_ps(_mm512_max_ps(_mm512_abs_ps(lo), _mm512_abs_ps(hi)));
    if (most < kSmallestActivation) most = 0;
    const float by = most > 0 ? 127 / most : 0, scale = most / 127;
    const __m512 factor = _mm512_set1_ps(by);
    const __m512i a = _mm512_cvtps_epi32(_mm512_mul_ps(lo, factor)), c = _mm512_cvtps_epi32(_mm512_mul_ps(hi, factor));
    alignas(16) uint8_t q[32];
    _mm_store_si128(reinterpret_cast<__m128i*>(q), _mm512_cvtsepi32_epi8(a));
    _mm_store_si128(reinterpret_cast<__m128i*>(q + 16), _mm512_cvtsepi32_epi8(c));
    for (size_t g = 0; g < 8; ++g) __builtin_memcpy(tile + (g * rows + row) * 4, q + 4 * g, 4);
    const int32_t first = _mm512_reduce_add_epi32(a), second = _mm512_reduce_add_epi32(c);
    const int32_t less[2] = {-first, -second};
    const float scaled[3] = {scale * static_cast<float>(first), scale * static_cast<float>(second),
                             scale * static_cast<float>(first + second)};
    __builtin_memcpy(tile + 32 * rows + 4 * row, &scale, 4);
    for (size_t h = 0; h < 2; ++h) __builtin_memcpy(tile + 36 * rows + 4 * (h * rows + row), &less[h], 4);
    for (size_t h = 0; h < 3; ++h) __builtin_memcpy(tile + 44 * rows + 4 * (h * rows + row), &scaled[h], 4);
  }
}

template <size_t F>
void fill_forms(ProductKernels& table) {
  if constexpr (F < kQuantisedForms) {
    table.quantised[F][0] = quantised<kPackedForms[F], 1>;
    table.quantised[F][1] = quantised<kPackedForms[F], 2>;
    table.quantised[F][2] = quantised<kPackedForms[F], 4>;
    table.quantised[F][3] = quantised<kPackedForms[F], 8>;
    fill_forms<F + 1>(table);
  }
}

template <int T, size_t At>
void fill_plain(ProductKernels& table) {
  table.plain[0][At] = plain<F32, T>;
  table.plain[1][At] = plain<F16, T>;
  table.plain[2][At] = plain<Bf16, T>;
}

}  // namespace

void fill_products_vnni(ProductKernels& table) {
  fill_forms<0>(table);
  fill_plain<1, 0>(table);
  fill_plain<2, 1>(table);
  fill_plain<4, 2>(table);
  fill_plain<8, 3>(table);
  table.quantise = quantise;
}

}  // namespace hanok::math
