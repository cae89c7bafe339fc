// Products on registers of 256 bits: half a panel, rows 0..7 or 8..15. For products_avx2.cpp and products_avxvnni.cpp
// alone, which are compiled with other flags: everything here is in their unnamed namespaces. Before it stand
//   constexpr bool kDot                 whether there is an instruction that adds four products of bytes to 32 bits
//   __m256i dot(sum, unsigned, signed)  that instruction
// Without one, products are added in pairs to 16 bits, as many as fit, then to 32.
#pragma once

#include <immintrin.h>

#include "math/product_kernels.h"

namespace hanok::math {
namespace {

inline __m256i load32(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
inline __m128i load16(const void* p) { return _mm_loadu_si128(static_cast<const __m128i*>(p)); }
inline __m128i load8(const void* p) { return _mm_loadl_epi64(static_cast<const __m128i*>(p)); }
inline __m256 halves_at(const uint8_t* p) { return _mm256_cvtph_ps(load16(p)); }
inline __m256 bytes_at(const uint8_t* p) { return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(load8(p))); }
inline __m256 signed_at(const uint8_t* p) { return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(load8(p))); }
inline __m256i broadcast4(const uint8_t* p) {
  int32_t x;
  __builtin_memcpy(&x, p, 4);
  return _mm256_set1_epi32(x);
}
inline __m256 broadcast(const uint8_t* p) {
  float x;
  __builtin_memcpy(&x, p, 4);
  return _mm256_set1_ps(x);
}

// Levels of 8 bits would overflow pairs of products in 16 bits: they are multiplied as signed numbers of at most 127.
template <PackedForm F>
constexpr bool kSigned = !kDot && (F.bits == 8 || F.levels == 1);
/// Vectors whose pairs of products stay within 16 bits together: 2 * most * 127 each.
template <PackedForm F>
constexpr int kTogether = kSigned<F>      ? 1
                          : F.levels == 2 ? 4
                          : F.bits <= 4   ? 8
                          : F.bits == 5   ? 4
                                          : 2;

// Half of vector g of a block's codes, as levels; the zero is taken away where kSigned.
template <PackedForm F>
inline __m256i load_codes(const uint8_t* codes, int g, size_t half) {
  const __m256i top = _mm256_set1_epi8(static_cast<char>(0x80));
  if constexpr (F.bits == 8) {
    const __m256i x = load32(codes + 64 * g + half);
    return kSigned<F> ? _mm256_xor_si256(x, top) : x;
  }
  constexpr int kLow = F.bits >= 4 ? 4 : 2;
  __m256i w;
  if constexpr (kLow == 4) {
    const __m256i x = load32(codes + 64 * (g % 4) + half);
    w = _mm256_and_si256(g < 4 ? x : _mm256_srli_epi16(x, 4), _mm256_set1_epi8(15));
  } else {
    const __m256i x = load32(codes + 64 * (g / 4) + half);
    w = _mm256_and_si256(_mm256_srli_epi16(x, 2 * (g % 4)), _mm256_set1_epi8(3));
  }
  const uint8_t* high = codes + 64 * kLow;
  if constexpr (F.bits == 6) {
    const __m256i x = _mm256_srli_epi16(load32(high + 64 * (g / 4) + half), 2 * (g % 4));
    w = _mm256_or_si256(w, _mm256_slli_epi16(_mm256_and_si256(x, _mm256_set1_epi8(3)), 4));
  }
  if constexpr (F.bits == 5 || F.bits == 3) {
    const __m256i which = _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
    const __m256i bit = _mm256_set1_epi64x(static_cast<long long>(0x8040201008040201ull));
    const __m256i x = _mm256_shuffle_epi8(broadcast4(high + 8 * g + half / 8), which);
    const __m256i set = _mm256_cmpeq_epi8(_mm256_and_si256(x, bit), bit);
    w = _mm256_or_si256(w, _mm256_and_si256(set, _mm256_set1_epi8(1 << kLow)));
  }
  if constexpr (F.levels != 0) {
    w = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(load16(kLevels[F.levels - 1])), w);
    if constexpr (kSigned<F>) w = _mm256_xor_si256(w, top);
  }
  return w;
}

