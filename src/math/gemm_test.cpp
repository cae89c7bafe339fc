#include "math/gemm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/random.h"

namespace hanok::math {
namespace {

constexpr size_t kSizes[] = {0, 1, 2, 3, 5, 7, 8, 15, 16, 17, 31, 33, 127, 1023};

std::vector<float> random_values(size_t n, uint64_t seed) {
  base::Random random(seed);
  std::vector<float> x(n);
  for (float& v : x) v = static_cast<float>(random.normal());
  return x;
}

// a [m, k], w [n, k], in double.
std::vector<double> reference(const std::vector<float>& a, const std::vector<float>& w, size_t m, size_t n, size_t k) {
  std::vector<double> c(m * n);
  for (size_t i = 0; i < m; ++i)
    for (size_t j = 0; j < n; ++j)
      for (size_t p = 0; p < k; ++p) c[i * n + j] += static_cast<double>(a[i * k + p]) * w[j * k + p];
  return c;
}

enum class How { Rows, Transposed, Plain };

void check(Features cpu, size_t m, size_t n, size_t k, How how, bool bias, bool accumulate) {
  const auto a = random_values(m * k, 1), w = random_values(n * k, 2), shift = random_values(n, 3);
  PackedMatrix packed(cpu);
  if (how == How::Rows) {
    packed.pack_rows(
        n, k, [&](size_t row, float* out) { std::copy_n(w.data() + row * k, k, out); },
        bias ? shift : std::vector<float>{});
  } else if (how == How::Transposed) {
    packed.pack_transposed(w.data(), k, n, k);
  } else {
    std::vector<float> b(k * n);
    for (size_t j = 0; j < n; ++j)
      for (size_t p = 0; p < k; ++p) b[p * n + j] = w[j * k + p];
    packed.pack(b.data(), n, k, n);
  }
  const size_t ldc = n + 3;
  std::vector<float> c(m * ldc, 7.0f);
  gemm(a.data(), k, m, packed, c.data(), ldc, {.accumulate = accumulate});
  const auto expected = reference(a, w, m, n, k);
  const double tolerance = 4e-7 * static_cast<double>(k) + 1e-6;
  for (size_t i = 0; i < m; ++i) {
    for (size_t j = 0; j < n; ++j)
      ASSERT_NEAR(c[i * ldc + j], expected[i * n + j] + (bias ? shift[j] : 0) + (accumulate ? 7 : 0), tolerance)
          << features_name(cpu) << " m=" << m << " n=" << n << " k=" << k << " at " << i << "," << j;
    for (size_t j = n; j < ldc; ++j) ASSERT_EQ(c[i * ldc + j], 7.0f) << "wrote beside c";
  }
}

TEST(Gemm, EverySizeInEachDirection) {
  for (const Features cpu : testable_features())
    for (const size_t s : kSizes) {
      check(cpu, s, 37, 29, How::Rows, true, false);
      check(cpu, 7, s, 29, How::Rows, true, true);
      check(cpu, 7, 37, s, How::Rows, false, true);
    }
}

TEST(Gemm, ThreeWaysToPack) {
  for (const Features cpu : testable_features())
    for (const How how : {How::Rows, How::Transposed, How::Plain}) {
      check(cpu, 13, 50, 800, how, false, false);
      check(cpu, 13, 50, 384, how, false, true);
    }
}

TEST(Gemm, SharedAmongThreads) {
  check(features(), 200, 300, 1000, How::Rows, true, true);  // rows long enough to be copied together
  check(features(), 500, 200, 100, How::Rows, true, true);
  check(features(), 5, 2000, 400, How::Rows, true, false);
}

// The same bits as from memory: as many rows and as deep as one part, fewer and more.
TEST(Gemm, LeftSideThatIsWrittenInParts) {
  for (const size_t m : {1u, 96u, 97u, 250u})
    for (const size_t k : {1u, 384u, 385u, 900u}) {
      constexpr size_t n = 300;
      const auto a = random_values(m * k, 1), w = random_values(n * k, 2);
      PackedMatrix packed;
      packed.pack_transposed(w.data(), k, n, k);
      std::vector<float> from_memory(m * n), in_parts(m * n);
      gemm(a.data(), k, m, packed, from_memory.data(), n, {.activation = Activation::Relu});
      const LeftSide left = [&](size_t row, size_t rows, size_t first, size_t depth, float* out) {
        ASSERT_LE(rows, 96u);
        ASSERT_LE(depth, 384u);
        for (size_t i = 0; i < rows; ++i) std::copy_n(a.data() + (row + i) * k + first, depth, out + i * depth);
      };
      gemm(left, m, packed, in_parts.data(), n, {.activation = Activation::Relu});
      ASSERT_EQ(in_parts, from_memory) << m << " " << k;
    }
}

TEST(Gemm, PackedMatrixIsReused) {
  PackedMatrix packed;
  const auto w = random_values(64 * 64, 4);
  for (const size_t n : {64u, 5u, 33u}) {
    packed.pack_transposed(w.data(), 64, n, n);
    std::vector<float> one(n, 1.0f), c(n);
    gemm(one.data(), n, 1, packed, c.data(), n);
    for (size_t j = 0; j < n; ++j) {
      double sum = 0;
      for (size_t p = 0; p < n; ++p) sum += w[j * 64 + p];
      EXPECT_NEAR(c[j], sum, 1e-4);
    }
  }
}

TEST(Gemm, Activations) {
  const std::vector<float> x{-2, -0.5f, 0, 0.5f, 2};
  PackedMatrix identity;
  identity.pack_rows(1, 1, [](size_t, float* out) { *out = 1; });
  const auto run = [&](Activation activation) {
    std::vector<float> c(x.size());
    gemm(x.data(), 1, x.size(), identity, c.data(), 1, {.activation = activation});
    return c;
  };
  for (size_t i = 0; i < x.size(); ++i) {
    const double v = x[i];
    EXPECT_NEAR(run(Activation::None)[i], v, 0);
    EXPECT_NEAR(run(Activation::Gelu)[i], 0.5 * v * (1 + std::erf(v / std::sqrt(2.0))), 3e-7);
    EXPECT_NEAR(run(Activation::GeluTanh)[i],
                0.5 * v * (1 + std::tanh(std::sqrt(2 / M_PI) * (v + 0.044715 * v * v * v))), 1e-6);
    EXPECT_NEAR(run(Activation::Silu)[i], v / (1 + std::exp(-v)), 1e-6);
    EXPECT_NEAR(run(Activation::Relu)[i], std::max(v, 0.0), 0);
    EXPECT_NEAR(run(Activation::Tanh)[i], std::tanh(v), 1e-6);
  }
}

}  // namespace
}  // namespace hanok::math
