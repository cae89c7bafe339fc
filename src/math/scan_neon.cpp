#include <arm_neon.h>

#include "math/scan_kernels.h"

namespace hanok::math {
namespace {

// A register holds four rows of four dimensions. Rows are read as signed codes (code + 128 with its top bit turned), so
// that a pair of products is at most 2 * 127 * 127 = 32,258 and fits 16 bits before it is added up in 32.
inline int8x16_t load_rows(const uint8_t* p) { return vreinterpretq_s8_u8(veorq_u8(vld1q_u8(p), vdupq_n_u8(128))); }

inline int32x4_t add_products(int32x4_t sum, int8x16_t rows, int8x16_t query) {
  const int16x8_t low = vmull_s8(vget_low_s8(rows), vget_low_s8(query)), high = vmull_high_s8(rows, query);
  return vpadalq_s16(sum, vpaddq_s16(low, high));
}

void dots(const uint8_t* block, size_t groups, const int8_t* tile, size_t n, int32_t* out) {
  for (size_t q = 0; q < n; ++q) {
    int32x4_t s[4] = {vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0)};
    int32_t offset = 0;
    for (size_t g = 0; g < groups; ++g) {
      int32_t four;
      __builtin_memcpy(&four, tile + (g * kScanQueries + q) * 4, 4);
      const int8x16_t query = vreinterpretq_s8_s32(vdupq_n_s32(four));
      for (size_t r = 0; r < 4; ++r) s[r] = add_products(s[r], load_rows(block + g * 64 + r * 16), query);
      for (size_t i = 0; i < 4; ++i) offset += tile[(g * kScanQueries + q) * 4 + i];
    }
    for (size_t r = 0; r < 4; ++r) vst1q_s32(out + q * kScanRows + r * 4, vaddq_s32(s[r], vdupq_n_s32(offset * 128)));
  }
}

uint32_t bounds(const int32_t* dots, const ScanRows& rows, const ScanQuery& query, float threshold, float* scores,
                float* upper) {
  float32x4_t score[4], high[4];
  uint32_t mask = 0;
  for (size_t part = 0; part < 4; ++part) {
    const size_t r = part * 4;
    const float32x4_t whole = vcvtq_f32_s32(vsubq_s32(vld1q_s32(dots + r), vdupq_n_s32(query.offset)));
    score[part] = vfmaq_f32(vaddq_f32(vld1q_f32(rows.bias + r), vdupq_n_f32(query.constant)),
                            vmulq_n_f32(vld1q_f32(rows.scale + r), query.weight), whole);
    float32x4_t error = vaddq_f32(vld1q_f32(rows.slack + r), vdupq_n_f32(query.slack));
    error = vfmaq_n_f32(error, vld1q_f32(rows.residual + r), query.by_residual);
    error = vfmaq_n_f32(error, vld1q_f32(rows.outside + r), query.by_outside);
    error = vfmaq_n_f32(error, vld1q_f32(rows.norm + r), query.by_norm);
    high[part] = vaddq_f32(score[part], error);
    const uint32x4_t below = vcltq_f32(high[part], vdupq_n_f32(threshold));  // false for NaN
    const uint32x4_t bits = {1, 2, 4, 8};
    mask |= (vaddvq_u32(vbicq_u32(bits, below))) << r;
  }
  if (mask)
    for (size_t part = 0; part < 4; ++part) {
      vst1q_f32(scores + part * 4, score[part]);
      vst1q_f32(upper + part * 4, high[part]);
    }
  return mask;
}

}  // namespace

void fill_scan_neon(ScanKernels& table) { table = {128, 127, 127, dots, bounds}; }

}  // namespace hanok::math
