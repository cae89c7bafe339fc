// NEON (every 64-bit ARM). Four accumulators, as a sum's latency is four cycles and two start in each.
#include <arm_neon.h>

#include "math/distance_kernels.h"

namespace hanok::math {
namespace {

// How four stored numbers become floats, and one.
struct F32 {
  using T = float;
  static float32x4_t load(const T* p) { return vld1q_f32(p); }
  static float one(T x) { return x; }
};
struct F16 {
  using T = uint16_t;
  static float32x4_t load(const T* p) { return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p))); }
  static float one(T x) { return vgetq_lane_f32(vcvt_f32_f16(vreinterpret_f16_u16(vdup_n_u16(x))), 0); }
};
struct Bf16 {
  using T = uint16_t;
  static float32x4_t load(const T* p) { return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(p), 16)); }
  static float one(T x) { return vgetq_lane_f32(vreinterpretq_f32_u32(vshll_n_u16(vdup_n_u16(x), 16)), 0); }
};
struct U8 {
  using T = uint8_t;
  static float32x4_t load(const T* p) {
    uint32_t four;
    __builtin_memcpy(&four, p, 4);
    return vcvtq_f32_u32(vmovl_u16(vget_low_u16(vmovl_u8(vreinterpret_u8_u32(vdup_n_u32(four))))));
  }
  static float one(T x) { return static_cast<float>(x); }
};

// What is summed.
struct L2 {
  static float32x4_t add(float32x4_t sum, float32x4_t a, float32x4_t b) {
    const float32x4_t d = vsubq_f32(a, b);
    return vfmaq_f32(sum, d, d);
  }
  static float one(float a, float b) { return (a - b) * (a - b); }
};
struct Ip {
  static float32x4_t add(float32x4_t sum, float32x4_t a, float32x4_t b) { return vfmaq_f32(sum, a, b); }
  static float one(float a, float b) { return a * b; }
};

template <typename Term, typename Stored>
float total(const float* a, const typename Stored::T* b, size_t dim) {
  float32x4_t s[4] = {vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0)};
  size_t j = 0;
  for (; j + 16 <= dim; j += 16)
    for (size_t t = 0; t < 4; ++t) s[t] = Term::add(s[t], vld1q_f32(a + j + t * 4), Stored::load(b + j + t * 4));
  for (; j + 4 <= dim; j += 4) s[0] = Term::add(s[0], vld1q_f32(a + j), Stored::load(b + j));
  float sum = vaddvq_f32(vaddq_f32(vaddq_f32(s[0], s[1]), vaddq_f32(s[2], s[3])));
  for (; j < dim; ++j) sum += Term::one(a[j], Stored::one(b[j]));
  return sum;
}

template <typename Term>
void rows_of(const float* a, const float* const* rows, size_t n, size_t dim, float* out) {
  size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    float32x4_t s[4] = {vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0)};
    size_t j = 0;
    for (; j + 4 <= dim; j += 4)
      for (size_t r = 0; r < 4; ++r) s[r] = Term::add(s[r], vld1q_f32(a + j), vld1q_f32(rows[i + r] + j));
    for (size_t r = 0; r < 4; ++r) {
      out[i + r] = vaddvq_f32(s[r]);
      for (size_t t = j; t < dim; ++t) out[i + r] += Term::one(a[t], rows[i + r][t]);
    }
  }
  for (; i < n; ++i) out[i] = total<Term, F32>(a, rows[i], dim);
}

void ip_square_rows(const float* a, const float* const* rows, size_t n, size_t dim, float* out, float* squares) {
  for (size_t i = 0; i < n; ++i)
    out[i] = total<Ip, F32>(a, rows[i], dim), squares[i] = total<Ip, F32>(rows[i], rows[i], dim);
}

float l2_sq8(const float* a, const uint8_t* b, float offset, float scale, size_t dim) {
  const float32x4_t base = vdupq_n_f32(offset), step = vdupq_n_f32(scale);
  float32x4_t s0 = vdupq_n_f32(0), s1 = s0;
  size_t j = 0;
  for (; j + 8 <= dim; j += 8) {
    s0 = L2::add(s0, vld1q_f32(a + j), vfmaq_f32(base, step, U8::load(b + j)));
    s1 = L2::add(s1, vld1q_f32(a + j + 4), vfmaq_f32(base, step, U8::load(b + j + 4)));
  }
  float sum = vaddvq_f32(vaddq_f32(s0, s1));
  for (; j < dim; ++j) sum += L2::one(a[j], offset + scale * static_cast<float>(b[j]));
  return sum;
}

