#include <arm_neon.h>

#include "math/fast_scan_kernels.h"

namespace hanok::math {
namespace {

LookupScale lookups(const float* codebooks, const uint32_t* starts, size_t m, const float* x, float factor,
                    float* floats, uint8_t* out) {
  LookupScale scale;
  float widest = 0;
  for (size_t s = 0; s < m; ++s) {
    float32x4_t products[4];
    for (float32x4_t& p : products) p = vdupq_n_f32(0);
    for (size_t j = starts[s]; j < starts[s + 1]; ++j)
      for (size_t r = 0; r < 4; ++r)
        products[r] = vfmaq_n_f32(products[r], vld1q_f32(codebooks + j * 16 + r * 4), x[j]);
    for (float32x4_t& p : products) p = vmulq_n_f32(p, factor);
    const float least = vminvq_f32(vminq_f32(vminq_f32(products[0], products[1]), vminq_f32(products[2], products[3]))),
                most = vmaxvq_f32(vmaxq_f32(vmaxq_f32(products[0], products[1]), vmaxq_f32(products[2], products[3])));
    widest = most - least > widest ? most - least : widest;
    scale.base += least;
    for (size_t r = 0; r < 4; ++r) vst1q_f32(floats + s * 16 + r * 4, vsubq_f32(products[r], vdupq_n_f32(least)));
  }
  scale.step = widest / 255 > 1e-30f ? widest / 255 : 1e-30f;
  const float inverse = 1 / scale.step;
  const auto whole = [&](size_t i) {
    return vmovn_u32(vcvtq_u32_f32(vfmaq_n_f32(vdupq_n_f32(0.5f), vld1q_f32(floats + i), inverse)));
  };
  for (size_t i = 0; i < m * 16; i += 16) {
    const uint16x8_t low = vcombine_u16(whole(i), whole(i + 4)), high = vcombine_u16(whole(i + 8), whole(i + 12));
    vst1q_u8(out + i, vcombine_u8(vqmovn_u16(low), vqmovn_u16(high)));
  }
  return scale;
}

// Sums of sixteen vectors' bytes, in 16 bits.
struct Sums {
  uint16x8_t low = vdupq_n_u16(0), high = vdupq_n_u16(0);
  void add(uint8x16_t bytes) {
    low = vaddw_u8(low, vget_low_u8(bytes));
    high = vaddw_high_u8(high, bytes);
  }
};

struct Plain {
  const float* term;
  float base, step;
  float32x4_t four(float32x4_t sums, size_t at) const {
    return vaddq_f32(vfmaq_n_f32(vdupq_n_f32(base), sums, step), vld1q_f32(term + at));
  }
};

struct Scaled {
  const float *term, *scale;
  float base, table_base, step;
  float32x4_t four(float32x4_t sums, size_t at) const {
    const float32x4_t product = vfmaq_n_f32(vdupq_n_f32(table_base), sums, step);
    return vaddq_f32(vfmaq_f32(vdupq_n_f32(base), vld1q_f32(scale + at), product), vld1q_f32(term + at));
  }
};

template <typename Estimate>
uint32_t scan_with(const uint8_t* block, const uint8_t* table, size_t m, const Estimate& estimate, float threshold,
                   float* out) {
  Sums first, second;  // vectors 0..15 and 16..31
  for (size_t s = 0; s < m; ++s) {
    const uint8x16_t codes = vld1q_u8(block + s * 16), lookup = vld1q_u8(table + s * 16);
    first.add(vqtbl1q_u8(lookup, vandq_u8(codes, vdupq_n_u8(15))));
    second.add(vqtbl1q_u8(lookup, vshrq_n_u8(codes, 4)));
  }
  const uint16x8_t sums[4] = {first.low, first.high, second.low, second.high};
  const uint32x4_t bits = {1, 2, 4, 8};
  uint32_t mask = 0;
  for (size_t part = 0; part < 8; ++part) {
    const uint16x8_t words = sums[part / 2];
    const uint32x4_t wide = part % 2 ? vmovl_high_u16(words) : vmovl_u16(vget_low_u16(words));
    const float32x4_t value = estimate.four(vcvtq_f32_u32(wide), part * 4);
    vst1q_f32(out + part * 4, value);
    mask |= vaddvq_u32(vandq_u32(vcltq_f32(value, vdupq_n_f32(threshold)), bits)) << (part * 4);
  }
  return mask;
}

uint32_t scan(const uint8_t* block, const uint8_t* table, size_t m, const float* term, float base, float step,
              float threshold, float* out) {
  return scan_with(block, table, m, Plain{term, base, step}, threshold, out);
}

uint32_t scan_scaled(const uint8_t* block, const uint8_t* table, size_t m, const float* term, const float* scale,
                     float base, float table_base, float step, float threshold, float* out) {
  return scan_with(block, table, m, Scaled{term, scale, base, table_base, step}, threshold, out);
}

}  // namespace

void fill_fast_scan_neon(FastScanKernels& table) {
  table.lookups = lookups;
  table.scan = scan;
  table.scan_scaled = scan_scaled;
}

}  // namespace hanok::math
