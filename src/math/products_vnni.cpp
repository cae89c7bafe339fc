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

// As they are multiplied: what a form takes away is below 0.
struct Factors {
  __m512 scale[2], minimum[2];
};

inline __m512 negated(__m512 x) { return _mm512_xor_ps(x, _mm512_set1_ps(-0.0f)); }

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
      out.minimum[h] = negated(_mm512_mul_ps(least, _mm512_cvtepi32_ps(_mm512_srli_epi32(x, 4))));
    }
  if constexpr (F.scale == Scale::Exponent) {
    const __m512i e = _mm512_cvtepu8_epi32(load16(at));
    const __m512i normal = _mm512_slli_epi32(_mm512_sub_epi32(e, _mm512_set1_epi32(1)), 23);
    const __m512i tiny = _mm512_sllv_epi32(_mm512_set1_epi32(0x00200000), e);
    out.scale[0] =
        _mm512_castsi512_ps(_mm512_mask_mov_epi32(normal, _mm512_cmpgt_epi32_mask(_mm512_set1_epi32(2), e), tiny));
  }
  if constexpr (F.minimum == Minimum::Half) out.minimum[0] = halves_at(at + 32);
  if constexpr (F.minimum == Minimum::Byte) out.minimum[0] = negated(_mm512_mul_ps(least, bytes_at(at + 16)));
}

// -sum of q times the zero of the form, where the sums of products begin.
template <int zero_bits, int T, int sums>
inline __m512i start(const uint8_t* tile, int h, int r) {
  if constexpr (zero_bits == 0) return _mm512_setzero_si512();
  return _mm512_slli_epi32(broadcast4(tile + less_at(T) + 4 * ((sums == 2 ? h : 2) * T + r)), zero_bits);
}

// What a block adds before it is multiplied by the scale of the activations.
template <bool minimum, int T, int sums>
inline __m512 weighed(const __m512i* n, const __m512* scale, const __m512* least, const uint8_t* tile, int r) {
  const uint8_t* sum = tile + sum_at(T) + 4 * r;
  __m512 t;
  if constexpr (minimum) {
    t = _mm512_mul_ps(least[0], broadcast(sum + 4 * T * (sums == 2 ? 0 : 2)));
    if constexpr (sums == 2) t = _mm512_fmadd_ps(least[1], broadcast(sum + 4 * T), t);
    t = _mm512_fmadd_ps(_mm512_cvtepi32_ps(n[0]), scale[0], t);
  } else {
    t = _mm512_mul_ps(_mm512_cvtepi32_ps(n[0]), scale[0]);
  }
  if constexpr (sums == 2) t = _mm512_fmadd_ps(_mm512_cvtepi32_ps(n[1]), scale[1], t);
  return t;
}

// Far enough ahead for memory to answer: the hardware's own prefetching stops at the end of a page.
constexpr size_t kAhead = 4096;
template <size_t bytes>
inline void prefetch(const uint8_t* panel) {
  for (size_t at = 0; at < bytes; at += 64)
    _mm_prefetch(reinterpret_cast<const char*>(panel + kAhead + at), _MM_HINT_T0);
}