inline uint32x4_t products(uint32x4_t sum, uint8x16_t a, uint8x16_t b) {
  sum = vpadalq_u16(sum, vmull_u8(vget_low_u8(a), vget_low_u8(b)));
  return vpadalq_u16(sum, vmull_high_u8(a, b));
}

// Squares of differences of any bytes: |a - b| fits a byte. A 32-bit lane takes four squares for every 16 dims, so it
// wraps no sooner than the unsigned total itself could.
uint32_t l2_bytes(const uint8_t* a, const uint8_t* b, size_t dim) {
  uint32x4_t s = vdupq_n_u32(0);
  size_t j = 0;
  for (; j + 16 <= dim; j += 16) {
    const uint8x16_t d = vabdq_u8(vld1q_u8(a + j), vld1q_u8(b + j));
    s = products(s, d, d);
  }
  uint32_t sum = vaddvq_u32(s);
  for (; j < dim; ++j) sum += static_cast<uint32_t>((a[j] - b[j]) * (a[j] - b[j]));
  return sum;
}

uint32_t ip_bytes(const uint8_t* a, const uint8_t* b, size_t dim) {
  uint32x4_t s = vdupq_n_u32(0);
  size_t j = 0;
  for (; j + 16 <= dim; j += 16) s = products(s, vld1q_u8(a + j), vld1q_u8(b + j));
  uint32_t sum = vaddvq_u32(s);
  for (; j < dim; ++j) sum += static_cast<uint32_t>(a[j]) * b[j];
  return sum;
}

uint32_t hamming(const uint8_t* a, const uint8_t* b, size_t bytes) {
  uint32x4_t s = vdupq_n_u32(0);
  size_t j = 0;
  for (; j + 16 <= bytes; j += 16) s = vpadalq_u16(s, vpaddlq_u8(vcntq_u8(veorq_u8(vld1q_u8(a + j), vld1q_u8(b + j)))));
  uint32_t bits = vaddvq_u32(s);
  for (; j < bytes; ++j) bits += static_cast<uint32_t>(__builtin_popcount(a[j] ^ b[j]));
  return bits;
}

uint32_t l2_on_a_circle(const uint8_t* a, const uint8_t* b, size_t dim) {
  uint32x4_t s = vdupq_n_u32(0);
  size_t j = 0;
  for (; j + 16 <= dim; j += 16) {
    const int8x16_t difference = vreinterpretq_s8_u8(vsubq_u8(vld1q_u8(a + j), vld1q_u8(b + j)));
    const uint8x16_t d = vreinterpretq_u8_s8(vqabsq_s8(difference));  // -128 becomes 127
    s = products(s, d, d);
  }
  uint32_t sum = vaddvq_u32(s);
  for (; j < dim; ++j) {
    const int difference = static_cast<int8_t>(static_cast<uint8_t>(a[j] - b[j]));
    const int held = difference < -127 ? 127 : difference;
    sum += static_cast<uint32_t>(held * held);
  }
  return sum;
}

void scan_records(const uint8_t* query, const uint8_t* base, size_t lines, const uint32_t* ids, size_t n,
                  int32_t* out) {
  constexpr size_t kAhead = 4;
  const size_t bytes = lines * 64;
  const auto prefetch = [&](size_t i) {
    for (size_t l = 0; l < lines; ++l) __builtin_prefetch(base + ids[i] * bytes + l * 64);
  };
  for (size_t i = 0; i < n && i < kAhead; ++i) prefetch(i);
  for (size_t i = 0; i < n; ++i) {
    if (i + kAhead < n) prefetch(i + kAhead);
    const uint8_t* record = base + ids[i] * bytes;
    uint32_t bias;  // of a damaged file: any number, so the sum wraps by definition
    __builtin_memcpy(&bias, record + bytes - 4, 4);
    out[i] = static_cast<int32_t>(l2_on_a_circle(query, record, bytes - 4) + bias);
  }
}

