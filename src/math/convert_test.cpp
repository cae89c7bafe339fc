#include "math/convert.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <vector>

#include "base/random.h"
#include "math/half.h"
#include "math/test_cpus.h"

namespace hanok::math {
namespace {

class Convert : public testing::TestWithParam<Features> {};

std::vector<uint16_t> all_of_16_bits() {
  std::vector<uint16_t> all(65536);
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<uint16_t>(i);
  return all;
}

TEST_P(Convert, EveryHalfSurvivesTheRoundTrip) {
  const auto fast = kernels<ConvertKernels>(GetParam());
  std::vector<uint16_t> all(65536), back(65536);
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<uint16_t>(i);
  std::vector<float> wide(65536), scalar(65536);
  fast.f16_to_f32(all.data(), wide.data(), all.size());
  kernels<ConvertKernels>({}).f16_to_f32(all.data(), scalar.data(), all.size());
  fast.f32_to_f16(wide.data(), back.data(), all.size());
  for (size_t i = 0; i < all.size(); ++i) {
    if (std::isnan(wide[i])) {
      EXPECT_TRUE(std::isnan(scalar[i])) << i;
      continue;
    }
    EXPECT_EQ(std::bit_cast<uint32_t>(wide[i]), std::bit_cast<uint32_t>(scalar[i])) << i;
    EXPECT_EQ(back[i], all[i]);
  }
}

TEST_P(Convert, HalvesRoundToNearestEven) {
  const auto fast = kernels<ConvertKernels>(GetParam()), plain = kernels<ConvertKernels>({});
  base::Random random(5);
  std::vector<float> in;
  for (int i = 0; i < 20000; ++i)
    in.push_back(static_cast<float>(std::ldexp(random.normal(), static_cast<int>(random.below(50)) - 30)));
  for (const float f : {0.f, -0.f, 65504.f, 65519.9f, 65520.f, 1e30f, -1e30f, 5.9604645e-8f, 2.98e-8f, 2.9802322e-8f})
    in.push_back(f);
  std::vector<uint16_t> a(in.size()), b(in.size());
  fast.f32_to_f16(in.data(), a.data(), in.size());
  plain.f32_to_f16(in.data(), b.data(), in.size());
  for (size_t i = 0; i < in.size(); ++i) EXPECT_EQ(a[i], b[i]) << in[i];
  fast.f32_to_bf16(in.data(), a.data(), in.size());
  std::vector<float> back(in.size());
  fast.bf16_to_f32(a.data(), back.data(), in.size());
  for (size_t i = 0; i < in.size(); ++i) EXPECT_NEAR(back[i], in[i], std::abs(in[i]) / 256) << in[i];
}

TEST_P(Convert, WidensEveryBfloatAndWritesNoFurther) {
  const auto fast = kernels<ConvertKernels>(GetParam());
  const auto all = all_of_16_bits();
  std::vector<float> found(all.size());
  fast.bf16_to_f32(all.data(), found.data(), all.size());
  for (size_t i = 0; i < all.size(); ++i)
    if (!std::isnan(bf16_to_float(all[i])))
      ASSERT_EQ(std::bit_cast<uint32_t>(found[i]), static_cast<uint32_t>(all[i]) << 16);
    else
      ASSERT_TRUE(std::isnan(found[i])) << i;
  constexpr float kGuard = 12345.5f;
  for (const size_t n : {0, 1, 2, 3, 5, 7, 8, 15, 16, 17, 31, 33, 127}) {
    std::vector<float> out(n + 1, kGuard);
    fast.f16_to_f32(all.data() + 15000, out.data(), n);
    fast.bf16_to_f32(all.data() + 15000, out.data(), n);
    EXPECT_EQ(out[n], kGuard);
  }
}

INSTANTIATE_TEST_SUITE_P(Cpus, Convert, testing::ValuesIn(testable_features()), name_of_features);

TEST(Half, TiesGoToEven) {
  EXPECT_EQ(half_to_float(0x3C00), 1.0f);
  EXPECT_EQ(half_to_float(0x8001), -0x1p-24f);
  EXPECT_EQ(float_to_half(1.0f + 0x1p-11f), 0x3C00);
  EXPECT_EQ(float_to_half(1.0f + 3 * 0x1p-11f), 0x3C02);
  EXPECT_EQ(float_to_half(65519.0f), 0x7BFF);
  EXPECT_EQ(float_to_half(65520.0f), 0x7C00);
  EXPECT_EQ(float_to_bf16(1.0f + 0x1p-8f), 0x3F80);
  EXPECT_EQ(float_to_bf16(1.0f + 3 * 0x1p-8f), 0x3F82);
  EXPECT_TRUE(std::isnan(bf16_to_float(float_to_bf16(std::bit_cast<float>(0x7F800001u)))));
}

}  // namespace
}  // namespace hanok::math
