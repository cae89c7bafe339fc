#include "math/packed_weights.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/threads.h"
#include "hanok/error.h"
#include "math/half.h"

namespace hanok::math {
namespace {

// Where a block has halves: made sane, the rest of it is random.
std::vector<size_t> halves_of(WeightFormat format) {
  switch (format) {
    case WeightFormat::Q4_1:
    case WeightFormat::Q5_1:
    case WeightFormat::Q4_K:
    case WeightFormat::Q5_K:
      return {0, 2};
    case WeightFormat::Q2_K:
      return {80, 82};
    case WeightFormat::Q3_K:
      return {108};
    case WeightFormat::Q6_K:
      return {208};
    case WeightFormat::Mxfp4:
      return {};
    default:
      return {0};
  }
}

std::vector<std::byte> random_weights(WeightFormat format, size_t values, uint64_t seed) {
  base::Random random(seed);
  const auto& about = info(format);
  std::vector<std::byte> out(about.row_bytes(values));
  if (about.block == 1) {
    for (size_t i = 0; i < values; ++i) {
      const auto v = static_cast<float>(random.normal());
      const uint16_t two = format == WeightFormat::F16 ? float_to_half(v) : float_to_bf16(v);
      std::memcpy(out.data() + i * about.bytes, about.bytes == 4 ? static_cast<const void*>(&v) : &two, about.bytes);
    }
    return out;
  }
  for (auto& b : out) b = static_cast<std::byte>(random.next());
  for (size_t at = 0; at < out.size(); at += about.bytes) {
    for (const size_t where : halves_of(format)) {
      const uint16_t d = float_to_half(static_cast<float>(random.normal()) * 0.05f);
      std::memcpy(out.data() + at + where, &d, 2);
    }
    if (format == WeightFormat::Mxfp4) out[at] = static_cast<std::byte>(118 + random.below(8));
  }
  return out;
}

std::vector<float> random_floats(size_t n, uint64_t seed) {
  base::Random random(seed);
  std::vector<float> out(n);
  for (float& v : out) v = static_cast<float>(random.normal());
  return out;
}

// What an activation is after its eight bits, where the arithmetic has such.
std::vector<float> as_multiplied(std::vector<float> x, Arithmetic arithmetic) {
  for (size_t at = 0; arithmetic == Arithmetic::Bytes && at < x.size(); at += 32) {
    float most = 0;
    for (size_t k = 0; k < 32; ++k) most = std::max(most, std::fabs(x[at + k]));
    for (size_t k = 0; k < 32; ++k) x[at + k] = std::nearbyint(x[at + k] * (127 / most)) * (most / 127);
  }
  return x;
}

class PackedWeightsOf : public testing::TestWithParam<WeightFormat> {};

TEST_P(PackedWeightsOf, MultiplyLikeTheirDequantisedValues) {
  const auto& about = info(GetParam());
  for (const size_t width : {1, 16, 37})
    for (const size_t m : {1, 2, 3, 5, 8, 13}) {
      const size_t depth = about.block == 1 ? 77 : 512;
      const auto rows = random_weights(GetParam(), width * depth, width);
      std::vector<float> w(width * depth), bias = random_floats(width, 8);
      about.dequantise(rows.data(), w.size() / about.block, w.data());
      const PackedWeights packed(GetParam(), rows.data(), width, depth);
      const auto x = random_floats(m * depth, m), rounded = as_multiplied(x, packed.arithmetic());
      Activations left;
      left.set(x.data(), depth, m, depth, packed.arithmetic());
      const size_t ldy = width + 2;
      std::vector<float> y(m * ldy, 5);
      product(left, packed, y.data(), ldy, {.bias = bias.data(), .accumulate = true});
      for (size_t i = 0; i < m; ++i) {
        for (size_t j = 0; j < width; ++j) {
          double expected = bias[j] + 5.0, size = std::fabs(bias[j]) + 5;
          for (size_t k = 0; k < depth; ++k) {
            const double term = static_cast<double>(rounded[i * depth + k]) * w[j * depth + k];
            expected += term, size += std::fabs(term);
          }
          ASSERT_NEAR(y[i * ldy + j], expected, size * 4e-6) << about.name << " [" << i << ", " << j << "]";
        }
        EXPECT_EQ(y[i * ldy + width], 5) << "wrote beside y";
      }
    }
}

TEST_P(PackedWeightsOf, ARowIsTheSameAloneAndInABatchOnOneThreadAndOnMany) {
  const size_t width = 333, depth = 1024, m = 11;
  const auto rows = random_weights(GetParam(), width * depth, 2);
  const PackedWeights packed(GetParam(), rows.data(), width, depth);
  const auto x = random_floats(m * depth, 3);
  Activations left;
  const auto run = [&](size_t first, size_t count, size_t threads) {
    left.set(x.data() + first * depth, depth, count, depth, packed.arithmetic());
    std::vector<float> y(count * width);
    product(left, packed, y.data(), width, {.threads = threads});
    return y;
  };
  const auto all = run(0, m, 1);
  EXPECT_EQ(all, run(0, m, 2));
  for (const size_t count : {1, 2, 3, 4, 7})
    for (size_t first = 0; first + count <= m; first += count) {
      const auto some = run(first, count, 1 + count % 2);
      ASSERT_EQ(std::memcmp(some.data(), all.data() + first * width, some.size() * 4), 0) << first << " " << count;
    }
}

// On tiles, emulated here and real where the CPU has them: the bits of the plain version, whatever the rows.
TEST_P(PackedWeightsOf, TilesGiveTheSameBits) {
  const size_t most = 40;
  for (const size_t width : {1, 16, 37, 64})
    for (const size_t depth : {256, 1280}) {
      const auto rows = random_weights(GetParam(), width * depth, width);
      const PackedWeights packed(GetParam(), rows.data(), width, depth);
      const auto x = random_floats(most * depth, 5), bias = random_floats(width, 8);
      const auto run = [&](size_t m, Features cpu) {
        Activations left;
        left.set(x.data(), depth, m, depth, packed.arithmetic(), cpu);
        std::vector<float> y(m * (width + 1), 5);
        product(left, packed, y.data(), width + 1, {.bias = bias.data(), .accumulate = m % 2 == 0}, cpu);
        return y;
      };
      for (const size_t m : {1, 8, 9, 15, 16, 17, 33, 40}) {
        const auto expected = run(m, {});
        for (const Features cpu : {kEmulatedTiles, features()}) {
          const auto found = run(m, cpu);
          ASSERT_EQ(std::memcmp(found.data(), expected.data(), expected.size() * 4), 0)
              << features_name(cpu) << ": " << m << " rows of " << depth << ", width " << width;
        }
      }
    }
}

TEST(PackedWeights, ManyRowsOnTilesPassInPieces) {
  const size_t width = 40, depth = 2560, m = 300;  // more rows than sums are kept for, and a depth of five pieces
  for (const auto format : {WeightFormat::Q4_K, WeightFormat::Bf16}) {
    const auto rows = random_weights(format, width * depth, 1);
    const PackedWeights packed(format, rows.data(), width, depth);
    const auto arithmetic = format == WeightFormat::Bf16 ? Arithmetic::Bf16 : Arithmetic::Bytes;
    const auto x = random_floats(m * depth, 5);
    const auto run = [&](size_t first, size_t count, Features cpu, size_t threads) {
      Activations left;
      left.set(x.data() + first * depth, depth, count, depth, arithmetic, cpu);
      std::vector<float> y(count * width);
      product(left, packed, y.data(), width, {.threads = threads}, cpu);
      return y;
    };
    const auto all = run(0, m, kEmulatedTiles, 1);
    EXPECT_EQ(all, run(0, m, kEmulatedTiles, 2));
    if (format == WeightFormat::Q4_K) {
      EXPECT_EQ(all, run(0, m, {}, 1));
    }
    const auto last = run(m - 20, 20, kEmulatedTiles, 1);
    EXPECT_EQ(std::memcmp(last.data(), all.data() + (m - 20) * width, last.size() * 4), 0);
  }
}

TEST_P(PackedWeightsOf, TakeAboutAsMuchMemoryAsTheFile) {
  const size_t width = 64, depth = 2048;
  const auto rows = random_weights(GetParam(), width * depth, 2);
  const PackedWeights packed(GetParam(), rows.data(), width, depth);
  EXPECT_LE(static_cast<double>(packed.bytes()), 1.04 * static_cast<double>(rows.size()));
}

std::vector<WeightFormat> all_formats() {
  std::vector<WeightFormat> out;
  for (const auto& f : weight_formats()) out.push_back(f.format);
  return out;
}

INSTANTIATE_TEST_SUITE_P(Formats, PackedWeightsOf, testing::ValuesIn(all_formats()),
                         [](const auto& about) { return std::string(math::info(about.param).name); });

TEST(PackedWeights, Bf16RoundsActivationsAndNothingElse) {
  const size_t width = 37;
  for (const size_t depth : {1, 2, 77, 512}) {
    const auto rows = random_weights(WeightFormat::Bf16, width * depth, 9);
    const PackedWeights packed(WeightFormat::Bf16, rows.data(), width, depth);
    std::vector<float> w(width * depth);
    info(WeightFormat::Bf16).dequantise(rows.data(), w.size(), w.data());
    std::vector<float> first, first_in_tiles;
    auto versions = testable_features();
    versions.push_back(kEmulatedTiles);
    for (const size_t m : {40, 1, 2, 3, 8, 13, 16, 17}) {
      const auto x = random_floats(40 * depth, 3);
      for (const Features cpu : versions) {
        Activations left;
        left.set(x.data(), depth, m, depth, Arithmetic::Bf16, cpu);
        std::vector<float> y(m * width);
        product(left, packed, y.data(), width, {}, cpu);
        if (cpu == features() || cpu == kEmulatedTiles) {
          auto& whole = cpu == features() ? first : first_in_tiles;
          if (m == 40) whole = y;
          ASSERT_EQ(std::memcmp(y.data(), whole.data(), y.size() * 4), 0) << "a row alone and in a batch";
        }
        for (size_t i = 0; i < m; ++i)
          for (size_t j = 0; j < width; ++j) {
            double expected = 0, size = 0;
            for (size_t k = 0; k < depth; ++k) {
              const double term =
                  static_cast<double>(bf16_to_float(float_to_bf16(x[i * depth + k]))) * w[j * depth + k];
              expected += term, size += std::fabs(term);
            }
            ASSERT_NEAR(y[i * width + j], expected, size * 4e-6 + 1e-30) << features_name(cpu) << " depth " << depth;
          }
      }
    }
  }
}

TEST(PackedWeights, RefuseWhatDoesNotFit) {
  const auto rows = random_weights(WeightFormat::Q4_K, 16 * 512, 1);
  EXPECT_THROW(PackedWeights(WeightFormat::Q4_K, rows.data(), 16, 500), Error);
  const PackedWeights packed(WeightFormat::Q4_K, rows.data(), 16, 512);
  const auto x = random_floats(512, 1);
  std::vector<float> y(16);
  Activations left;
  EXPECT_THROW(left.set(x.data(), 30, 1, 30, Arithmetic::Bytes), Error);
  left.set(x.data(), 256, 1, 256, Arithmetic::Bytes);
  EXPECT_THROW(product(left, packed, y.data(), 16), Error);
  left.set(x.data(), 512, 1, 512, Arithmetic::Floats);
  EXPECT_THROW(product(left, packed, y.data(), 16), Error);
}

}  // namespace
}  // namespace hanok::math