// A quarter of a block, four records, in one register.
void nearest_of_panel(const uint8_t* query, const uint8_t* panel, const int32_t* bias, size_t groups, size_t blocks,
                      int32_t* distance, uint32_t* record) {
  int32x4_t least[4];
  uint32x4_t number[4];
  for (size_t v = 0; v < 4; ++v) least[v] = vdupq_n_s32(INT32_MAX), number[v] = vdupq_n_u32(UINT32_MAX);
  for (size_t b = 0; b < blocks; ++b) {
    uint32x4_t sum[4];
    for (size_t v = 0; v < 4; ++v) sum[v] = vreinterpretq_u32_s32(vld1q_s32(bias + b * kPanelRecords + v * 4));
    for (size_t g = 0; g < groups; ++g) {
      uint32_t four;
      __builtin_memcpy(&four, query + g * 4, 4);
      const uint8x16_t q = vreinterpretq_u8_u32(vdupq_n_u32(four));
      for (size_t v = 0; v < 4; ++v) {
        const uint8x16_t x = vld1q_u8(panel + (b * groups + g) * 64 + v * 16);
        const uint8x16_t d = vreinterpretq_u8_s8(vqabsq_s8(vreinterpretq_s8_u8(vsubq_u8(q, x))));
        const uint32x4_t low = vpaddlq_u16(vmull_u8(vget_low_u8(d), vget_low_u8(d)));
        const uint32x4_t high = vpaddlq_u16(vmull_high_u8(d, d));
        sum[v] = vaddq_u32(sum[v], vpaddq_u32(low, high));
      }
    }
    for (size_t v = 0; v < 4; ++v) {
      const int32x4_t s = vreinterpretq_s32_u32(sum[v]);
      const uint32x4_t nearer = vcltq_s32(s, least[v]);
      least[v] = vbslq_s32(nearer, s, least[v]);
      const uint32_t first = static_cast<uint32_t>(b * kPanelRecords + v * 4);
      const uint32x4_t own = {first, first + 1, first + 2, first + 3};
      number[v] = vbslq_u32(nearer, own, number[v]);
    }
  }
  for (size_t v = 0; v < 4; ++v) vst1q_s32(distance + v * 4, least[v]), vst1q_u32(record + v * 4, number[v]);
}

void project(const uint8_t* x, const int8_t* rows, size_t stride, size_t n, int32_t* out) {
  for (size_t i = 0; i < n; ++i) {
    int32x4_t s = vdupq_n_s32(0);
    for (size_t j = 0; j < stride; j += 16) {
      const uint8x16_t v = vld1q_u8(x + j);
      const int8x16_t r = vld1q_s8(rows + i * stride + j);
      const int16x8_t v0 = vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(v))),
                      v1 = vreinterpretq_s16_u16(vmovl_high_u8(v)), r0 = vmovl_s8(vget_low_s8(r)),
                      r1 = vmovl_high_s8(r);
      s = vmlal_s16(vmlal_high_s16(s, v0, r0), vget_low_s16(v0), vget_low_s16(r0));
      s = vmlal_s16(vmlal_high_s16(s, v1, r1), vget_low_s16(v1), vget_low_s16(r1));
    }
    out[i] = vaddvq_s32(s);
  }
}

}  // namespace

void fill_distance_neon(DistanceKernels& table) {
  table.l2_f32 = total<L2, F32>;
  table.ip_f32 = total<Ip, F32>;
  table.l2_f16 = total<L2, F16>;
  table.ip_f16 = total<Ip, F16>;
  table.l2_bf16 = total<L2, Bf16>;
  table.ip_bf16 = total<Ip, Bf16>;
  table.l2_u8 = l2_bytes;
  table.ip_u8 = ip_bytes;
  table.l2_sq8 = l2_sq8;
  table.ip_f32u8 = total<Ip, U8>;
  table.l2_u7 = l2_bytes;
  table.hamming = hamming;
  table.l2_f32_rows = rows_of<L2>;
  table.ip_f32_rows = rows_of<Ip>;
  table.ip_square_f32_rows = ip_square_rows;
  table.scan_records = scan_records;
  table.nearest_of_panel = nearest_of_panel;
  table.project = project;
}

}  // namespace hanok::math
