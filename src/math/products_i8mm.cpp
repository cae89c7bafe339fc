// 64-bit ARM with i8mm: registers of 128 bits are a quarter of a panel, four rows, and usdot adds four products of an
// output at once.
#include <arm_neon.h>

#include "math/i8mm_kernels.h"

namespace hanok::math {
namespace {

inline float32x4_t halves_at(const uint8_t* p) {
  uint16x4_t bits;
  __builtin_memcpy(&bits, p, sizeof bits);
  return vcvt_f32_f16(vreinterpret_f16_u16(bits));
}
inline uint32x4_t four_at(const uint8_t* p) {
  uint32_t four;
  __builtin_memcpy(&four, p, 4);
  return vmovl_u16(vget_low_u16(vmovl_u8(vreinterpret_u8_u32(vdup_n_u32(four)))));
}
inline float32x4_t bytes_at(const uint8_t* p) { return vcvtq_f32_u32(four_at(p)); }
inline float32x4_t signed_at(const uint8_t* p) {
  uint32_t four;
  __builtin_memcpy(&four, p, 4);
  return vcvtq_f32_s32(vmovl_s16(vget_low_s16(vmovl_s8(vreinterpret_s8_u32(vdup_n_u32(four))))));
}
inline float number_at(const uint8_t* p) {
  float x;
  __builtin_memcpy(&x, p, 4);
  return x;
}
inline int32_t whole_at(const uint8_t* p) {
  int32_t x;
  __builtin_memcpy(&x, p, 4);
  return x;
}

// A quarter of vector g of a block's codes, as levels: rows quarter .. quarter + 3.
template <PackedForm F>
inline uint8x16_t load_codes(const uint8_t* codes, size_t g, size_t quarter) {
  const size_t at = 4 * quarter;
  if constexpr (F.bits == 8) return vld1q_u8(codes + 64 * g + at);
  constexpr int kLow = F.bits >= 4 ? 4 : 2;
  uint8x16_t w;
  if constexpr (kLow == 4) {
    const uint8x16_t x = vld1q_u8(codes + 64 * (g % 4) + at);
    w = g < 4 ? vandq_u8(x, vdupq_n_u8(15)) : vshrq_n_u8(x, 4);
  } else {
    const int8x16_t by = vdupq_n_s8(static_cast<int8_t>(-2 * static_cast<int>(g % 4)));
    w = vandq_u8(vshlq_u8(vld1q_u8(codes + 64 * (g / 4) + at), by), vdupq_n_u8(3));
  }
  const uint8_t* high = codes + 64 * kLow;
  if constexpr (F.bits == 6) {
    const int8x16_t by = vdupq_n_s8(static_cast<int8_t>(-2 * static_cast<int>(g % 4)));
    const uint8x16_t x = vandq_u8(vshlq_u8(vld1q_u8(high + 64 * (g / 4) + at), by), vdupq_n_u8(3));
    w = vorrq_u8(w, vshlq_n_u8(x, 4));
  }
  if constexpr (F.bits == 5 || F.bits == 3) {
    const uint8x16_t bit = vreinterpretq_u8_u64(vdupq_n_u64(0x8040201008040201ull));
    const uint8x16_t x = vcombine_u8(vdup_n_u8(high[8 * g + at / 8]), vdup_n_u8(high[8 * g + at / 8 + 1]));
    w = vorrq_u8(w, vandq_u8(vtstq_u8(x, bit), vdupq_n_u8(1 << kLow)));
  }
  if constexpr (F.levels != 0) w = vqtbl1q_u8(vld1q_u8(kLevels[F.levels - 1]), w);
  return w;
}

// As they are multiplied: what a form takes away is below 0.
struct Factors {
  float32x4_t scale[2], minimum[2];
};

template <PackedForm F>
inline void load_factors(const uint8_t* at, size_t first, float32x4_t d, float32x4_t least, Factors& out) {
  if constexpr (F.scale == Scale::Half) out.scale[0] = halves_at(at + 2 * first);
  if constexpr (F.scale == Scale::Byte) out.scale[0] = vmulq_f32(d, bytes_at(at + first));
  if constexpr (F.scale == Scale::SignedByte) out.scale[0] = vmulq_f32(d, signed_at(at + first));
  if constexpr (F.scale == Scale::SignedPairs)
    for (size_t h = 0; h < 2; ++h) out.scale[h] = vmulq_f32(d, signed_at(at + 16 * h + first));
  if constexpr (F.scale == Scale::Nibbles)
    for (size_t h = 0; h < 2; ++h) {
      const uint32x4_t x = four_at(at + 16 * h + first);
      out.scale[h] = vmulq_f32(d, vcvtq_f32_u32(vandq_u32(x, vdupq_n_u32(15))));
      out.minimum[h] = vnegq_f32(vmulq_f32(least, vcvtq_f32_u32(vshrq_n_u32(x, 4))));
    }
  if constexpr (F.scale == Scale::Exponent) {
    const uint32x4_t e = four_at(at + first);
    const uint32x4_t normal = vshlq_n_u32(vsubq_u32(e, vdupq_n_u32(1)), 23);
    const uint32x4_t tiny = vshlq_u32(vdupq_n_u32(0x00200000), vreinterpretq_s32_u32(e));
    out.scale[0] = vreinterpretq_f32_u32(vbslq_u32(vcltq_u32(e, vdupq_n_u32(2)), tiny, normal));
  }
  if constexpr (F.minimum == Minimum::Half) out.minimum[0] = halves_at(at + 32 + 2 * first);
  if constexpr (F.minimum == Minimum::Byte) out.minimum[0] = vnegq_f32(vmulq_f32(least, bytes_at(at + 16 + first)));
}

// The head of a group of blocks, where one begins.
template <PackedForm F>
inline void read_head(size_t b, size_t first, const uint8_t*& panel, float32x4_t& d, float32x4_t& least) {
  if constexpr (F.super > 1) {
    if (b % F.super != 0) return;
    d = halves_at(panel + 2 * first);
    if constexpr (head_bytes(F) == 64) least = halves_at(panel + 32 + 2 * first);
    panel += head_bytes(F);
  }
}

// One block of four rows of weights by T rows of activations.
template <PackedForm F, int T, class Codes>
inline void block(const Codes& codes, const Factors& factors, const uint8_t* tile, float32x4_t* sum) {
  constexpr size_t kSums = has_halves(F) ? 2 : 1, kSteps = 8 / kSums;
  constexpr bool kMinimum = F.minimum != Minimum::None;
  int32x4_t n[kSums][T];
  for (size_t h = 0; h < kSums; ++h) {
    for (int r = 0; r < T; ++r)
      n[h][r] = F.zero_bits
                    ? vdupq_n_s32(whole_at(tile + less_at(T) + 4 * ((kSums == 2 ? h : 2) * T + r)) * (1 << F.zero_bits))
                    : vdupq_n_s32(0);
    for (size_t g = h * kSteps; g < (h + 1) * kSteps; ++g) {
      const uint8x16_t w = codes(g);
      for (int r = 0; r < T; ++r)
        n[h][r] = vusdotq_s32(n[h][r], w, vreinterpretq_s8_s32(vdupq_n_s32(whole_at(tile + (g * T + r) * 4))));
    }
  }
  for (int r = 0; r < T; ++r) {
    const uint8_t* of_q = tile + sum_at(T) + 4 * r;
    float32x4_t t;
    if constexpr (kMinimum) {
      t = vmulq_n_f32(factors.minimum[0], number_at(of_q + 4 * T * (kSums == 2 ? 0 : 2)));
      if constexpr (kSums == 2) t = vfmaq_n_f32(t, factors.minimum[1], number_at(of_q + 4 * T));
      t = vfmaq_f32(t, vcvtq_f32_s32(n[0][r]), factors.scale[0]);
    } else {
      t = vmulq_f32(vcvtq_f32_s32(n[0][r]), factors.scale[0]);
    }
    if constexpr (kSums == 2) t = vfmaq_f32(t, vcvtq_f32_s32(n[1][r]), factors.scale[1]);
    sum[r] = vfmaq_n_f32(sum[r], t, number_at(tile + scale_at(T) + 4 * r));
  }
}

template <PackedForm F, int T>
void quantised(const uint8_t* whole, size_t blocks, const uint8_t* tiles, float* out) {
  for (size_t first = 0; first < kPanelWidth; first += 4) {
    const uint8_t *panel = whole, *tile = tiles;
    float32x4_t sum[T], d = vdupq_n_f32(0), least = d;
    for (int r = 0; r < T; ++r) sum[r] = vdupq_n_f32(0);
    for (size_t b = 0; b < blocks; ++b, tile += quantised_bytes(T), panel += block_bytes(F)) {
      read_head<F>(b, first, panel, d, least);
      Factors factors;
      load_factors<F>(panel, first, d, least, factors);
      block<F, T>([&](size_t g) { return load_codes<F>(panel + scale_bytes(F), g, first); }, factors, tile, sum);
    }
    for (int r = 0; r < T; ++r) vst1q_f32(out + r * kPanelWidth + first, sum[r]);
  }
}

// In the order that product_kernels.h gives.
template <PackedForm F>
void unpack(const uint8_t* whole, size_t blocks, size_t which, uint8_t* strips) {
  for (size_t first = 0; first < kPanelWidth; first += 4) {
    const uint8_t* panel = whole;
    uint8_t* strip = strips;
    float32x4_t d = vdupq_n_f32(0), least = d;
    for (size_t b = 0; b < blocks; ++b, strip += kStripBlockBytes, panel += block_bytes(F)) {
      read_head<F>(b, first, panel, d, least);
      Factors factors;
      load_factors<F>(panel, first, d, least, factors);
      for (size_t g = 0; g < 8; ++g)
        vst1q_u8(strip + 512 * which + 64 * g + 4 * first, load_codes<F>(panel + scale_bytes(F), g, first));
      for (size_t h = 0; h < (has_halves(F) ? 2 : 1); ++h) {
        const size_t at = 128 * which + 64 * h + 4 * first;
        vst1q_f32(reinterpret_cast<float*>(strip + kStripScales + at), factors.scale[h]);
        if constexpr (F.minimum != Minimum::None)
          vst1q_f32(reinterpret_cast<float*>(strip + kStripMinima + at), factors.minimum[h]);
      }
    }
  }
}

template <PackedForm F>
void strip_by_tile(const uint8_t* strips, size_t blocks, const uint8_t* tiles, float* out) {
  constexpr int kT = kMostTileRows;
  for (size_t first = 0; first < kStripWidth; first += 4) {
    const size_t which = first / kPanelWidth, column = first % kPanelWidth;
    const uint8_t *strip = strips, *tile = tiles;
    float32x4_t sum[kT];
    for (int r = 0; r < kT; ++r) sum[r] = vld1q_f32(out + r * kStripWidth + first);
    for (size_t b = 0; b < blocks; ++b, strip += kStripBlockBytes, tile += quantised_bytes(kT)) {
      Factors factors;
      for (size_t h = 0; h < (has_halves(F) ? 2 : 1); ++h) {
        const size_t at = 128 * which + 64 * h + 4 * column;
        factors.scale[h] = vld1q_f32(reinterpret_cast<const float*>(strip + kStripScales + at));
        if constexpr (F.minimum != Minimum::None)
          factors.minimum[h] = vld1q_f32(reinterpret_cast<const float*>(strip + kStripMinima + at));
      }
      block<F, kT>([&](size_t g) { return vld1q_u8(strip + 512 * which + 64 * g + 4 * column); }, factors, tile, sum);
    }
    for (int r = 0; r < kT; ++r) vst1q_f32(out + r * kStripWidth + first, sum[r]);
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

}  // namespace

void fill_products_i8mm(ProductKernels& table) { fill_forms<0>(table); }

}  // namespace hanok::math