template <PackedForm F, int T>
void quantised(const uint8_t* panel, size_t blocks, const uint8_t* tile, float* out) {
  constexpr int kSums = has_halves(F) ? 2 : 1, kSteps = 8 / kSums;
  constexpr int kChains = T < 8 ? 2 : 1;  // few rows: two sums each, so that a product need not wait for the one before
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
    prefetch<block_bytes(F)>(panel);
    Factors factors;
    load_factors<F>(panel, d, least, factors);
    __m512i w[8];
    load_codes<F>(panel + scale_bytes(F), w);
    __m512i n[T][kSums];
#pragma GCC unroll 2
    for (int h = 0; h < kSums; ++h) {
      __m512i other[T];
#pragma GCC unroll 8
      for (int r = 0; r < T; ++r) {
        n[r][h] = start<F.zero_bits, T, kSums>(tile, h, r);
        other[r] = _mm512_setzero_si512();
      }
#pragma GCC unroll 8
      for (int g = h * kSteps; g < (h + 1) * kSteps; ++g)
#pragma GCC unroll 8
        for (int r = 0; r < T; ++r) {
          __m512i& to = kChains == 2 && g % 2 ? other[r] : n[r][h];
          to = _mm512_dpbusd_epi32(to, w[g], broadcast4(tile + (g * T + r) * 4));
        }
#pragma GCC unroll 8
      for (int r = 0; r < T && kChains == 2; ++r) n[r][h] = _mm512_add_epi32(n[r][h], other[r]);
    }
#pragma GCC unroll 8
    for (int r = 0; r < T; ++r)
      sum[r] =
          _mm512_fmadd_ps(weighed<F.minimum != Minimum::None, T, kSums>(n[r], factors.scale, factors.minimum, tile, r),
                          broadcast(tile + scale_at(T) + 4 * r), sum[r]);
  }
  for (int r = 0; r < T; ++r) _mm512_storeu_ps(out + r * kPanelWidth, sum[r]);
}

template <PackedForm F>
void unpack(const uint8_t* panel, size_t blocks, size_t which, uint8_t* strip) {
  constexpr int kSums = has_halves(F) ? 2 : 1;
  __m512 d = _mm512_setzero_ps(), least = d;
  for (size_t b = 0; b < blocks; ++b, strip += kStripBlockBytes, panel += block_bytes(F)) {
    if constexpr (F.super > 1) {
      if (b % F.super == 0) {
        d = halves_at(panel);
        if constexpr (head_bytes(F) == 64) least = halves_at(panel + 32);
        panel += head_bytes(F);
      }
    }
    prefetch<block_bytes(F)>(panel);
    Factors factors;
    load_factors<F>(panel, d, least, factors);
    __m512i w[8];
    load_codes<F>(panel + scale_bytes(F), w);
    for (int g = 0; g < 8; ++g) _mm512_store_si512(strip + 512 * which + 64 * g, w[g]);
    for (int h = 0; h < kSums; ++h) {
      _mm512_store_ps(strip + kStripScales + 128 * which + 64 * h, factors.scale[h]);
      if constexpr (F.minimum != Minimum::None)
        _mm512_store_ps(strip + kStripMinima + 128 * which + 64 * h, factors.minimum[h]);
    }
  }
}

// Four rows by two panels at a time: as many sums as there are registers for, with what they are made of.
template <int sums, bool minimum, int zero_bits>
void strip_by_tile(const uint8_t* strip_at, size_t blocks, const uint8_t* tile_at, float* out) {
  constexpr int kT = kMostTileRows, kRows = 4, kSteps = 8 / sums;
  for (int from = 0; from < kT; from += kRows) {
    const uint8_t *strip = strip_at, *tile = tile_at + 4 * from;  // everything of a row is four bytes wide
    __m512 sum[2][kRows];
    for (int p = 0; p < 2; ++p)
      for (int r = 0; r < kRows; ++r) sum[p][r] = _mm512_loadu_ps(out + (from + r) * kStripWidth + 16 * p);
    for (size_t b = 0; b < blocks; ++b, strip += kStripBlockBytes, tile += quantised_bytes(kT)) {
      asm("" : "+r"(strip), "+r"(tile));  // one address each, and distances from it: more would not fit registers
      __m512i n[2][kRows][sums];
#pragma GCC unroll 2
      for (int h = 0; h < sums; ++h) {
#pragma GCC unroll 4
        for (int r = 0; r < kRows; ++r) n[0][r][h] = n[1][r][h] = start<zero_bits, kT, sums>(tile, h, r);
#pragma GCC unroll 8
        for (int g = h * kSteps; g < (h + 1) * kSteps; ++g) {
          const __m512i a = load64(strip + 64 * g), c = load64(strip + 512 + 64 * g);
#pragma GCC unroll 4
          for (int r = 0; r < kRows; ++r) {
            const __m512i q = broadcast4(tile + (g * kT + r) * 4);
            n[0][r][h] = _mm512_dpbusd_epi32(n[0][r][h], a, q);
            n[1][r][h] = _mm512_dpbusd_epi32(n[1][r][h], c, q);
          }
        }
      }
#pragma GCC unroll 2
      for (int p = 0; p < 2; ++p) {
        __m512 scale[sums], least[sums];
        for (int h = 0; h < sums; ++h) {
          scale[h] = _mm512_loadu_ps(strip + kStripScales + 128 * p + 64 * h);
          least[h] = minimum ? _mm512_loadu_ps(strip + kStripMinima + 128 * p + 64 * h) : scale[h];
        }
#pragma GCC unroll 4
        for (int r = 0; r < kRows; ++r)
          sum[p][r] = _mm512_fmadd_ps(weighed<minimum, kT, sums>(n[p][r], scale, least, tile, r),
                                      broadcast(tile + scale_at(kT) + 4 * r), sum[p][r]);
      }
    }
    for (int p = 0; p < 2; ++p)
      for (int r = 0; r < kRows; ++r) _mm512_storeu_ps(out + (from + r) * kStripWidth + 16 * p, sum[p][r]);
  }
}

