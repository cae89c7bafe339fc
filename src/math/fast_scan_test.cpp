#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.h"
#include "math/fast_scan_kernels.h"
#include "math/kernels.h"
#include "math/test_cpus.h"

namespace hanok::math {
namespace {

class FastScan : public testing::TestWithParam<Features> {};

std::vector<float> numbers(base::Random& random, size_t n) {
  std::vector<float> out(n);
  for (float& x : out) x = static_cast<float>(random.below(2001)) / 1000 - 1;
  return out;
}

TEST_P(FastScan, LookupsStandForTheProductsTheySay) {
  const auto fast = kernels<FastScanKernels>(GetParam());
  base::Random random(5);
  for (const size_t m : {1u, 2u, 5u, 32u, 256u}) {
    std::vector<uint32_t> starts{0};  // widths of 1 to 16
    for (size_t s = 0; s < m; ++s) starts.push_back(starts.back() + 1 + static_cast<uint32_t>(random.below(16)));
    const auto codebooks = numbers(random, starts.back() * 16), x = numbers(random, starts.back());
    for (const float factor : {-2.0f, -1.0f, 1.0f}) {
      std::vector<float> floats(m * 16);
      std::vector<uint8_t> table(m * 16 + 1, 77);
      const LookupScale scale =
          fast.lookups(codebooks.data(), starts.data(), m, x.data(), factor, floats.data(), table.data());
      EXPECT_EQ(table.back(), 77) << "writes past the table";
      EXPECT_EQ(*std::max_element(table.begin(), table.end() - 1), 255);
      double base = 0;
      for (size_t s = 0; s < m; ++s) {
        std::vector<double> products(16);
        for (size_t c = 0; c < 16; ++c)
          for (size_t j = starts[s]; j < starts[s + 1]; ++j)
            products[c] += static_cast<double>(factor) * x[j] * codebooks[j * 16 + c];
        const double least = *std::min_element(products.begin(), products.end());
        base += least;
        for (size_t c = 0; c < 16; ++c) {
          EXPECT_NEAR(floats[s * 16 + c], products[c] - least, 1e-4);
          EXPECT_NEAR(scale.step * static_cast<double>(table[s * 16 + c]), products[c] - least, 0.51 * scale.step)
              << m << " " << s << " " << c;
        }
      }
      EXPECT_NEAR(scale.base, base, 1e-5 * static_cast<double>(m) * 16);
    }
  }
}

TEST_P(FastScan, NothingToTellApartIsAllZeros) {
  const auto fast = kernels<FastScanKernels>(GetParam());
  const std::vector<float> codebooks(3 * 16, 0.5f), x{1, -2, 4};
  const std::vector<uint32_t> starts{0, 2, 3};
  std::vector<float> floats(32);
  std::vector<uint8_t> table(32, 77);
  const LookupScale scale = fast.lookups(codebooks.data(), starts.data(), 2, x.data(), -2, floats.data(), table.data());
  EXPECT_FLOAT_EQ(scale.base, -3);
  EXPECT_GT(scale.step, 0);
  EXPECT_EQ(table, std::vector<uint8_t>(32));
}

TEST_P(FastScan, ScansAgreeWithScalar) {
  const auto fast = kernels<FastScanKernels>(GetParam()), plain = kernels<FastScanKernels>({});
  base::Random random(6);
  for (const size_t m : {4u, 8u, 12u, 64u, 256u}) {
    std::vector<uint8_t> block(m * 16), table(m * 16);
    for (auto* bytes : {&block, &table})
      for (uint8_t& b : *bytes) b = static_cast<uint8_t>(random.below(256));
    const auto terms = numbers(random, kFastScanVectors), scales = numbers(random, kFastScanVectors);
    const float step = 0.01f, middle = 1.0f + step * 127.5f * static_cast<float>(m);
    std::vector<float> a(kFastScanVectors), b(kFastScanVectors);
    const auto compare = [&](uint32_t got, float threshold) {
      for (size_t v = 0; v < kFastScanVectors; ++v) {
        EXPECT_NEAR(a[v], b[v], 1e-5f * middle);
        EXPECT_EQ(got >> v & 1, a[v] < threshold) << v;
      }
    };
    plain.scan(block.data(), table.data(), m, terms.data(), 1, step, middle, b.data());
    compare(fast.scan(block.data(), table.data(), m, terms.data(), 1, step, middle, a.data()), middle);
    plain.scan_scaled(block.data(), table.data(), m, terms.data(), scales.data(), 1, -2, step, 0, b.data());
    compare(fast.scan_scaled(block.data(), table.data(), m, terms.data(), scales.data(), 1, -2, step, 0, a.data()), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Cpus, FastScan, testing::ValuesIn(testable_features()), name_of_features);

}  // namespace
}  // namespace hanok::math
