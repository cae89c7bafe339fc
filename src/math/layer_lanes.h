// The kernels of layer_kernels.h on sixteen numbers at once, in the compiler's own vectors: the same lines give four
// registers of SSE2, two of AVX2 or one of AVX-512. Included once by each file with its CPU flags; everything lies in
// an unnamed namespace, so no file's code is another's.
#include <cstring>

#include "math/layer_kernels.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wpsabi"  // vectors by value: within this file only
#endif

namespace hanok::math {
namespace {

constexpr size_t kLanes = 16;
constexpr size_t kTile = 128;  // rows between which sums stay in registers; longer, and float32 loses digits

using Floats = float __attribute__((vector_size(4 * kLanes)));
using Words = uint32_t __attribute__((vector_size(4 * kLanes)));
using Halves = uint16_t __attribute__((vector_size(2 * kLanes)));
#define HANOK_LANES inline __attribute__((always_inline))

HANOK_LANES Floats all(float v) { return Floats{} + v; }

HANOK_LANES Floats widened(Halves h) { return reinterpret_cast<Floats>(__builtin_convertvector(h, Words) << 16); }
HANOK_LANES Halves rounded(Floats v) {
  const Words u = reinterpret_cast<Words>(v);
  const Words nearest = u + 0x7FFFu + ((u >> 16) & 1u);
  const Words kept = v != v ? (u | 0x400000u) : nearest;
  return __builtin_convertvector(kept >> 16, Halves);
}

HANOK_LANES Floats load(const float* p) {
  Floats v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
HANOK_LANES Floats load(const uint16_t* p) {
  Halves h;
  std::memcpy(&h, p, sizeof h);
  return widened(h);
}
HANOK_LANES void store(float* p, Floats v) { std::memcpy(p, &v, sizeof v); }
HANOK_LANES void store(uint16_t* p, Floats v) {
  const Halves h = rounded(v);
  std::memcpy(p, &h, sizeof h);
}
// The first n of sixteen; the others are 0, and are not written.
template <typename Number>
HANOK_LANES Floats load_some(const Number* p, size_t n) {
  Number all[kLanes] = {};
  std::memcpy(all, p, n * sizeof(Number));
  return load(all);
}
template <typename Number>
HANOK_LANES void store_some(Number* p, Floats v, size_t n) {
  Number all[kLanes];
  store(all, v);
  std::memcpy(p, all, n * sizeof(Number));
}

// Sixteen channels of a row, or fewer: Whole says at compile time which, so that rows of whole ones are plain loads.
template <bool Whole, typename Number>
HANOK_LANES Floats get(const Number* p, size_t n) {
  if constexpr (Whole) return load(p);
  return load_some(p, n);
}
template <bool Whole, typename Number>
HANOK_LANES void put(Number* p, Floats v, size_t n) {
  if constexpr (Whole)
    store(p, v);
  else
    store_some(p, v, n);
}

// block(whole, first row, rows, first channel, channels) for tiles of rows, and in each for sixteen channels at a time:
// a tile stays in the cache while its channels are gone through.
template <typename Block>
HANOK_LANES void for_blocks(size_t rows, size_t channels, const Block& block) {
  for (size_t r = 0; r < rows; r += kTile) {
    const size_t n = rows - r < kTile ? rows - r : kTile;
    size_t c = 0;
    for (; c + kLanes <= channels; c += kLanes) block.template run<true>(r, n, c, kLanes);
    if (c < channels) block.template run<false>(r, n, c, channels - c);
  }
}

HANOK_LANES void add_to(double* sums, Floats v, size_t n) {
  float out[kLanes];
  store(out, v);
  for (size_t j = 0; j < n; ++j) sums[j] += static_cast<double>(out[j]);
}

template <typename Number>
struct Moments {
  const Number* x;
  size_t channels;
  const float* shift;
  double *sum, *squares;
  template <bool Whole>
  HANOK_LANES void run(size_t row, size_t rows, size_t c, size_t n) const {
    const Floats k = get<Whole>(shift + c, n);
    Floats s{}, q{};
    const Number* at = x + row * channels + c;
    for (size_t r = 0; r < rows; ++r, at += channels) {
      const Floats d = get<Whole>(at, n) - k;
      s += d;
      q += d * d;
    }
    add_to(sum + c, s, n);
    add_to(squares + c, q, n);
  }
};
template <typename Number>
void moments(const Number* x, size_t rows, size_t channels, const float* shift, double* sum, double* squares) {
  for_blocks(rows, channels, Moments<Number>{x, channels, shift, sum, squares});
}

template <typename Number, bool Relu, bool Shortcut>
struct Apply {
  const Number *x, *shortcut;
  size_t channels;
  const float *scale, *offset;
  Number* y;
  template <bool Whole>
  HANOK_LANES void run(size_t row, size_t rows, size_t c, size_t n) const {
    const Floats a = get<Whole>(scale + c, n), b = get<Whole>(offset + c, n);
    size_t at = row * channels + c;
    for (size_t r = 0; r < rows; ++r, at += channels) {
      Floats v = a * get<Whole>(x + at, n) + b;
      if constexpr (Shortcut) v += get<Whole>(shortcut + at, n);
      if constexpr (Relu) v = v < 0.0f ? Floats{} : v;
      put<Whole>(y + at, v, n);
    }
  }
};
template <typename Number, bool Relu>
void apply_with(const Number* x, const Number* shortcut, size_t rows, size_t channels, const float* scale,
                const float* offset, Number* y) {
  if (shortcut)
    for_blocks(rows, channels, Apply<Number, Relu, true>{x, shortcut, channels, scale, offset, y});
  else
    for_blocks(rows, channels, Apply<Number, Relu, false>{x, shortcut, channels, scale, offset, y});
}
template <typename Number>
void apply(const Number* x, const Number* shortcut, size_t rows, size_t channels, const float* scale,
           const float* offset, bool relu, Number* y) {
  if (relu)
    apply_with<Number, true>(x, shortcut, rows, channels, scale, offset, y);
  else
    apply_with<Number, false>(x, shortcut, rows, channels, scale, offset, y);
}

template <bool Whole, bool Relu, typename Number>
HANOK_LANES Floats gradient_of_norm(const Number* g, const Number* y, size_t n) {
  const Floats d = get<Whole>(g, n);
  if constexpr (Relu) return get<Whole>(y, n) <= 0.0f ? Floats{} : d;
  return d;
}

template <typename Number, bool Relu>
struct GradientSums {
  const Number *g, *y, *x;
  size_t channels;
  const float* mean;
  double *of_offset, *of_scale;
  template <bool Whole>
  HANOK_LANES void run(size_t row, size_t rows, size_t c, size_t n) const {
    const Floats m = get<Whole>(mean + c, n);
    Floats s{}, p{};
    size_t at = row * channels + c;
    for (size_t r = 0; r < rows; ++r, at += channels) {
      const Floats d = gradient_of_norm<Whole, Relu>(g + at, y + at, n);
      s += d;
      p += d * (get<Whole>(x + at, n) - m);
    }
    add_to(of_offset + c, s, n);
    add_to(of_scale + c, p, n);
  }
};
template <typename Number>
void gradient_sums(const Number* g, const Number* y, const Number* x, size_t rows, size_t channels, const float* mean,
                   double* of_offset, double* of_scale) {
  if (y)
    for_blocks(rows, channels, GradientSums<Number, true>{g, y, x, channels, mean, of_offset, of_scale});
  else
    for_blocks(rows, channels, GradientSums<Number, false>{g, g, x, channels, mean, of_offset, of_scale});
}

template <typename Number, bool Relu, bool Shortcut>
struct Gradient {
  const Number *g, *y, *x;
  size_t channels;
  const float *a, *b, *offset;
  Number *of_x, *of_shortcut;
  template <bool Whole>
  HANOK_LANES void run(size_t row, size_t rows, size_t c, size_t n) const {
    const Floats ka = get<Whole>(a + c, n), kb = get<Whole>(b + c, n), kc = get<Whole>(offset + c, n);
    size_t at = row * channels + c;
    for (size_t r = 0; r < rows; ++r, at += channels) {
      const Floats d = gradient_of_norm<Whole, Relu>(g + at, y + at, n);
      put<Whole>(of_x + at, ka * d + kb * get<Whole>(x + at, n) + kc, n);
      if constexpr (Shortcut) put<Whole>(of_shortcut + at, d, n);
    }
  }
};
template <typename Number, bool Relu>
void gradient_with(const Number* g, const Number* y, const Number* x, size_t rows, size_t channels, const float* a,
                   const float* b, const float* offset, Number* of_x, Number* of_shortcut) {
  if (of_shortcut)
    for_blocks(rows, channels, Gradient<Number, Relu, true>{g, y, x, channels, a, b, offset, of_x, of_shortcut});
  else
    for_blocks(rows, channels, Gradient<Number, Relu, false>{g, y, x, channels, a, b, offset, of_x, of_shortcut});
}
template <typename Number>
void gradient(const Number* g, const Number* y, const Number* x, size_t rows, size_t channels, const float* a,
              const float* b, const float* offset, Number* of_x, Number* of_shortcut) {
  if (y)
    gradient_with<Number, true>(g, y, x, rows, channels, a, b, offset, of_x, of_shortcut);
  else
    gradient_with<Number, false>(g, g, x, rows, channels, a, b, offset, of_x, of_shortcut);
}

// e^x for 0 <= x <= 40: 2^n times a polynomial on +-ln 2 / 2, relative error below 2^-20.
HANOK_LANES Floats exp_of(Floats x) {
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding it leaves the nearest whole number in the last bits
  const Floats shifted = x * 1.44269504f + kRound, n = shifted - kRound;
  const Floats r = x - n * 0.69314718f;
  Floats p = all(0.0083333333f);
  p = p * r + 0.041666667f;
  p = p * r + 0.16666667f;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const Words power = (reinterpret_cast<Words>(shifted) << 23) + (127u << 23);
  return p * reinterpret_cast<Floats>(power);
}
HANOK_LANES Floats tanh_of(Floats x) {
  constexpr float kOne = 10.0f, kSmall = 0.03f;  // beyond, tanh is 1; below, x - x^3 / 3 is closer than a difference
  const Words sign = reinterpret_cast<Words>(x) & 0x80000000u;
  const Floats magnitude = reinterpret_cast<Floats>(reinterpret_cast<Words>(x) ^ sign);
  const Floats held = magnitude > kOne ? all(kOne) : magnitude;
  const Floats far = 1.0f - 2.0f / (exp_of(2.0f * held) + 1.0f);
  const Floats near = magnitude - magnitude * magnitude * magnitude * (1.0f / 3);
  const Floats y = magnitude < kSmall ? near : far;
  return x != x ? x : reinterpret_cast<Floats>(reinterpret_cast<Words>(y) | sign);
}
void tanh_bf16(const uint16_t* x, size_t n, uint16_t* y) {
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(y + i, tanh_of(load(x + i)));
  if (i < n) store_some(y + i, tanh_of(load_some(x + i, n - i)), n - i);
}
HANOK_LANES Floats tanh_gradient_of(Floats g, Floats y) { return g * (1.0f - y * y); }
void tanh_gradient_bf16(const uint16_t* g, const uint16_t* y, size_t n, uint16_t* of_x) {
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(of_x + i, tanh_gradient_of(load(g + i), load(y + i)));
  if (i < n) store_some(of_x + i, tanh_gradient_of(load_some(g + i, n - i), load_some(y + i, n - i)), n - i);
}

// sums = or += a row of n numbers.
template <bool Add>
HANOK_LANES void sum_row(const uint16_t* x, size_t n, float* sums) {
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(sums + i, Add ? load(sums + i) + load(x + i) : load(x + i));
  if (i < n) {
    const Floats v = load_some(x + i, n - i);
    store_some(sums + i, Add ? load_some(sums + i, n - i) + v : v, n - i);
  }
}
HANOK_LANES float widened_one(uint16_t h) {
  const uint32_t u = static_cast<uint32_t>(h) << 16;
  float v;
  std::memcpy(&v, &u, sizeof v);
  return v;
}
HANOK_LANES uint16_t rounded_one(float v) {
  uint32_t u;
  std::memcpy(&u, &v, sizeof u);
  return static_cast<uint16_t>((v != v ? (u | 0x400000u) : u + 0x7FFFu + ((u >> 16) & 1u)) >> 16);
}
void mean_pool_bf16(const uint16_t* x, size_t height, size_t width, size_t channels, size_t k, float* sums,
                    uint16_t* y) {
  const float share = 1.0f / static_cast<float>(k * k);
  const size_t row = width * channels;
  for (size_t i = 0; i < height / k; ++i) {
    sum_row<false>(x, row, sums);
    for (size_t u = 1; u < k; ++u) sum_row<true>(x + u * row, row, sums);
    x += k * row;
    const float* field = sums;
    for (size_t j = 0; j < width / k; ++j, field += k * channels)
      for (size_t c = 0; c < channels; ++c) {
        float sum = field[c];
        for (size_t v = 1; v < k; ++v) sum += field[v * channels + c];
        *y++ = rounded_one(sum * share);
      }
  }
}
void mean_pool_gradient_bf16(const uint16_t* g, size_t height, size_t width, size_t channels, size_t k,
                             uint16_t* of_x) {
  const float share = 1.0f / static_cast<float>(k * k);
  const size_t row = width * channels, used = width / k * k * channels;
  for (size_t i = 0; i < height / k; ++i) {
    uint16_t* field = of_x;
    for (size_t j = 0; j < width / k; ++j, field += k * channels, g += channels)
      for (size_t c = 0; c < channels; ++c) {
        const uint16_t each = rounded_one(widened_one(g[c]) * share);
        for (size_t v = 0; v < k; ++v) field[v * channels + c] = each;
      }
    std::memset(of_x + used, 0, (row - used) * sizeof *of_x);
    for (size_t u = 1; u < k; ++u) std::memcpy(of_x + u * row, of_x, row * sizeof *of_x);
    of_x += k * row;
  }
  std::memset(of_x, 0, height % k * row * sizeof *of_x);
}

void fill(LayerKernels& table) {
  table.norm_bf16 = {moments<uint16_t>, apply<uint16_t>, gradient_sums<uint16_t>, gradient<uint16_t>};
  table.norm_f32 = {moments<float>, apply<float>, gradient_sums<float>, gradient<float>};
  table.tanh_bf16 = tanh_bf16;
  table.tanh_gradient_bf16 = tanh_gradient_bf16;
  table.mean_pool_bf16 = mean_pool_bf16;
  table.mean_pool_gradient_bf16 = mean_pool_gradient_bf16;
}

}  // namespace
}  // namespace hanok::math
