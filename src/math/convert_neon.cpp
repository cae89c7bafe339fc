#include <arm_neon.h>

#include "math/convert_kernels.h"

namespace hanok::math {
namespace {

void f32_to_f16(const float* in, uint16_t* out, size_t n) {
  size_t i = 0;
  for (; i + 4 <= n; i += 4) vst1_u16(out + i, vreinterpret_u16_f16(vcvt_f16_f32(vld1q_f32(in + i))));
  for (; i < n; ++i) out[i] = vget_lane_u16(vreinterpret_u16_f16(vcvt_f16_f32(vdupq_n_f32(in[i]))), 0);
}

inline float32x4_t from_f16(uint16x4_t x) { return vcvt_f32_f16(vreinterpret_f16_u16(x)); }
inline float32x4_t from_bf16(uint16x4_t x) { return vreinterpretq_f32_u32(vshll_n_u16(x, 16)); }

template <float32x4_t (*widen)(uint16x4_t)>
void to_f32(const uint16_t* in, float* out, size_t n) {
  size_t i = 0;
  for (; i + 4 <= n; i += 4) vst1q_f32(out + i, widen(vld1_u16(in + i)));
  for (; i < n; ++i) out[i] = vgetq_lane_f32(widen(vdup_n_u16(in[i])), 0);
}

}  // namespace

void fill_convert_neon(ConvertKernels& table) {
  table.f32_to_f16 = f32_to_f16;
  table.f16_to_f32 = to_f32<from_f16>;
  table.bf16_to_f32 = to_f32<from_bf16>;
}

}  // namespace hanok::math
