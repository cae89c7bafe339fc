#include "math/rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/random.h"

namespace hanok::math {
namespace {

constexpr size_t kSizes[] = {0, 1, 2, 3, 5, 7, 8, 15, 16, 17, 31, 33, 127, 1023};
constexpr float kGuard = 12345.5f;  // stands behind every row: a kernel that writes too far changes it

std::vector<float> random_row(size_t n, uint64_t seed, float spread = 3) {
  base::Random random(seed);
  std::vector<float> x(n + 1, kGuard);
  for (size_t i = 0; i < n; ++i) x[i] = spread * static_cast<float>(random.normal());
  return x;
}

// Runs `apply(table, row)` for every size and level, and compares with the scalar table.
template <class Apply>
void compare(Apply apply, float absolute, float relative) {
  for (const Features cpu : testable_features())
    for (const size_t n : kSizes) {
      auto expected = random_row(n, n + 1), found = expected;
      apply(kernels<RowKernels>({}), expected.data(), n);
      apply(kernels<RowKernels>(cpu), found.data(), n);
      EXPECT_EQ(found[n], kGuard) << features_name(cpu) << " n=" << n;
      for (size_t i = 0; i < n; ++i)
        ASSERT_NEAR(found[i], expected[i], absolute + relative * std::fabs(expected[i]))
            << features_name(cpu) << " n=" << n << " i=" << i;
    }
}

TEST(Rows, Softmax) {
  compare([](const RowKernels& k, float* x, size_t n) { k.softmax(x, n, 0.7f); }, 1e-9f, 2e-6f);
}

TEST(Rows, ExponentialsAreSoftmaxTimesTheirSum) {
  for (const Features cpu : testable_features())
    for (const size_t n : kSizes) {
      auto shares = random_row(n, n + 3), x = shares;
      kernels<RowKernels>(cpu).softmax(shares.data(), n, 0.9f);
      const float sum = kernels<RowKernels>(cpu).exponentials(x.data(), n, 0.9f);
      EXPECT_EQ(x[n], kGuard);
      EXPECT_EQ(sum == 0, n == 0);
      for (size_t i = 0; i < n; ++i)
        ASSERT_NEAR(x[i] / sum, shares[i], 1e-6f * shares[i]) << features_name(cpu) << " " << n;
      if (n > 0) {
        EXPECT_NEAR(*std::max_element(x.begin(), x.end() - 1), 1, 1e-6f) << features_name(cpu);
      }
    }
}

TEST(Rows, SoftmaxOfHugeAndTinyScores) {
  for (const Features cpu : testable_features()) {
    std::vector<float> x{1000, -1000, 999, -5000, 1000, 0, 0, 0, 1000};
    kernels<RowKernels>(cpu).softmax(x.data(), x.size(), 1);
    EXPECT_NEAR(x[0], 1 / (3 + std::exp(-1.0f)), 1e-6f);
    EXPECT_NEAR(x[3], 0, 1e-30f);
  }
}

// What stands behind the row is not among the scores, and is higher than all of them.
TEST(Rows, SoftmaxOfLowScoresAlone) {
  for (const Features cpu : testable_features())
    for (size_t n = 1; n <= 33; ++n) {
      std::vector<float> x(n, -1000);
      kernels<RowKernels>(cpu).softmax(x.data(), n, 1);
      for (const float v : x) ASSERT_NEAR(v, 1 / static_cast<float>(n), 1e-6f) << features_name(cpu) << " n=" << n;
    }
}

TEST(Rows, Gelu) {
  compare([](const RowKernels& k, float* x, size_t n) { k.gelu(x, n); }, 2e-7f, 2e-7f);
}

TEST(Rows, GeluOverItsWholeRange) {
  for (const Features cpu : testable_features())
    for (double x = -12; x <= 12; x += 0.0037) {
      float v = static_cast<float>(x);
      const double expected = 0.5 * v * std::erfc(-static_cast<double>(v) / std::sqrt(2.0));
      kernels<RowKernels>(cpu).gelu(&v, 1);
      ASSERT_NEAR(v, expected, 1e-7 * std::max(1.0, std::fabs(x))) << features_name(cpu) << " x=" << x;
    }
}

TEST(Rows, GeluTanh) {
  compare([](const RowKernels& k, float* x, size_t n) { k.gelu_tanh(x, n); }, 1e-6f, 1e-6f);
}

TEST(Rows, Silu) {
  compare([](const RowKernels& k, float* x, size_t n) { k.silu(x, n); }, 1e-6f, 1e-6f);
}

TEST(Rows, AddAndMultiply) {
  compare([](const RowKernels& k, float* x, size_t n) { k.add(x, random_row(n, 99).data(), n); }, 0, 0);
  compare([](const RowKernels& k, float* x, size_t n) { k.multiply(x, random_row(n, 99).data(), n); }, 0, 0);
}

TEST(Rows, ReluAndLarger) {
  compare([](const RowKernels& k, float* x, size_t n) { k.relu(x, n); }, 0, 0);
  compare([](const RowKernels& k, float* x, size_t n) { k.larger(x, random_row(n, 99).data(), n); }, 0, 0);
  for (const Features cpu : testable_features()) {
    std::vector<float> x(20, NAN), y(20, 1.0f), z(20, -1.0f);
    kernels<RowKernels>(cpu).larger(y.data(), x.data(), 20);
    kernels<RowKernels>(cpu).larger(x.data(), z.data(), 20);
    kernels<RowKernels>(cpu).relu(x.data(), 20);
    for (size_t i = 0; i < 20; ++i) EXPECT_TRUE(std::isnan(x[i]) && std::isnan(y[i])) << features_name(cpu) << " " << i;
  }
}

TEST(Rows, AddScaled) {
  compare([](const RowKernels& k, float* x, size_t n) { k.add_scaled(x, random_row(n, 99).data(), 0.7f, n); }, 1e-6f,
          1e-6f);
}

TEST(Rows, LayerNorm) {
  const auto with = [](bool bias) {
    return [bias](const RowKernels& k, float* x, size_t n) {
      const auto gain = random_row(n, 5), shift = random_row(n, 6);
      k.layer_norm(x, n, gain.data(), bias ? shift.data() : nullptr, 1e-5f, x);
    };
  };
  compare(with(true), 2e-5f, 1e-5f);
  compare(with(false), 2e-5f, 1e-5f);
}

TEST(Rows, RmsNorm) {
  compare([](const RowKernels& k, float* x, size_t n) { k.rms_norm(x, n, random_row(n, 5).data(), 1e-6f, x); }, 1e-6f,
          1e-5f);
}

TEST(Rows, Rope) {
  for (const Features cpu : testable_features())
    for (const size_t half : kSizes) {
      std::vector<float> c(half), s(half);
      for (size_t i = 0; i < half; ++i) {
        c[i] = std::cos(0.1f * static_cast<float>(i));
        s[i] = std::sin(0.1f * static_cast<float>(i));
      }
      auto expected = random_row(2 * half, 3), found = expected;
      kernels<RowKernels>({}).rope(expected.data(), c.data(), s.data(), half);
      kernels<RowKernels>(cpu).rope(found.data(), c.data(), s.data(), half);
      for (size_t i = 0; i <= 2 * half; ++i)
        ASSERT_NEAR(found[i], expected[i], 2e-6f) << features_name(cpu) << " " << half;
    }
}

}  // namespace
}  // namespace hanok::math
