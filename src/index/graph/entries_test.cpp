#include "index/graph/entries.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/random.h"
#include "math/distance.h"

namespace hanok::index {
namespace {

struct Set {
  Projection projection;
  Buffer<uint8_t> records;
  std::vector<float> rows;
  size_t dim, size;
  const uint8_t* record(size_t i) const { return records.data() + i * projection.record_bytes(); }
};

Set random_set(size_t n, size_t dim, size_t lines) {
  Set out{{}, {}, std::vector<float>(n * dim), dim, n};
  base::Random random(5);
  for (float& x : out.rows) x = static_cast<float>(random.normal());
  out.projection = Projection::train(out.rows, {.dim = dim, .lines = lines});
  out.records = Buffer<uint8_t>().grown(n * out.projection.record_bytes(), 0);
  EncodeMemory memory;
  for (size_t i = 0; i < n; ++i)
    out.projection.encode(&out.rows[i * dim], out.records.writable() + i * out.projection.record_bytes(), memory);
  return out;
}

// By the whole of a code of one line the nearest entry is the nearest of all; its first line is all there is of it.
TEST(Entries, TheNearestIsFirst) {
  const Set set = random_set(500, 40, 1);
  std::vector<uint32_t> nodes(300);
  std::iota(nodes.begin(), nodes.end(), 100u);
  const Entries entries(nodes, set.projection, set.records.data(), set.size);
  ASSERT_EQ(entries.size(), nodes.size());
  for (size_t q = 0; q < 50; ++q) {
    std::vector<int32_t> distances(nodes.size());
    math::distance().scan_records(set.record(q), set.records.data(), 1, nodes.data(), nodes.size(), distances.data());
    const auto least = std::min_element(distances.begin(), distances.end());
    uint32_t out[Entries::kMost];
    ASSERT_EQ(entries.nearest(set.record(q), 8, out), 8u);
    EXPECT_EQ(distances[out[0] - 100], *least);
    for (size_t i = 1; i < 8; ++i) EXPECT_LE(distances[out[i - 1] - 100], distances[out[i] - 100]);
  }
}

// Of several lines only the first is looked at: a sample of directions. A vector is still nearest to itself.
TEST(Entries, OfSeveralLinesTheFirstIsEnough) {
  const Set set = random_set(400, 200, 3);
  std::vector<uint32_t> nodes(200);
  std::iota(nodes.begin(), nodes.end(), 0u);
  const Entries entries(nodes, set.projection, set.records.data(), set.size);
  for (uint32_t q = 0; q < 200; ++q) {
    uint32_t out[Entries::kMost];
    ASSERT_EQ(entries.nearest(set.record(q), 4, out), 4u);
    EXPECT_EQ(out[0], q);
  }
}

TEST(Entries, FewOrNoneOrNoNodes) {
  const Set set = random_set(20, 8, 1);
  uint32_t out[Entries::kMost];
  EXPECT_EQ(Entries().nearest(set.record(0), 4, out), 0u);
  const Entries few({3, 7, 20, UINT32_MAX, 5}, set.projection, set.records.data(), set.size);
  EXPECT_EQ(few.nodes(), (std::vector<uint32_t>{3, 7, 5}));
  ASSERT_EQ(few.nearest(set.record(7), Entries::kMost, out), 3u);
  EXPECT_EQ(out[0], 7u);
}

}  // namespace
}  // namespace hanok::index