template <PackedForm F>
inline __m256i products(__m256i w, __m256i a) {
  if constexpr (kSigned<F>) return _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(a, w));
  return _mm256_maddubs_epi16(w, a);
}

// As they are multiplied: what a form takes away is below 0.
struct Factors {
  __m256 scale[2], minimum[2];
};

inline __m256 negated(__m256 x) { return _mm256_xor_ps(x, _mm256_set1_ps(-0.0f)); }

template <PackedForm F>
inline void load_factors(const uint8_t* at, size_t first, __m256 d, __m256 least, Factors& out) {
  if constexpr (F.scale == Scale::Half) out.scale[0] = halves_at(at + 2 * first);
  if constexpr (F.scale == Scale::Byte) out.scale[0] = _mm256_mul_ps(d, bytes_at(at + first));
  if constexpr (F.scale == Scale::SignedByte) out.scale[0] = _mm256_mul_ps(d, signed_at(at + first));
  if constexpr (F.scale == Scale::SignedPairs)
    for (int h = 0; h < 2; ++h) out.scale[h] = _mm256_mul_ps(d, signed_at(at + 16 * h + first));
  if constexpr (F.scale == Scale::Nibbles)
    for (int h = 0; h < 2; ++h) {
      const __m256i x = _mm256_cvtepu8_epi32(load8(at + 16 * h + first));
      out.scale[h] = _mm256_mul_ps(d, _mm256_cvtepi32_ps(_mm256_and_si256(x, _mm256_set1_epi32(15))));
      out.minimum[h] = negated(_mm256_mul_ps(least, _mm256_cvtepi32_ps(_mm256_srli_epi32(x, 4))));
    }
  if constexpr (F.scale == Scale::Exponent) {
    const __m256i e = _mm256_cvtepu8_epi32(load8(at + first));
    const __m256i normal = _mm256_slli_epi32(_mm256_sub_epi32(e, _mm256_set1_epi32(1)), 23);
    const __m256i tiny = _mm256_sllv_epi32(_mm256_set1_epi32(0x00200000), e);
    out.scale[0] = _mm256_castsi256_ps(_mm256_blendv_epi8(normal, tiny, _mm256_cmpgt_epi32(_mm256_set1_epi32(2), e)));
  }
  if constexpr (F.minimum == Minimum::Half) out.minimum[0] = halves_at(at + 32 + 2 * first);
  if constexpr (F.minimum == Minimum::Byte) out.minimum[0] = negated(_mm256_mul_ps(least, bytes_at(at + 16 + first)));
}

// Rows `from` .. from + R - 1 of the tile against eight rows of one block, whose levels codes(g) gives.
template <PackedForm F, int T, int R, class Codes>
inline void block(const Codes& codes, const Factors& factors, const uint8_t* tile, int from, __m256* sum) {
  constexpr int kSums = has_halves(F) ? 2 : 1, kSteps = 8 / kSums;
  constexpr int kStep = kTogether<F> < kSteps ? kTogether<F> : kSteps;
  constexpr bool kMinimum = F.minimum != Minimum::None;
  const __m256i ones = _mm256_set1_epi16(1);
  __m256 t[R];
#pragma GCC unroll 8
  for (int r = 0; r < R && kMinimum; ++r) {
    const uint8_t* of_q = tile + sum_at(T) + 4 * (from + r);
    t[r] = _mm256_mul_ps(factors.minimum[0], broadcast(of_q + 4 * T * (kSums == 2 ? 0 : 2)));
    if constexpr (kSums == 2) t[r] = _mm256_fmadd_ps(factors.minimum[1], broadcast(of_q + 4 * T), t[r]);
  }
#pragma GCC unroll 2
  for (int h = 0; h < kSums; ++h) {
    __m256i n[R];
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      n[r] = _mm256_setzero_si256();
      if constexpr (F.zero_bits != 0 && !kSigned<F>)
        n[r] =
            _mm256_slli_epi32(broadcast4(tile + less_at(T) + 4 * ((kSums == 2 ? h : 2) * T + from + r)), F.zero_bits);
    }
    if constexpr (kDot) {
#pragma GCC unroll 8
      for (int g = h * kSteps; g < (h + 1) * kSteps; ++g) {
        const __m256i w = codes(g);
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r) n[r] = dot(n[r], w, broadcast4(tile + (g * T + from + r) * 4));
      }
    } else {
#pragma GCC unroll 8
      for (int begin = h * kSteps; begin < (h + 1) * kSteps; begin += kStep) {
        __m256i pairs[R];
#pragma GCC unroll 8
        for (int g = begin; g < begin + kStep; ++g) {
          const __m256i w = codes(g);
#pragma GCC unroll 8
          for (int r = 0; r < R; ++r) {
            const __m256i p = products<F>(w, broadcast4(tile + (g * T + from + r) * 4));
            pairs[r] = g == begin ? p : _mm256_add_epi16(pairs[r], p);
            asm("" : "+x"(pairs[r]));  // in this order: sums of sums need more registers than there are
          }
        }
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r) n[r] = _mm256_add_epi32(n[r], _mm256_madd_epi16(pairs[r], ones));
      }
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const __m256 whole = _mm256_cvtepi32_ps(n[r]);
      t[r] =
          kMinimum || h > 0 ? _mm256_fmadd_ps(whole, factors.scale[h], t[r]) : _mm256_mul_ps(whole, factors.scale[h]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
    sum[from + r] = _mm256_fmadd_ps(t[r], broadcast(tile + scale_at(T) + 4 * (from + r)), sum[from + r]);
}

