// Every version against the equations in double, at sizes around those of registers.
#include "math/layer.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "base/random.h"
#include "math/test_cpus.h"

namespace hanok::math {
namespace {

uint16_t to_bf16(double value) {
  const auto u = std::bit_cast<uint32_t>(static_cast<float>(value));
  return static_cast<uint16_t>((u + 0x7FFF + (u >> 16 & 1)) >> 16);
}
double number(uint16_t h) { return std::bit_cast<float>(static_cast<uint32_t>(h) << 16); }
double number(float v) { return v; }

// What a result may be off by: half a unit in the last place, and what sums lose.
template <typename Number>
double slack(double value) {
  return std::is_same_v<Number, float> ? 3e-5 * (1 + std::abs(value)) : 0.0045 * std::abs(value) + 2e-4;
}

template <typename Number>
std::vector<Number> random_numbers(size_t n, uint64_t seed, double shift = 0) {
  base::Random random(seed);
  std::vector<Number> out(n);
  for (auto& v : out) {
    const double value = shift + 2 * random.uniform() - 1;
    if constexpr (std::is_same_v<Number, float>)
      v = static_cast<float>(value);
    else
      v = to_bf16(value);
  }
  return out;
}

class Layers : public testing::TestWithParam<Features> {
 protected:
  LayerKernels k = kernels<LayerKernels>(GetParam());
};

template <typename Number>
void check_norm(const NormKernels<Number>& k, size_t rows, size_t channels, bool relu, bool shortcut) {
  const auto x = random_numbers<Number>(rows * channels, 1, 2), g = random_numbers<Number>(rows * channels, 2),
             s = random_numbers<Number>(rows * channels, 3);
  const auto a = random_numbers<float>(channels, 4), b = random_numbers<float>(channels, 5),
             c = random_numbers<float>(channels, 6);
  const std::string where = std::to_string(rows) + " x " + std::to_string(channels);
  std::vector<double> sum(channels, 1), squares(channels, 1), of_offset(channels, 1), of_scale(channels, 1);
  k.moments(x.data(), rows, channels, a.data(), sum.data(), squares.data());
  std::vector<Number> y(rows * channels), of_x(y.size()), of_shortcut(y.size());
  k.apply(x.data(), shortcut ? s.data() : nullptr, rows, channels, a.data(), b.data(), relu, y.data());
  const Number* seen = relu ? y.data() : nullptr;
  k.gradient_sums(g.data(), seen, x.data(), rows, channels, a.data(), of_offset.data(), of_scale.data());
  k.gradient(g.data(), seen, x.data(), rows, channels, a.data(), b.data(), c.data(), of_x.data(),
             shortcut ? of_shortcut.data() : nullptr);
  for (size_t j = 0; j < channels; ++j) {
    double expected[4] = {1, 1, 1, 1};
    for (size_t r = 0; r < rows; ++r) {
      const size_t at = r * channels + j;
      const double from_shift = number(x[at]) - a[j];
      expected[0] += from_shift, expected[1] += from_shift * from_shift;
      double v = a[j] * number(x[at]) + b[j] + (shortcut ? number(s[at]) : 0);
      if (relu) v = std::max(v, 0.0);
      ASSERT_NEAR(number(y[at]), v, slack<Number>(v)) << where;
      const double d = relu && number(y[at]) <= 0 ? 0 : number(g[at]);
      expected[2] += d, expected[3] += d * from_shift;
      const double gradient = a[j] * d + b[j] * number(x[at]) + c[j];
      ASSERT_NEAR(number(of_x[at]), gradient, slack<Number>(gradient)) << where;
      if (shortcut) ASSERT_EQ(number(of_shortcut[at]), d) << where;
    }
    const double loose = 1e-5 * static_cast<double>(rows + 1);
    ASSERT_NEAR(sum[j], expected[0], loose) << where;
    ASSERT_NEAR(squares[j], expected[1], 10 * loose) << where;
    ASSERT_NEAR(of_offset[j], expected[2], loose) << where;
    ASSERT_NEAR(of_scale[j], expected[3], 4 * loose) << where;
  }
}

TEST_P(Layers, NormsAreTheirEquations) {
  for (const size_t channels : {1, 3, 6, 15, 16, 17, 31, 33, 64, 127})
    for (const size_t rows : {1, 2, 127, 128, 129, 300})
      for (const bool relu : {false, true})
        for (const bool shortcut : {false, true}) {
          check_norm(k.norm_bf16, rows, channels, relu, shortcut);
          check_norm(k.norm_f32, rows, channels, relu, shortcut);
        }
}

TEST_P(Layers, TanhIsTanh) {
  std::vector<uint16_t> x, y;
  for (uint32_t h = 0; h < 0x10000; ++h)  // every bf16 that is a number
    if (std::isfinite(number(static_cast<uint16_t>(h)))) x.push_back(static_cast<uint16_t>(h));
  for (const size_t n : {x.size(), size_t{17}, size_t{3}, size_t{0}}) {
    y.assign(n, 0);
    k.tanh_bf16(x.data(), n, y.data());
    for (size_t i = 0; i < n; ++i) {
      const double expected = std::tanh(number(x[i]));
      ASSERT_NEAR(number(y[i]), expected, 0.0040 * std::abs(expected)) << number(x[i]);
    }
  }
  const auto g = random_numbers<uint16_t>(99, 1), of = random_numbers<uint16_t>(99, 2);
  std::vector<uint16_t> back(99);
  k.tanh_gradient_bf16(g.data(), of.data(), 99, back.data());
  for (size_t i = 0; i < 99; ++i) {
    const double expected = number(g[i]) * (1 - number(of[i]) * number(of[i]));
    ASSERT_NEAR(number(back[i]), expected, slack<uint16_t>(expected));
  }
}

// Damage must be seen: what is no number stays none.
TEST_P(Layers, NotANumberStaysOne) {
  const auto nan = static_cast<uint16_t>(0x7FFF), one = static_cast<uint16_t>(0x3F80);
  const float scale = 1, offset = 0;
  uint16_t y[2];
  const uint16_t x[2] = {nan, one};
  k.norm_bf16.apply(x, nullptr, 2, 1, &scale, &offset, true, y);
  EXPECT_TRUE(std::isnan(number(y[0])) && number(y[1]) == 1);
  k.tanh_bf16(x, 2, y);
  EXPECT_TRUE(std::isnan(number(y[0])) && !std::isnan(number(y[1])));
}

TEST_P(Layers, PoolsAreMeans) {
  for (const size_t channels : {1, 6, 16, 33})
    for (const size_t side : {2, 5, 7, 12})
      for (const size_t pool : {1, 2, 3}) {
        if (pool > side) continue;
        const size_t width = side + 1, h = side / pool, w = width / pool;
        const auto x = random_numbers<uint16_t>(side * width * channels, 1);
        const auto g = random_numbers<uint16_t>(h * w * channels, 2);
        std::vector<uint16_t> y(h * w * channels), of_x(x.size(), 0x7FFF);
        std::vector<float> sums(width * channels);
        k.mean_pool_bf16(x.data(), side, width, channels, pool, sums.data(), y.data());
        k.mean_pool_gradient_bf16(g.data(), side, width, channels, pool, of_x.data());
        for (size_t i = 0; i < side; ++i)
          for (size_t j = 0; j < width; ++j)
            for (size_t c = 0; c < channels; ++c) {
              const bool inside = i / pool < h && j / pool < w;
              const size_t field = ((i / pool) * w + j / pool) * channels + c;
              const double share = 1.0 / static_cast<double>(pool * pool);
              const double expected = inside ? number(g[field]) * share : 0;
              ASSERT_NEAR(number(of_x[(i * width + j) * channels + c]), expected, slack<uint16_t>(expected));
              if (!inside || i % pool || j % pool) continue;
              double mean = 0;
              for (size_t u = 0; u < pool; ++u)
                for (size_t v = 0; v < pool; ++v) mean += share * number(x[((i + u) * width + j + v) * channels + c]);
              ASSERT_NEAR(number(y[field]), mean, slack<uint16_t>(mean));
            }
      }
}

INSTANTIATE_TEST_SUITE_P(Cpus, Layers, testing::ValuesIn(testable_features()), name_of_features);

}  // namespace
}  // namespace hanok::math
