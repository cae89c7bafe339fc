#include "math/quantise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

namespace hanok::math {
namespace {

constexpr WeightFormat kQuantised[] = {WeightFormat::Q8_0, WeightFormat::Q5_0, WeightFormat::Q4_0, WeightFormat::Q4_K,
                                       WeightFormat::Q6_K};

std::vector<std::byte> quantised(WeightFormat f, const std::vector<float>& x) {
  std::vector<std::byte> out(info(f).row_bytes(x.size()));
  quantise(f, x.data(), x.size() / info(f).block, out.data());
  return out;
}
double rms(WeightFormat f, const std::vector<float>& x) {
  const auto bytes = quantised(f, x);
  std::vector<float> back(x.size());
  info(f).dequantise(bytes.data(), x.size() / info(f).block, back.data());
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) sum += std::pow(double(x[i]) - double(back[i]), 2);
  return std::sqrt(sum / double(x.size()));
}

TEST(Quantise, ErrorsOnRandomValues) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  std::vector<float> x(256 * 64);
  for (float& v : x) v = normal(random);
  // Plain rounding by the largest value gives .0054, .0434, .0859.
  EXPECT_LT(rms(WeightFormat::Q8_0, x), 0.00545);
  EXPECT_LT(rms(WeightFormat::Q5_0, x), 0.0434);
  EXPECT_LT(rms(WeightFormat::Q4_0, x), 0.0845);
  EXPECT_LT(rms(WeightFormat::Q4_K, x), 0.0745);
  EXPECT_LT(rms(WeightFormat::Q6_K, x), 0.0195);
  EXPECT_LT(rms(WeightFormat::Bf16, x), 0.003);
}

TEST(Quantise, ZerosConstantsAndSinglesStay) {
  for (const WeightFormat f : kQuantised) {
    SCOPED_TRACE(std::string(info(f).name));
    EXPECT_EQ(rms(f, std::vector<float>(256, 0)), 0);
    EXPECT_LT(rms(f, std::vector<float>(256, 0.5f)), 0.004);
    EXPECT_LT(rms(f, std::vector<float>(256, -0.5f)), 0.004);
    std::vector<float> one(256, 0);
    one[77] = 3;
    EXPECT_LT(rms(f, one), 0.002);
    std::vector<float> tiny(256, 1e-30f), large(256, 1e30f);
    EXPECT_LT(rms(f, tiny), 1e-29);
    quantised(f, large);  // saturates
  }
}

// Rows that ggml's own quantiser made, with equal importances (HANOK_TEST_DATA, or shared/data beside the source).
std::vector<char> npy(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::vector<char> all{std::istreambuf_iterator<char>(in), {}};
  const size_t head = 10 + static_cast<unsigned char>(all.at(8)) + 256u * static_cast<unsigned char>(all.at(9));
  return {all.begin() + static_cast<ptrdiff_t>(head), all.end()};
}

TEST(Quantise, NoWorseThanThePublishedQuantiser) {
  const char* given = std::getenv("HANOK_TEST_DATA");
  const auto folder =
      (given ? std::filesystem::path(given) : std::filesystem::path(HANOK_SOURCE_DIR) / ".." / "shared" / "data") /
      "golden" / "lm" / "blocks";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no golden blocks beside the source";
  for (const WeightFormat f : kQuantised) {
    const std::string name(info(f).name);
    const auto src = npy(folder / (name + ".src.npy")), raw = npy(folder / (name + ".raw.npy")),
               theirs = npy(folder / (name + ".f32.npy"));
    for (size_t row = 0; row < 5; ++row) {
      SCOPED_TRACE(name + " row " + std::to_string(row));
      std::vector<float> x(256), back(256);
      std::memcpy(x.data(), src.data() + row * 1024, 1024);
      std::memcpy(back.data(), theirs.data() + row * 1024, 1024);
      double sum = 0;
      for (size_t i = 0; i < 256; ++i) sum += std::pow(double(x[i]) - double(back[i]), 2);
      EXPECT_LE(rms(f, x), std::sqrt(sum / 256) * 1.0001);
      if (f != WeightFormat::Q8_0) continue;
      const auto bytes = quantised(f, x);
      EXPECT_EQ(std::memcmp(bytes.data(), raw.data() + row * bytes.size(), bytes.size()), 0);
    }
  }
}

}  // namespace
}  // namespace hanok::math