// The head of a group of blocks, where one begins.
template <PackedForm F>
inline void read_head(size_t b, size_t first, const uint8_t*& panel, __m256& d, __m256& least) {
  if constexpr (F.super > 1) {
    if (b % F.super != 0) return;
    d = halves_at(panel + 2 * first);
    if constexpr (head_bytes(F) == 64) least = halves_at(panel + 32 + 2 * first);
    panel += head_bytes(F);
  }
}

constexpr size_t kAhead = 4096;  // bytes: far enough for memory to answer; the hardware stops at the end of a page

template <PackedForm F>
inline void prefetch(const uint8_t* panel) {
  for (size_t at = 0; at < block_bytes(F); at += 64)
    _mm_prefetch(reinterpret_cast<const char*>(panel + kAhead + at), _MM_HINT_T0);
}

template <PackedForm F, int T>
void quantised(const uint8_t* whole, size_t blocks, const uint8_t* tiles, float* out) {
  // As many as there are registers for: one sum a row, or two where pairs of products cannot all be added first.
  constexpr int kMost = kDot || kTogether<F> >= (has_halves(F) ? 4 : 8) ? 8 : 4, kRows = T < kMost ? T : kMost;
  for (size_t first = 0; first < kPanelWidth; first += 8) {
    const uint8_t *panel = whole, *tile = tiles;
    __m256 sum[T];
    for (int r = 0; r < T; ++r) sum[r] = _mm256_setzero_ps();
    __m256 d = _mm256_setzero_ps(), least = d;
    for (size_t b = 0; b < blocks; ++b, tile += quantised_bytes(T), panel += block_bytes(F)) {
      read_head<F>(b, first, panel, d, least);
      if (first == 0) prefetch<F>(panel);
      Factors factors;
      load_factors<F>(panel, first, d, least, factors);
      const auto codes = [&](int g) { return load_codes<F>(panel + scale_bytes(F), g, 4 * first); };
      for (int from = 0; from < T; from += kRows) block<F, T, kRows>(codes, factors, tile, from, sum);
    }
    for (int r = 0; r < T; ++r) _mm256_storeu_ps(out + r * kPanelWidth + first, sum[r]);
  }
}

// A block of a strip, for each half panel of the two: level[8][8][4] | float scale[2][8] | float minimum[2][8].
constexpr size_t kHalfPanelBytes = kStripBlockBytes / 4, kHalfPanelScales = 256, kHalfPanelMinima = 320;

