#include "math/weight_formats.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace hanok::math {
namespace {

std::vector<float> widen(WeightFormat format, const std::vector<uint8_t>& block, size_t blocks = 1) {
  std::vector<float> out(blocks * info(format).block);
  EXPECT_EQ(block.size(), blocks * info(format).bytes);
  info(format).dequantise(reinterpret_cast<const std::byte*>(block.data()), blocks, out.data());
  return out;
}

TEST(WeightFormats, TableIsInOrderAndFoundByNumberAndName) {
  for (const auto& f : weight_formats()) {
    EXPECT_EQ(&info(f.format), &f);
    EXPECT_EQ(weight_format_of_ggml(f.ggml_type), f.format);
    EXPECT_EQ(weight_format_named(f.name), f.format);
  }
  EXPECT_EQ(weight_format_named("q4_k"), WeightFormat::Q4_K);
  EXPECT_EQ(weight_format_of_ggml(4), std::nullopt);  // a type that ggml has dropped
}

// Half 1.0 is 0x3C00, half 0.5 is 0x3800.
TEST(WeightFormats, BlocksByHand) {
  std::vector<uint8_t> q8(34, 0);
  q8[1] = 0x38;
  q8[2] = 5;
  q8[33] = 0x80;
  const auto a = widen(WeightFormat::Q8_0, q8);
  EXPECT_EQ(a[0], 2.5f);
  EXPECT_EQ(a[31], -64.0f);

  std::vector<uint8_t> q4(18, 0x80);  // low halves 0, high halves 8
  q4[0] = 0, q4[1] = 0x3C;
  const auto b = widen(WeightFormat::Q4_0, q4);
  EXPECT_EQ(b[0], -8.0f);
  EXPECT_EQ(b[16], 0.0f);

  std::vector<uint8_t> q5(22, 0);
  q5[1] = 0x3C;
  q5[2] = 1;  // fifth bit of value 0
  const auto c = widen(WeightFormat::Q5_0, q5);
  EXPECT_EQ(c[0], 0.0f);
  EXPECT_EQ(c[1], -16.0f);

  std::vector<uint8_t> q4k(144, 0);
  q4k[1] = 0x3C, q4k[3] = 0x38;      // d 1, dmin .5
  q4k[4] = 3, q4k[8] = 4;            // scale 3, minimum 4 of the first 32
  q4k[4 + 8] = 0x21;                 // j 4: scale 1, minimum 2
  q4k[16] = 0x07, q4k[16 + 64] = 9;  // value 0; value 128
  const auto d = widen(WeightFormat::Q4_K, q4k);
  EXPECT_EQ(d[0], 3 * 7 - .5f * 4);
  EXPECT_EQ(d[1], -.5f * 4);
  EXPECT_EQ(d[32], 0.0f);
  EXPECT_EQ(d[128], 9 - .5f * 2);

  std::vector<uint8_t> q6k(210, 0);
  q6k[209] = 0x3C;
  q6k[192] = 2;
  q6k[0] = 0x05, q6k[128] = 0x03;  // 5 | 3 << 4 = 53
  const auto e = widen(WeightFormat::Q6_K, q6k);
  EXPECT_EQ(e[0], 2.0f * (53 - 32));
  EXPECT_EQ(e[1], 2.0f * -32);
  EXPECT_EQ(e[16], 0.0f);

  EXPECT_EQ(mxfp4_scale(128), 1.0f);
  EXPECT_EQ(mxfp4_scale(0), 0x1p-128f);
}

std::string slurp(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
std::string npy_data(const std::string& bytes) {
  return bytes.substr(10 + static_cast<unsigned char>(bytes.at(8)) + 256u * static_cast<unsigned char>(bytes.at(9)));
}

// Rows that ggml's own quantisers made and rows of random bytes: every bit as ggml's dequantiser gives it.
TEST(WeightFormats, SameBitsAsTheGoldenBlocks) {
  const char* given = std::getenv("HANOK_TEST_DATA");
  const auto folder =
      (given ? std::filesystem::path(given) : std::filesystem::path(HANOK_SOURCE_DIR) / ".." / "shared" / "data") /
      "golden" / "lm" / "blocks";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no golden blocks beside the source";
  for (const auto& f : weight_formats()) {
    const std::string raw = npy_data(slurp(folder / (std::string(f.name) + ".raw.npy")));
    const std::string want = npy_data(slurp(folder / (std::string(f.name) + ".f32.npy")));
    ASSERT_EQ(raw.size() % f.bytes, 0u) << f.name;
    std::vector<float> got(raw.size() / f.bytes * f.block);
    ASSERT_EQ(want.size(), got.size() * sizeof(float)) << f.name;
    f.dequantise(reinterpret_cast<const std::byte*>(raw.data()), raw.size() / f.bytes, got.data());
    size_t wrong = 0;
    for (size_t i = 0; i < got.size(); ++i) {
      float expected;
      std::memcpy(&expected, want.data() + i * sizeof(float), sizeof(float));
      const bool both_nan = expected != expected && got[i] != got[i];
      if (!both_nan && std::bit_cast<uint32_t>(expected) != std::bit_cast<uint32_t>(got[i])) {
        if (wrong++ == 0) ADD_FAILURE() << f.name << " value " << i << ": " << got[i] << ", expected " << expected;
      }
    }
    EXPECT_EQ(wrong, 0u) << f.name;
  }
}

}  // namespace
}  // namespace hanok::math
