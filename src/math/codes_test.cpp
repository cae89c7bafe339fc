#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "base/random.h"
#include "math/distance.h"
#include "math/test_cpus.h"

namespace hanok::math {
namespace {

class Codes : public testing::TestWithParam<Features> {};

TEST_P(Codes, ScanAgreesWithScalar) {
  const auto fast = kernels<DistanceKernels>(GetParam()), plain = kernels<DistanceKernels>({});
  base::Random random(2);
  for (const auto& [lines, most] : std::vector<std::pair<size_t, uint64_t>>{{1, 128},
                                                                            {2, 128},
                                                                            {3, 128},
                                                                            {13, 128},
                                                                            {1, 256},
                                                                            {2, 256},
                                                                            {3, 256},
                                                                            {4, 256},
                                                                            {5, 256},
                                                                            {6, 256},
                                                                            {8, 256}}) {
    constexpr size_t kRecords = 50;
    const size_t bytes = lines * 64;
    std::vector<uint8_t> memory((kRecords + 1) * bytes + 64);
    uint8_t* base = memory.data() + (64 - reinterpret_cast<uintptr_t>(memory.data()) % 64) % 64;
    for (size_t i = 0; i < (kRecords + 1) * bytes; ++i) base[i] = static_cast<uint8_t>(random.below(most));
    for (size_t r = 0; r < kRecords; ++r) {
      const auto bias = static_cast<int32_t>(random.below(2000000)) - 1000000;
      std::memcpy(base + (r + 1) * bytes - 4, &bias, 4);
    }
    for (const size_t n : {0u, 1u, 2u, 7u, 31u, 64u}) {
      std::vector<uint32_t> ids(n);
      for (auto& id : ids) id = static_cast<uint32_t>(random.below(kRecords));
      std::vector<int32_t> a(n), b(n);
      fast.scan_records(base + kRecords * bytes, base, lines, ids.data(), n, a.data());
      plain.scan_records(base + kRecords * bytes, base, lines, ids.data(), n, b.data());
      EXPECT_EQ(a, b) << lines << " lines, " << n;
      for (size_t i = 0; most == 128 && i < n; ++i) {  // seven bits: the difference of two codes
        const uint8_t* record = base + ids[i] * bytes;
        int32_t bias;
        std::memcpy(&bias, record + bytes - 4, 4);
        EXPECT_EQ(a[i], static_cast<int32_t>(plain.l2_u7(base + kRecords * bytes, record, bytes - 4)) + bias);
      }
    }
  }
}

// Every pair of codes: the shorter way round, 127 at most.
TEST_P(Codes, DifferencesGoRoundACircle) {
  const auto fast = kernels<DistanceKernels>(GetParam());
  alignas(64) uint8_t memory[2 * 64] = {};
  const uint32_t first = 0;
  for (int a = 0; a < 256; ++a)
    for (int b = 0; b < 256; ++b) {
      memory[17] = static_cast<uint8_t>(a), memory[64 + 17] = static_cast<uint8_t>(b);
      const int straight = std::abs(a - b), shorter = std::min({straight, 256 - straight, 127});
      int32_t got = -1;
      fast.scan_records(memory + 64, memory, 1, &first, 1, &got);
      ASSERT_EQ(got, shorter * shorter) << a << " and " << b;
    }
}

// Few different values, so that equals occur: the first of them counts. Biases may be anything: sums wrap.
TEST_P(Codes, NearestOfPanelAgreesWithScalar) {
  const auto fast = kernels<DistanceKernels>(GetParam()), plain = kernels<DistanceKernels>({});
  base::Random random(7);
  for (const size_t groups : {1u, 3u, 15u, 16u})
    for (const size_t blocks : {0u, 1u, 2u, 3u, 4u, 7u, 64u})
      for (const uint64_t most : {2u, 256u}) {
        const size_t bytes = blocks * groups * kPanelRecords * 4;
        std::vector<uint8_t> memory(bytes + 64), query(groups * 4);
        uint8_t* panel = memory.data() + (64 - reinterpret_cast<uintptr_t>(memory.data()) % 64) % 64;
        for (size_t i = 0; i < bytes; ++i) panel[i] = static_cast<uint8_t>(random.below(most));
        for (auto& code : query) code = static_cast<uint8_t>(random.below(most));
        std::vector<int32_t> bias(blocks * kPanelRecords);
        for (auto& b : bias) b = static_cast<int32_t>(random.below(most == 2 ? 2 : uint64_t{1} << 32));
        std::vector<int32_t> distance(kPanelRecords), plain_distance(kPanelRecords);
        std::vector<uint32_t> record(kPanelRecords), plain_record(kPanelRecords);
        fast.nearest_of_panel(query.data(), panel, bias.data(), groups, blocks, distance.data(), record.data());
        plain.nearest_of_panel(query.data(), panel, bias.data(), groups, blocks, plain_distance.data(),
                               plain_record.data());
        EXPECT_EQ(distance, plain_distance) << groups << " groups, " << blocks << " blocks";
        EXPECT_EQ(record, plain_record) << groups << " groups, " << blocks << " blocks";
        for (size_t l = 0; l < kPanelRecords; ++l) EXPECT_EQ(record[l] == UINT32_MAX, blocks == 0);
      }
}

TEST_P(Codes, ProjectAgreesWithScalar) {
  const auto fast = kernels<DistanceKernels>(GetParam()), plain = kernels<DistanceKernels>({});
  base::Random random(3);
  for (const size_t stride : {32u, 96u, 800u})
    for (const size_t n : {0u, 1u, 3u, 4u, 9u, 60u}) {
      std::vector<uint8_t> x(stride);
      std::vector<int8_t> rows(n * stride);
      for (auto& v : x) v = static_cast<uint8_t>(random.below(4) ? random.below(256) : 255);
      for (auto& v : rows) v = static_cast<int8_t>(random.below(3) ? static_cast<int>(random.below(127)) - 63 : 63);
      std::vector<int32_t> a(n), b(n);
      fast.project(x.data(), rows.data(), stride, n, a.data());
      plain.project(x.data(), rows.data(), stride, n, b.data());
      EXPECT_EQ(a, b);
    }
}

TEST_P(Codes, BytesOfFloats) {
  const auto fast = kernels<DistanceKernels>(GetParam()), plain = kernels<DistanceKernels>({});
  base::Random random(4);
  for (const size_t n : {0u, 1u, 7u, 8u, 9u, 100u}) {
    std::vector<float> x(n), low(n), scale(n);
    for (size_t j = 0; j < n; ++j) {
      x[j] = static_cast<float>(random.normal() * 3);
      low[j] = static_cast<float>(random.normal() - 3);
      scale[j] = static_cast<float>(random.uniform() * 100);
    }
    std::vector<uint8_t> a(n), b(n);
    fast.f32_to_u8(x.data(), low.data(), scale.data(), a.data(), n);
    plain.f32_to_u8(x.data(), low.data(), scale.data(), b.data(), n);
    EXPECT_EQ(a, b);
  }
}

TEST_P(Codes, WholeBytesAndFiniteNumbersAreTold) {
  const auto fast = kernels<DistanceKernels>(GetParam());
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const size_t n : {1u, 8u, 9u, 33u})
    for (size_t at = 0; at < n; ++at) {
      std::vector<float> x(n, 255);
      std::vector<uint8_t> out(n);
      x[at] = 7;
      ASSERT_TRUE(fast.whole_bytes(x.data(), out.data(), n));
      EXPECT_EQ(out[at], 7);
      EXPECT_EQ(out[at ? at - 1 : n - 1], n == 1 ? 7 : 255);
      EXPECT_TRUE(fast.all_finite(x.data(), n));
      for (const float bad : {-1.f, 256.f, 0.5f, 1e30f, kInfinity, std::nanf("")}) {
        x[at] = bad;
        EXPECT_FALSE(fast.whole_bytes(x.data(), out.data(), n)) << bad;
        EXPECT_EQ(fast.all_finite(x.data(), n), std::isfinite(bad)) << bad;
      }
    }
}

INSTANTIATE_TEST_SUITE_P(Cpus, Codes, testing::ValuesIn(testable_features()), name_of_features);

}  // namespace
}  // namespace hanok::math