template <PackedForm F>
void unpack(const uint8_t* whole, size_t blocks, size_t which, uint8_t* strips) {
  for (size_t first = 0; first < kPanelWidth; first += 8) {
    const uint8_t* panel = whole;
    uint8_t* strip = strips + kHalfPanelBytes * (2 * which + first / 8);
    __m256 d = _mm256_setzero_ps(), least = d;
    for (size_t b = 0; b < blocks; ++b, strip += kStripBlockBytes, panel += block_bytes(F)) {
      read_head<F>(b, first, panel, d, least);
      if (first == 0) prefetch<F>(panel);
      Factors factors;
      load_factors<F>(panel, first, d, least, factors);
      for (int g = 0; g < 8; ++g)
        _mm256_store_si256(reinterpret_cast<__m256i*>(strip + 32 * g),
                           load_codes<F>(panel + scale_bytes(F), g, 4 * first));
      for (int h = 0; h < (has_halves(F) ? 2 : 1); ++h) {
        _mm256_store_ps(reinterpret_cast<float*>(strip + kHalfPanelScales + 32 * h), factors.scale[h]);
        if constexpr (F.minimum != Minimum::None)
          _mm256_store_ps(reinterpret_cast<float*>(strip + kHalfPanelMinima + 32 * h), factors.minimum[h]);
      }
    }
  }
}

template <PackedForm F>
void strip_by_tile(const uint8_t* strips, size_t blocks, const uint8_t* tiles, float* out) {
  constexpr int kT = kMostTileRows, kRows = 4;
  for (size_t half = 0; half < 4; ++half)
    for (int from = 0; from < kT; from += kRows) {
      // Everything of a row of activations is four bytes wide.
      const uint8_t *strip = strips + kHalfPanelBytes * half, *tile = tiles + 4 * from;
      float* to = out + from * kStripWidth + 8 * half;
      __m256 sum[kRows];
      for (int r = 0; r < kRows; ++r) sum[r] = _mm256_loadu_ps(to + r * kStripWidth);
      for (size_t b = 0; b < blocks; ++b, strip += kStripBlockBytes, tile += quantised_bytes(kT)) {
        asm("" : "+r"(strip), "+r"(tile));  // one address each, and distances from it: more would not fit registers
        Factors factors;
        for (int h = 0; h < (has_halves(F) ? 2 : 1); ++h) {
          factors.scale[h] = _mm256_loadu_ps(reinterpret_cast<const float*>(strip + kHalfPanelScales + 32 * h));
          if constexpr (F.minimum != Minimum::None)
            factors.minimum[h] = _mm256_loadu_ps(reinterpret_cast<const float*>(strip + kHalfPanelMinima + 32 * h));
        }
        const auto codes = [&](int g) { return load32(strip + 32 * g); };
        block<F, kT, kRows>(codes, factors, tile, 0, sum);
      }
      for (int r = 0; r < kRows; ++r) _mm256_storeu_ps(to + r * kStripWidth, sum[r]);
    }
}

struct F32 {
  static __m256 load(const void* p, size_t at) { return _mm256_loadu_ps(static_cast<const float*>(p) + at); }
};
struct F16 {
  static __m256 load(const void* p, size_t at) { return _mm256_cvtph_ps(load16(static_cast<const uint16_t*>(p) + at)); }
};
template <typename Stored, int T>
void plain(const void* panel, size_t depth, const float* tile, float* out) {
  constexpr int kRows = T < 4 ? T : 4;
  for (int from = 0; from < T; from += kRows) {
    __m256 low[kRows], high[kRows];
    for (int r = 0; r < kRows; ++r) low[r] = high[r] = _mm256_setzero_ps();
    for (size_t k = 0; k < depth; ++k) {
      const __m256 a = Stored::load(panel, 16 * k), b = Stored::load(panel, 16 * k + 8);
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) {
        const __m256 x = _mm256_broadcast_ss(tile + k * T + from + r);
        low[r] = _mm256_fmadd_ps(a, x, low[r]);
        high[r] = _mm256_fmadd_ps(b, x, high[r]);
      }
    }
    for (int r = 0; r < kRows; ++r) {
      _mm256_storeu_ps(out + (from + r) * kPanelWidth, low[r]);
      _mm256_storeu_ps(out + (from + r) * kPanelWidth + 8, high[r]);
    }
  }
}

