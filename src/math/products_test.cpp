// The kernels behind packed_weights.h: every version gives the same bits as the scalar one.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "base/random.h"
#include "math/half.h"
#include "math/kernels.h"
#include "math/product_kernels.h"
#include "math/test_cpus.h"

namespace hanok::math {
namespace {

class Products : public testing::TestWithParam<Features> {};

constexpr size_t kTiles[] = {1, 2, 4, 8};
constexpr size_t kBlocks = 16;  // two of 256 values

std::vector<uint8_t> random_panel(const PackedForm& form, base::Random& random) {
  std::vector<uint8_t> out;
  const auto add = [&](size_t n) {
    for (size_t i = 0; i < n; ++i) out.push_back(static_cast<uint8_t>(random.next()));
  };
  const auto add_halves = [&](size_t n) {
    for (size_t i = 0; i < n; ++i) {
      const uint16_t bits = float_to_half(static_cast<float>(random.normal()));
      out.push_back(static_cast<uint8_t>(bits)), out.push_back(static_cast<uint8_t>(bits >> 8));
    }
  };
  for (size_t b = 0; b < kBlocks; ++b) {
    if (form.super > 1 && b % form.super == 0) add_halves(head_bytes(form) / 2);
    if (form.scale == Scale::Half)
      add_halves(scale_bytes(form) / 2);
    else if (form.scale == Scale::Exponent)
      for (size_t i = 0; i < 16; ++i) out.push_back(static_cast<uint8_t>(random.below(120)));
    else
      add(scale_bytes(form));
    add(size_t{64} * form.bits);
  }
  return out;
}

std::vector<float> random_floats(size_t n, base::Random& random) {
  std::vector<float> out(n);
  for (float& v : out) v = static_cast<float>(random.normal());
  return out;
}

std::vector<uint32_t> bits_of(const std::vector<float>& x) {
  std::vector<uint32_t> out(x.size());
  std::memcpy(out.data(), x.data(), x.size() * 4);
  return out;
}

TEST_P(Products, QuantisedWeightsGiveTheBitsOfTheScalar) {
  const auto fast = kernels<ProductKernels>(GetParam()), plain = kernels<ProductKernels>({});
  base::Random random(3);
  for (size_t f = 0; f < kQuantisedForms; ++f)
    for (size_t t = 0; t < 4; ++t) {
      const auto panel = random_panel(kPackedForms[f], random);
      std::vector<uint8_t> tile(kBlocks * quantised_bytes(kTiles[t]));
      for (size_t r = 0; r < kTiles[t]; ++r)
        plain.quantise(random_floats(32 * kBlocks, random).data(), kBlocks, r, kTiles[t], tile.data());
      std::vector<float> found(kTiles[t] * 16 + 1, 7), expected(kTiles[t] * 16 + 1, 7);
      fast.quantised[f][t](panel.data(), kBlocks, tile.data(), found.data());
      plain.quantised[f][t](panel.data(), kBlocks, tile.data(), expected.data());
      ASSERT_EQ(bits_of(found), bits_of(expected)) << "form " << f << ", tile of " << kTiles[t];
    }
}

// Taken apart for many rows, chunk by chunk, weights give the bits that they give one panel at a time.
TEST_P(Products, StripsGiveTheBitsOfPanels) {
  const auto fast = kernels<ProductKernels>(GetParam()), plain = kernels<ProductKernels>({});
  base::Random random(8);
  for (size_t f = 0; f < kQuantisedForms; ++f) {
    const std::vector<uint8_t> panels[2] = {random_panel(kPackedForms[f], random),
                                            random_panel(kPackedForms[f], random)};
    std::vector<uint8_t> tile(kBlocks * quantised_bytes(8));
    for (size_t r = 0; r < 8; ++r)
      plain.quantise(random_floats(32 * kBlocks, random).data(), kBlocks, r, 8, tile.data());
    std::vector<float> expected(8 * 32), sums(8 * 32 + 1, 0.0f);
    sums.back() = 7;
    for (size_t p = 0; p < 2; ++p) {
      std::vector<float> out(8 * 16);
      plain.quantised[f][3](panels[p].data(), kBlocks, tile.data(), out.data());
      for (size_t r = 0; r < 8; ++r) std::copy_n(out.data() + 16 * r, 16, expected.data() + 32 * r + 16 * p);
    }
    struct alignas(64) Line {
      uint8_t bytes[64];
    };
    constexpr size_t kHalf = kBlocks / 2;
    std::vector<Line> memory(kHalf * kStripBlockBytes / 64);
    uint8_t* strip = memory[0].bytes;
    for (size_t half = 0; half < 2; ++half) {
      for (size_t p = 0; p < 2; ++p) fast.unpack[f](panels[p].data() + half * panels[p].size() / 2, kHalf, p, strip);
      fast.strip[f](strip, kHalf, tile.data() + half * kHalf * quantised_bytes(8), sums.data());
    }
    EXPECT_EQ(sums.back(), 7);
    sums.pop_back();
    ASSERT_EQ(bits_of(sums), bits_of(expected)) << "form " << f;
  }
}

// Codes and activations as large as they come: nothing may overflow on the way.
TEST_P(Products, TheLargestCodesDoNotOverflow) {
  const auto fast = kernels<ProductKernels>(GetParam()), plain = kernels<ProductKernels>({});
  base::Random random(4);
  for (size_t f = 0; f < kQuantisedForms; ++f)
    for (const uint8_t code : {uint8_t{0}, uint8_t{255}})
      for (const float sign : {1.0f, -1.0f}) {
        auto panel = random_panel(kPackedForms[f], random);
        const size_t block = block_bytes(kPackedForms[f]), codes = size_t{64} * kPackedForms[f].bits;
        for (size_t b = 0, at = 0; b < kBlocks; ++b, at += block) {
          if (kPackedForms[f].super > 1 && b % kPackedForms[f].super == 0) at += head_bytes(kPackedForms[f]);
          std::memset(panel.data() + at + block - codes, code, codes);
        }
        std::vector<uint8_t> tile(kBlocks * quantised_bytes(8));
        const std::vector<float> x(32 * kBlocks, sign);
        for (size_t r = 0; r < 8; ++r) plain.quantise(x.data(), kBlocks, r, 8, tile.data());
        std::vector<float> found(8 * 16), expected(8 * 16);
        fast.quantised[f][3](panel.data(), kBlocks, tile.data(), found.data());
        plain.quantised[f][3](panel.data(), kBlocks, tile.data(), expected.data());
        ASSERT_EQ(bits_of(found), bits_of(expected)) << "form " << f;
        alignas(64) uint8_t strip[kBlocks * kStripBlockBytes] = {};
        std::vector<float> sums(8 * 32);
        for (size_t p = 0; p < 2; ++p) fast.unpack[f](panel.data(), kBlocks, p, strip);
        fast.strip[f](strip, kBlocks, tile.data(), sums.data());
        for (size_t r = 0; r < 8; ++r)
          for (size_t j = 0; j < 32; ++j) ASSERT_EQ(sums[32 * r + j], expected[16 * r + j % 16]) << "form " << f;
      }
}

TEST_P(Products, PlainWeightsGiveTheBitsOfTheScalar) {
  const auto fast = kernels<ProductKernels>(GetParam()), plain = kernels<ProductKernels>({});
  base::Random random(5);
  for (const size_t depth : {size_t{0}, size_t{1}, size_t{7}, size_t{129}})
    for (size_t t = 0; t < 4; ++t) {
      const auto w = random_floats(16 * depth, random), x = random_floats(kTiles[t] * depth, random);
      std::vector<uint16_t> half(w.size()), brain((depth + 1) / 2 * 32);
      for (size_t i = 0; i < w.size(); ++i) half[i] = float_to_half(w[i]);
      for (size_t i = 0; i < w.size(); ++i) brain[(i / 16 / 2 * 16 + i % 16) * 2 + i / 16 % 2] = float_to_bf16(w[i]);
      const void* panels[] = {w.data(), half.data(), brain.data()};
      for (size_t p = 0; p < 3; ++p) {
        std::vector<float> found(kTiles[t] * 16 + 1, 7), expected(kTiles[t] * 16 + 1, 7);
        fast.plain[p][t](panels[p], depth, x.data(), found.data());
        plain.plain[p][t](panels[p], depth, x.data(), expected.data());
        ASSERT_EQ(bits_of(found), bits_of(expected)) << p << " depth " << depth << ", tile of " << kTiles[t];
      }
    }
}

TEST_P(Products, ActivationsAreQuantisedAlike) {
  const auto fast = kernels<ProductKernels>(GetParam()), plain = kernels<ProductKernels>({});
  base::Random random(6);
  for (const size_t rows : kTiles)
    for (const float size : {1.0f, 0.0f, 1e-31f, 1e-36f, 1e30f}) {
      auto x = random_floats(32 * kBlocks, random);
      for (float& v : x) v *= size;
      for (size_t i = 0; i < 32; ++i) x[i] = (static_cast<float>(i) - 15.5f) * size;  // ties
      std::vector<uint8_t> found(kBlocks * quantised_bytes(rows)), expected = found;
      for (size_t r = 0; r < rows; ++r) {
        fast.quantise(x.data(), kBlocks, r, rows, found.data());
        plain.quantise(x.data(), kBlocks, r, rows, expected.data());
      }
      ASSERT_EQ(found, expected) << rows << " rows, size " << size;
    }
}

INSTANTIATE_TEST_SUITE_P(Cpus, Products, testing::ValuesIn(testable_features()), name_of_features);

}  // namespace
}  // namespace hanok::math