struct F32 {
  static __m512 load(const void* p, size_t k) { return _mm512_loadu_ps(static_cast<const float*>(p) + 16 * k); }
};
struct F16 {
  static __m512 load(const void* p, size_t k) {
    return _mm512_cvtph_ps(load32(static_cast<const uint16_t*>(p) + 16 * k));
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

// bf16 is the upper half of a float: of two side by side, the first is shifted up and the second has the first cut off.
template <int T>
void plain_bf16(const void* panel, size_t depth, const float* tile, float* out) {
  __m512 sum[T];
  for (int r = 0; r < T; ++r) sum[r] = _mm512_setzero_ps();
  const auto* w = static_cast<const uint8_t*>(panel);
  for (size_t k = 0; k < depth; k += 2, w += 64) {
    const __m512i two = load64(w);
    const __m512 even = _mm512_castsi512_ps(_mm512_slli_epi32(two, 16));
#pragma GCC unroll 8
    for (int r = 0; r < T; ++r) sum[r] = _mm512_fmadd_ps(even, _mm512_set1_ps(tile[k * T + r]), sum[r]);
    if (k + 1 == depth) break;
    const __m512 odd = _mm512_castsi512_ps(_mm512_and_si512(two, _mm512_set1_epi32(static_cast<int>(0xFFFF0000))));
#pragma GCC unroll 8
    for (int r = 0; r < T; ++r) sum[r] = _mm512_fmadd_ps(odd, _mm512_set1_ps(tile[(k + 1) * T + r]), sum[r]);
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
    const int32_t sums[3] = {first, second, first + second};
    __builtin_memcpy(tile + scale_at(rows) + 4 * row, &scale, 4);
    for (size_t h = 0; h < 3; ++h) {
      const int32_t less = -sums[h];
      const auto sum = static_cast<float>(sums[h]);
      __builtin_memcpy(tile + less_at(rows) + 4 * (h * rows + row), &less, 4);
      __builtin_memcpy(tile + sum_at(rows) + 4 * (h * rows + row), &sum, 4);
    }
  }
}

template <size_t F>
void fill_forms(ProductKernels& table) {
  if constexpr (F < kQuantisedForms) {
    table.quantised[F][0] = quantised<kPackedForms[F], 1>;
    table.quantised[F][1] = quantised<kPackedForms[F], 2>;
    table.quantised[F][2] = quantised<kPackedForms[F], 4>;
    table.quantised[F][3] = quantised<kPackedForms[F], 8>;
    constexpr PackedForm kForm = kPackedForms[F];
    table.unpack[F] = unpack<kForm>;
    table.strip[F] = strip_by_tile < has_halves(kForm) ? 2 : 1, kForm.minimum != Minimum::None, kForm.zero_bits > ;
    fill_forms<F + 1>(table);
  }
}

template <int T, size_t At>
void fill_plain(ProductKernels& table) {
  table.plain[0][At] = plain<F32, T>;
  table.plain[1][At] = plain<F16, T>;
  table.plain[2][At] = plain_bf16<T>;
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
