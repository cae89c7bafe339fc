#include "math/byte_gemm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "base/random.h"
#include "hanok/context.h"

namespace hanok::math {
namespace {

constexpr size_t kSizes[] = {0, 1, 2, 3, 5, 7, 8, 15, 16, 17, 31, 33, 63, 64, 65, 127, 1023};

std::vector<float> random_values(size_t n, uint64_t seed) {
  base::Random random(seed);
  std::vector<float> x(n);
  for (float& v : x) v = static_cast<float>(random.normal());
  return x;
}

// Of this machine, and tiles that are emulated.
std::vector<Features> every_version() {
  auto out = testable_features();
  out.push_back(kEmulatedTiles);
  return out;
}

struct Case {
  size_t m, n, k;
  bool bias = true, accumulate = false;
  Activation activation = Activation::None;
};

std::vector<float> run(Features cpu, const Case& c, const std::vector<float>& a, const std::vector<float>& w,
                       const std::vector<float>& shift) {
  ByteMatrix packed(cpu);
  packed.pack_rows(
      c.n, c.k, [&](size_t row, float* out) { std::copy_n(w.data() + row * c.k, c.k, out); },
      c.bias ? shift : std::vector<float>{});
  const size_t ldc = c.n + 3;
  std::vector<float> out(c.m * ldc, 7.0f);
  byte_gemm(a.data(), c.k, c.m, packed, out.data(), ldc, {.accumulate = c.accumulate, .activation = c.activation});
  for (size_t i = 0; i < c.m; ++i)
    for (size_t j = c.n; j < ldc; ++j) EXPECT_EQ(out[i * ldc + j], 7.0f) << "wrote beside c";
  return out;
}

// Every version gives the bits of the plain one; the plain one is within the error of rounding both sides.
void check(const Case& c) {
  const auto a = random_values(c.m * c.k, 1), w = random_values(c.n * c.k, 2), shift = random_values(c.n, 3);
  const auto plain = run(Features(), c, a, w, shift);
  for (const Features cpu : every_version())
    ASSERT_EQ(run(cpu, c, a, w, shift), plain) << features_name(cpu) << " m=" << c.m << " n=" << c.n << " k=" << c.k;
  for (size_t i = 0; i < c.m; ++i)
    for (size_t j = 0; j < c.n; ++j) {
      double sum = (c.bias ? shift[j] : 0) + (c.accumulate ? 7 : 0);
      for (size_t p = 0; p < c.k; ++p) sum += static_cast<double>(a[i * c.k + p]) * w[j * c.k + p];
      // Each factor is off by a uniform error of standard deviation scale / sqrt(12), the scale of activations below
      // 4 / 127 or so, that of weights below 8 / 128 (four of one sign); six sigma.
      const double scales = std::hypot(4.0 / 127, 8.0 / 128);
      ASSERT_NEAR(plain[i * (c.n + 3) + j], sum, 6 * scales / std::sqrt(12) * std::sqrt(c.k) + 1e-5);
    }
}

TEST(ByteGemm, EverySizeInEachDirection) {
  for (const size_t s : kSizes) {
    check({s, 37, 29});
    check({s, 20, 130, true, true});
    check({7, s, 70, true, true});
    check({7, 37, s, false, true});
  }
  check({13, 50, 800, false});
}

TEST(ByteGemm, SharedAmongThreads) {
  const Case c{200, 300, 500, true, true};
  const auto a = random_values(c.m * c.k, 1), w = random_values(c.n * c.k, 2), shift = random_values(c.n, 3);
  std::vector<float> of[3];
  for (const size_t threads : {1, 2, 3}) {
    Context context;
    const Context::Scope scope(context.with_threads(threads));
    of[threads - 1] = run(features(), c, a, w, shift);
  }
  EXPECT_EQ(of[0], of[1]);
  EXPECT_EQ(of[0], of[2]);
  const Case one{1, 300, 500, true, true};
  const auto alone = run(features(), one, a, w, shift);
  EXPECT_TRUE(std::equal(alone.begin(), alone.end(), of[0].begin())) << "a row alone and among others";
}

// The most that a group can sum to, of either sign, on every CPU, and the most that stands in one of 16 bits on the
// way: four weights of one sign as large as they get, wherever in a group.
TEST(ByteGemm, TheLargestProductsDoNotOverflow) {
  for (const float sign : {1.0f, -1.0f})
    for (const float x : {1.0f, -1.0f})
      for (const size_t apart : {1, 2, 3, 4, 5, 8}) {
        const Case c{6, 16, 64, false};
        const std::vector<float> a(c.m * c.k, x);
        std::vector<float> w(c.n * c.k);
        for (size_t i = 0; i < w.size(); i += apart) w[i] = sign;
        for (const Features cpu : every_version()) {
          const auto out = run(cpu, c, a, w, {});
          for (size_t i = 0; i < c.m; ++i)
            for (size_t j = 0; j < c.n; ++j) {
              float sum = 0;
              for (size_t k = 0; k < c.k; ++k) sum += x * w[j * c.k + k];
              ASSERT_NEAR(out[i * (c.n + 3) + j], sum, 0.02 * std::fabs(sum)) << features_name(cpu) << " " << apart;
            }
        }
      }
}

// Of four weights that AVX2 adds up together one, two or three are as large as the largest, and random ones beside.
TEST(ByteGemm, EveryVersionKeepsTheBoundOfFour) {
  base::Random random(11);
  const Case c{5, 48, 256, false};
  std::vector<float> a(c.m * c.k), w(c.n * c.k);
  for (float& v : a) v = random.below(4) ? 1.0f : -1.0f;
  for (float& v : w) v = random.below(3) ? (random.below(8) ? 1.0f : -1.0f) : static_cast<float>(random.normal());
  const auto plain = run(Features(), c, a, w, {});
  for (const Features cpu : every_version()) ASSERT_EQ(run(cpu, c, a, w, {}), plain) << features_name(cpu);
}

TEST(ByteGemm, TinyAndZeroGroups) {
  const Case c{1, 5, 64, false};
  const auto w = random_values(c.n * c.k, 2);
  for (const float size : {0.0f, 1e-38f, 1e-42f}) {
    const std::vector<float> a(c.k, size);
    for (const Features cpu : every_version())
      for (size_t j = 0; j < c.n; ++j) ASSERT_EQ(run(cpu, c, a, w, {})[j], 0.0f) << features_name(cpu) << " " << size;
  }
}

TEST(ByteGemm, AppliesTheActivation) {
  const Case c{9, 40, 100, true, true, Activation::Relu};
  const auto a = random_values(c.m * c.k, 1), w = random_values(c.n * c.k, 2), shift = random_values(c.n, 3);
  Case plain = c;
  plain.activation = Activation::None;
  auto expected = run(features(), plain, a, w, shift);
  for (float& x : expected) x = std::max(x, 0.0f);
  EXPECT_EQ(run(features(), c, a, w, shift), expected);
}

}  // namespace
}  // namespace hanok::math