// bf16 is the upper half of a float: of two side by side, the first is shifted up and the second has the first cut off.
template <int T>
void plain_bf16(const void* panel, size_t depth, const float* tile, float* out) {
  constexpr int kRows = T < 4 ? T : 4;
  const __m256i upper = _mm256_set1_epi32(static_cast<int>(0xFFFF0000));
  for (int from = 0; from < T; from += kRows) {
    __m256 low[kRows], high[kRows];
    for (int r = 0; r < kRows; ++r) low[r] = high[r] = _mm256_setzero_ps();
    const auto add = [&](__m256i a, __m256i b, size_t k) {
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) {
        const __m256 x = _mm256_broadcast_ss(tile + k * T + from + r);
        low[r] = _mm256_fmadd_ps(_mm256_castsi256_ps(a), x, low[r]);
        high[r] = _mm256_fmadd_ps(_mm256_castsi256_ps(b), x, high[r]);
      }
    };
    const auto* w = static_cast<const uint8_t*>(panel);
    for (size_t k = 0; k < depth; k += 2, w += 64) {
      const __m256i a = load32(w), b = load32(w + 32);
      add(_mm256_slli_epi32(a, 16), _mm256_slli_epi32(b, 16), k);
      if (k + 1 < depth) add(_mm256_and_si256(a, upper), _mm256_and_si256(b, upper), k + 1);
    }
    for (int r = 0; r < kRows; ++r) {
      _mm256_storeu_ps(out + (from + r) * kPanelWidth, low[r]);
      _mm256_storeu_ps(out + (from + r) * kPanelWidth + 8, high[r]);
    }
  }
}

inline float most_of(__m256 x) {
  __m128 m = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  m = _mm_max_ps(m, _mm_movehl_ps(m, m));
  return _mm_cvtss_f32(_mm_max_ss(m, _mm_movehdup_ps(m)));
}

void quantise(const float* x, size_t blocks, size_t row, size_t rows, uint8_t* tile) {
  const __m256 size = _mm256_castsi256_ps(_mm256_set1_epi32(0x7FFFFFFF));
  for (size_t b = 0; b < blocks; ++b, x += kDepthOfBlock, tile += quantised_bytes(rows)) {
    __m256 v[4], largest = _mm256_setzero_ps();
    for (int i = 0; i < 4; ++i) {
      v[i] = _mm256_loadu_ps(x + 8 * i);
      largest = _mm256_max_ps(largest, _mm256_and_ps(v[i], size));
    }
    float most = most_of(largest);
    if (most < kSmallestActivation) most = 0;
    const float by = most > 0 ? 127 / most : 0, scale = most / 127;
    int32_t sums[2] = {0, 0};
    for (int i = 0; i < 4; ++i) {
      alignas(32) int32_t q[8];
      _mm256_store_si256(reinterpret_cast<__m256i*>(q), _mm256_cvtps_epi32(_mm256_mul_ps(v[i], _mm256_set1_ps(by))));
      for (int k = 0; k < 8; ++k) {
        tile[((2 * i + k / 4) * rows + row) * 4 + k % 4] = static_cast<uint8_t>(q[k]);
        sums[i / 2] += q[k];
      }
    }
    const int32_t all[3] = {sums[0], sums[1], sums[0] + sums[1]};
    __builtin_memcpy(tile + scale_at(rows) + 4 * row, &scale, 4);
    for (size_t h = 0; h < 3; ++h) {
      const int32_t less = -all[h];
      const auto sum = static_cast<float>(all[h]);
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
    table.unpack[F] = unpack<kPackedForms[F]>;
    table.strip[F] = strip_by_tile<kPackedForms[F]>;
    fill_forms<F + 1>(table);
  }
}

template <int T, size_t At>
void fill_plain(ProductKernels& table) {
  table.plain[0][At] = plain<F32, T>;
  table.plain[1][At] = plain<F16, T>;
  table.plain[2][At] = plain_bf16<T>;
}

void fill(ProductKernels& table) {
  fill_forms<0>(table);
  fill_plain<1, 0>(table);
  fill_plain<2, 1>(table);
  fill_plain<4, 2>(table);
  fill_plain<8, 3>(table);
  table.quantise = quantise;
}

}  // namespace
}  // namespace hanok::math
