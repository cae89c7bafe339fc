#include "math/quantise.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "math/half.h"

namespace hanok::math {
namespace {

constexpr float kLargestHalf = 65504;

void put_half(std::byte* at, float value) {
  const uint16_t bits = float_to_half(std::clamp(value, -kLargestHalf, kLargestHalf));
  std::memcpy(at, &bits, 2);
}
float as_half(float value) { return half_to_float(float_to_half(std::clamp(value, -kLargestHalf, kLargestHalf))); }
void put(std::byte* at, unsigned value) { *at = static_cast<std::byte>(value); }

// To the nearest whole number within low..high, as a float: adding 1.5 * 2^23 leaves no bits behind the point. One
// instruction after another, for many values at once.
float nearest(float x, float low, float high) {
  constexpr float kNoFraction = 12582912;
  x = x < low ? low : x;
  x = x > high ? high : x;
  return (x + kNoFraction) - kNoFraction;
}
int rounded(float x, int low, int high) {
  return static_cast<int>(nearest(x, static_cast<float>(low), static_cast<float>(high)));
}

float largest(const float* x, size_t n) {  // with its sign
  float out = 0;
  for (size_t i = 0; i < n; ++i)
    if (std::fabs(x[i]) > std::fabs(out)) out = x[i];
  return out;
}

// ---- x ~ d q ----

struct Fit {
  float scale = 0;
  double error = 0;
};

// Sums are kept in sixteen lanes, so that the compiler may work on several at once; n is a multiple of 16.
constexpr size_t kLanes = 16;
double sum_of(const float (&lanes)[kLanes]) {
  double out = 0;
  for (const float v : lanes) out += static_cast<double>(v);
  return out;
}

double error_of(const float* x, size_t n, float d, int low, int high) {
  const float inverse = d != 0 ? 1 / d : 0, least = static_cast<float>(low), most = static_cast<float>(high);
  float lanes[kLanes] = {};
  for (size_t i = 0; i < n; i += kLanes)
    for (size_t j = 0; j < kLanes; ++j) {
      const float left = x[i + j] - d * nearest(x[i + j] * inverse, least, most);
      lanes[j] += left * left;
    }
  return sum_of(lanes);
}

// The scale of least squared error for whole numbers low..high, low = -(high + 1). The largest value becomes low, which
// reaches one further than high; around that scale, others with a little more or less room. `round_scale`: what the
// format keeps of a scale.
template <class Round>
Fit fit_scale(const float* x, size_t n, int low, int high, Round round_scale) {
  const float most = largest(x, n);
  if (most == 0) return {};
  Fit best{round_scale(most / static_cast<float>(low)), INFINITY};
  constexpr int kSteps = 9;
  for (const int sign : {1, -1})
    for (int step = -kSteps; step <= kSteps; ++step) {
      const float reach = static_cast<float>(low) + 0.1f * static_cast<float>(step);
      float d = static_cast<float>(sign) * most / reach;
      // With the codes of this scale, the best scale.
      float products[kLanes] = {}, squares[kLanes] = {};
      const float inverse = 1 / d, least = static_cast<float>(low), upper = static_cast<float>(high);
      for (size_t i = 0; i < n; i += kLanes)
        for (size_t j = 0; j < kLanes; ++j) {
          const float q = nearest(x[i + j] * inverse, least, upper);
          products[j] += x[i + j] * q;
          squares[j] += q * q;
        }
      if (const double square = sum_of(squares); square > 0) d = static_cast<float>(sum_of(products) / square);
      d = round_scale(d);
      const double error = error_of(x, n, d, low, high);
      if (error < best.error) best = {d, error};
    }
  return best;
}

void f32(const float* from, size_t blocks, std::byte* to) { std::memcpy(to, from, blocks * sizeof(float)); }
void f16(const float* from, size_t blocks, std::byte* to) {
  for (size_t i = 0; i < blocks; ++i) put_half(to + 2 * i, from[i]);
}
void bf16(const float* from, size_t blocks, std::byte* to) {
  for (size_t i = 0; i < blocks; ++i) {
    const uint16_t bits = float_to_bf16(from[i]);
    std::memcpy(to + 2 * i, &bits, 2);
  }
}

void q8_0(const float* x, size_t blocks, std::byte* to) {
  for (; blocks--; x += 32, to += 34) {
    const float d = std::fabs(largest(x, 32)) / 127, inverse = d != 0 ? 1 / d : 0;
    put_half(to, d);
    for (size_t i = 0; i < 32; ++i)
      put(to + 2 + i, static_cast<uint8_t>(static_cast<int>(std::roundf(x[i] * inverse))));
  }
}

void q4_0(const float* x, size_t blocks, std::byte* to) {
  for (; blocks--; x += 32, to += 18) {
    const float d = fit_scale(x, 32, -8, 7, as_half).scale, inverse = d != 0 ? 1 / d : 0;
    put_half(to, d);
    const auto code = [&](size_t i) { return static_cast<unsigned>(rounded(x[i] * inverse, -8, 7) + 8); };
    for (size_t i = 0; i < 16; ++i) put(to + 2 + i, code(i) | code(i + 16) << 4);
  }
}

void q5_0(const float* x, size_t blocks, std::byte* to) {
  for (; blocks--; x += 32, to += 22) {
    const float d = fit_scale(x, 32, -16, 15, as_half).scale, inverse = d != 0 ? 1 / d : 0;
    put_half(to, d);
    uint32_t high = 0;
    for (size_t i = 0; i < 16; ++i) {
      const auto a = static_cast<unsigned>(rounded(x[i] * inverse, -16, 15) + 16);
      const auto b = static_cast<unsigned>(rounded(x[i + 16] * inverse, -16, 15) + 16);
      put(to + 6 + i, (a & 15) | (b & 15) << 4);
      high |= (a >> 4) << i | (b >> 4) << (i + 16);
    }
    std::memcpy(to + 2, &high, 4);
  }
}

// ---- x ~ s q - m, q 0..15, m >= 0 ----

struct Line {
  float scale = 0, minimum = 0;
};

double error_of(const float* x, Line l) {
  const float inverse = l.scale != 0 ? 1 / l.scale : 0;
  float lanes[kLanes] = {};
  for (size_t i = 0; i < 32; i += kLanes)
    for (size_t j = 0; j < kLanes; ++j) {
      const float up = x[i + j] + l.minimum, left = up - l.scale * nearest(up * inverse, 0, 15);
      lanes[j] += left * left;
    }
  return sum_of(lanes);
}

// Least squares over the codes that a first line gives.
Line refitted(const float* x, Line l) {
  const float inverse = l.scale != 0 ? 1 / l.scale : 0;
  float ones[kLanes] = {}, squares[kLanes] = {}, values[kLanes] = {}, products[kLanes] = {};
  for (size_t i = 0; i < 32; i += kLanes)
    for (size_t j = 0; j < kLanes; ++j) {
      const float q = nearest((x[i + j] + l.minimum) * inverse, 0, 15);
      ones[j] += q;
      squares[j] += q * q;
      values[j] += x[i + j];
      products[j] += x[i + j] * q;
    }
  const double q1 = sum_of(ones), q2 = sum_of(squares), x1 = sum_of(values), xq = sum_of(products);
  const double spread = 32 * q2 - q1 * q1;
  if (spread <= 0) return l;
  Line out{static_cast<float>((32 * xq - x1 * q1) / spread), static_cast<float>(-(q2 * x1 - q1 * xq) / spread)};
  if (out.minimum < 0) out = {static_cast<float>(xq / q2), 0};
  return out.scale > 0 ? out : l;
}

// The best of several first guesses of the scale, each refitted twice.
Line fit_line(const float* x) {
  const auto [low_at, high_at] = std::minmax_element(x, x + 32);
  const float low = std::min(*low_at, 0.0f), high = *high_at;
  if (high <= low) return {0, -low};
  Line best{(high - low) / 15, -low};
  double least = error_of(x, best);
  constexpr int kSteps = 20;
  for (int step = 0; step <= kSteps; ++step) {
    Line l{(high - low) / (13.5f + 0.15f * static_cast<float>(step)), -low};
    for (int again = 0; again < 2; ++again) {
      l = refitted(x, l);
      if (const double error = error_of(x, l); error < least) least = error, best = l;
    }
  }
  return best;
}

// Whole numbers of six bits for the scales and minima of eight lines. The neighbours of the nearest pair are tried too:
// the two roundings add up.
struct Pair {
  int scale = 0, minimum = 0;
};
double choose_pairs(const float* x, const Line* lines, float d, float least, Pair* out) {
  double sum = 0;
  for (size_t j = 0; j < 8; ++j) {
    const int s = d != 0 ? rounded(lines[j].scale / d, 0, 63) : 0;
    const int m = least != 0 ? rounded(lines[j].minimum / least, 0, 63) : 0;
    double best = INFINITY;
    for (int a = std::max(s - 1, 0); a <= std::min(s + 1, 63); ++a)
      for (int b = std::max(m - 1, 0); b <= std::min(m + 1, 63); ++b) {
        const double error = error_of(x + 32 * j, {d * static_cast<float>(a), least * static_cast<float>(b)});
        if (error < best) best = error, out[j] = {a, b};
      }
    sum += best;
  }
  return sum;
}

void q4_k(const float* x, size_t blocks, std::byte* to) {
  for (; blocks--; x += 256, to += 144) {
    Line lines[8];
    float scale = 0, minimum = 0;
    for (size_t j = 0; j < 8; ++j) {
      lines[j] = fit_line(x + 32 * j);
      scale = std::max(scale, lines[j].scale);
      minimum = std::max(minimum, lines[j].minimum);
    }
    // The largest need not be 63: a few other steps may suit the eight better.
    Pair pairs[8];
    float d = 0, least = 0;
    double best = INFINITY;
    for (const float a : {63.0f, 61.5f, 60.0f})
      for (const float b : {63.0f, 61.0f}) {
        Pair tried[8];
        const float with = as_half(scale / a), from = as_half(minimum / b);
        const double error = choose_pairs(x, lines, with, from, tried);
        if (error < best) best = error, d = with, least = from, std::copy_n(tried, 8, pairs);
      }
    put_half(to, d);
    put_half(to + 2, least);
    std::memset(to + 4, 0, 12);
    auto* packed = reinterpret_cast<uint8_t*>(to + 4);
    for (size_t j = 0; j < 8; ++j) {
      const auto [s, m] = pairs[j];
      if (j < 4) {
        packed[j] = static_cast<uint8_t>(packed[j] | s);
        packed[j + 4] = static_cast<uint8_t>(packed[j + 4] | m);
      } else {
        packed[j + 4] = static_cast<uint8_t>((s & 15) | (m & 15) << 4);
        packed[j - 4] = static_cast<uint8_t>(packed[j - 4] | (s >> 4) << 6);
        packed[j] = static_cast<uint8_t>(packed[j] | (m >> 4) << 6);
      }
      const float by = d * static_cast<float>(s), minus = least * static_cast<float>(m);
      const float inverse = by != 0 ? 1 / by : 0;
      std::byte* q = to + 16 + 32 * (j / 2);
      for (size_t i = 0; i < 32; ++i) {
        const auto code = static_cast<unsigned>(rounded((x[32 * j + i] + minus) * inverse, 0, 15));
        q[i] = j % 2 ? q[i] | static_cast<std::byte>(code << 4) : static_cast<std::byte>(code);
      }
    }
  }
}

// ---- sixteen signed scales of scales ----

void q6_k(const float* x, size_t blocks, std::byte* to) {
  const auto same = [](float d) { return d; };
  for (; blocks--; x += 256, to += 210) {
    float scales[16];
    for (size_t j = 0; j < 16; ++j) scales[j] = fit_scale(x + 16 * j, 16, -32, 31, same).scale;
    const float d = as_half(largest(scales, 16) / -128), inverse = d != 0 ? 1 / d : 0;
    put_half(to + 208, d);
    std::memset(to, 0, 192);
    for (size_t j = 0; j < 16; ++j) {
      const int nearest = rounded(scales[j] * inverse, -128, 127);
      int s = nearest;
      double best = INFINITY;
      for (int a = std::max(nearest - 1, -128); a <= std::min(nearest + 1, 127); ++a)
        if (const double error = error_of(x + 16 * j, 16, d * static_cast<float>(a), -32, 31); error < best)
          best = error, s = a;
      put(to + 192 + j, static_cast<uint8_t>(s));
      const float by = d * static_cast<float>(s), back = by != 0 ? 1 / by : 0;
      for (size_t i = 0; i < 16; ++i) {
        const auto q = static_cast<unsigned>(rounded(x[16 * j + i] * back, -32, 31) + 32);
        const size_t at = 16 * j + i, half = at / 128, in = at % 128, part = in / 32, column = in % 32;
        std::byte &low = to[64 * half + column + 32 * (part % 2)], &high = to[128 + 32 * half + column];
        low |= static_cast<std::byte>((q & 15) << (part < 2 ? 0 : 4));
        high |= static_cast<std::byte>((q >> 4) << (2 * part));
      }
    }
  }
}

using Quantiser = void (*)(const float*, size_t, std::byte*);
Quantiser quantiser(WeightFormat format) {
  switch (format) {
    case WeightFormat::F32:
      return f32;
    case WeightFormat::F16:
      return f16;
    case WeightFormat::Bf16:
      return bf16;
    case WeightFormat::Q8_0:
      return q8_0;
    case WeightFormat::Q5_0:
      return q5_0;
    case WeightFormat::Q4_0:
      return q4_0;
    case WeightFormat::Q4_K:
      return q4_k;
    case WeightFormat::Q6_K:
      return q6_k;
    default:
      return nullptr;
  }
}

}  // namespace

bool can_quantise(WeightFormat format) { return quantiser(format) != nullptr; }

void quantise(WeightFormat format, const float* from, size_t blocks, std::byte* to) {
  quantiser(format)(from, blocks, to);
}

}  // namespace hanok::math
