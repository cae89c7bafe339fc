#include "math/distance.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "base/random.h"
#include "math/convert.h"
#include "math/test_cpus.h"

namespace hanok::math {
namespace {

const std::vector<size_t> kDims{0,  1,  2,  3,  5,  7,   8,   15,  16,  17,   31,
                                32, 33, 63, 64, 65, 127, 128, 129, 784, 1023, 65536};

struct Sample {
  std::vector<float> a, b;
  std::vector<uint16_t> half, brain;
  std::vector<uint8_t> u8a, u8b, u7a, u7b;
  // One element more in front, so that nothing is aligned.
  explicit Sample(size_t dim, uint64_t seed = 1)
      : a(dim + 1), b(dim + 1), half(dim + 1), brain(dim + 1), u8a(dim + 1), u8b(dim + 1), u7a(dim + 1), u7b(dim + 1) {
    base::Random random(seed);
    for (size_t j = 0; j <= dim; ++j) {
      a[j] = static_cast<float>(random.normal());
      b[j] = static_cast<float>(random.normal());
      u8a[j] = static_cast<uint8_t>(random.below(256));
      u8b[j] = static_cast<uint8_t>(random.below(256));
      u7a[j] = static_cast<uint8_t>(random.below(128));
      u7b[j] = static_cast<uint8_t>(random.below(128));
    }
    const auto scalar = kernels<ConvertKernels>({});
    scalar.f32_to_f16(b.data(), half.data(), dim + 1);
    scalar.f32_to_bf16(b.data(), brain.data(), dim + 1);
  }
};

class Distance : public testing::TestWithParam<Features> {};

TEST_P(Distance, FloatsAgreeWithScalar) {
  const auto fast = kernels<DistanceKernels>(GetParam()), plain = kernels<DistanceKernels>({});
  for (const size_t dim : kDims) {
    const Sample s(dim);
    const float* a = s.a.data() + 1;
    const float* b = s.b.data() + 1;
    const uint16_t *h = s.half.data() + 1, *br = s.brain.data() + 1;
    const uint8_t* c = s.u8b.data() + 1;
    const float slack = 2.5e-5f * static_cast<float>(dim) + 1e-5f;  // the plain sum rounds once a dim
    EXPECT_NEAR(fast.l2_f32(a, b, dim), plain.l2_f32(a, b, dim), slack * 4) << dim;
    EXPECT_NEAR(fast.ip_f32(a, b, dim), plain.ip_f32(a, b, dim), slack * 4) << dim;
    EXPECT_NEAR(fast.l2_f16(a, h, dim), plain.l2_f16(a, h, dim), slack * 4) << dim;
    EXPECT_NEAR(fast.ip_f16(a, h, dim), plain.ip_f16(a, h, dim), slack * 4) << dim;
    EXPECT_NEAR(fast.l2_bf16(a, br, dim), plain.l2_bf16(a, br, dim), slack * 4) << dim;
    EXPECT_NEAR(fast.ip_bf16(a, br, dim), plain.ip_bf16(a, br, dim), slack * 4) << dim;
    EXPECT_NEAR(fast.l2_sq8(a, c, -1.5f, 0.01f, dim), plain.l2_sq8(a, c, -1.5f, 0.01f, dim), slack * 4) << dim;
    EXPECT_NEAR(fast.ip_f32u8(a, c, dim), plain.ip_f32u8(a, c, dim), slack * 400) << dim;
  }
}

TEST_P(Distance, IntegersAreExact) {
  const auto fast = kernels<DistanceKernels>(GetParam()), plain = kernels<DistanceKernels>({});
  for (const size_t dim : kDims) {
    const Sample s(dim, 7);
    const uint8_t *a = s.u8a.data() + 1, *b = s.u8b.data() + 1, *c = s.u7a.data() + 1, *d = s.u7b.data() + 1;
    EXPECT_EQ(fast.l2_u8(a, b, dim), plain.l2_u8(a, b, dim)) << dim;
    EXPECT_EQ(fast.ip_u8(a, b, dim), plain.ip_u8(a, b, dim)) << dim;
    EXPECT_EQ(fast.l2_u7(c, d, dim), plain.l2_u7(c, d, dim)) << dim;
    EXPECT_EQ(fast.hamming(a, b, dim), plain.hamming(a, b, dim)) << dim;
  }
}

TEST_P(Distance, LargestDifferencesDoNotSaturate) {
  const auto fast = kernels<DistanceKernels>(GetParam());
  for (const size_t dim : {32u, 64u, 1000u, 65536u}) {
    const std::vector<uint8_t> zero(dim, 0), byte(dim, 255), seven(dim, 127);
    EXPECT_EQ(fast.l2_u8(zero.data(), byte.data(), dim), dim * 65025u);
    EXPECT_EQ(fast.ip_u8(byte.data(), byte.data(), dim), dim * 65025u);
    EXPECT_EQ(fast.l2_u7(zero.data(), seven.data(), dim), dim * 16129u);
    EXPECT_EQ(fast.l2_u7(seven.data(), zero.data(), dim), dim * 16129u);
    EXPECT_EQ(fast.hamming(zero.data(), byte.data(), dim), dim * 8u);
  }
}

TEST_P(Distance, RowsAgreeWithOneByOne) {
  const auto fast = kernels<DistanceKernels>(GetParam());
  for (const size_t dim : {1u, 7u, 16u, 100u}) {
    std::vector<Sample> samples;
    for (uint64_t i = 0; i < 7; ++i) samples.emplace_back(dim, i + 1);
    std::vector<const float*> rows;
    for (const auto& s : samples) rows.push_back(s.b.data());
    for (size_t n = 0; n <= rows.size(); ++n) {
      std::vector<float> l2(n), ip(n), both(n), squares(n);
      fast.l2_f32_rows(samples[0].a.data(), rows.data(), n, dim, l2.data());
      fast.ip_f32_rows(samples[0].a.data(), rows.data(), n, dim, ip.data());
      fast.ip_square_f32_rows(samples[0].a.data(), rows.data(), n, dim, both.data(), squares.data());
      for (size_t i = 0; i < n; ++i) {
        EXPECT_NEAR(l2[i], fast.l2_f32(samples[0].a.data(), rows[i], dim), 1e-3);
        EXPECT_NEAR(ip[i], fast.ip_f32(samples[0].a.data(), rows[i], dim), 1e-3);
        EXPECT_NEAR(both[i], ip[i], 1e-3);
        EXPECT_NEAR(squares[i], fast.ip_f32(rows[i], rows[i], dim), 1e-3);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Cpus, Distance, testing::ValuesIn(testable_features()), name_of_features);

}  // namespace
}  // namespace hanok::math
