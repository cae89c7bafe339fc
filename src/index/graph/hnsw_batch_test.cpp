// A batch's walks take turns; each must find what it finds alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/random.h"
#include "index/graph/hnsw.h"

namespace hanok::index {
namespace {

constexpr size_t kDim = 24;

std::vector<float> normals(size_t n, uint64_t seed) {
  base::Random random(seed);
  std::vector<float> out(n * kDim);
  for (float& x : out) x = static_cast<float>(random.normal());
  return out;
}

std::unique_ptr<Index> index_of(size_t n, Metric metric) {
  auto out = Hnsw::make({.dim = kDim, .metric = metric});
  std::vector<Id> ids(n);
  std::iota(ids.begin(), ids.end(), 100);
  out->add(ids, normals(n, 1));
  return out;
}

void expect_same(const Index& index, const std::vector<float>& queries, size_t k, const SearchOptions& options) {
  const auto batch = index.search_batch(queries, k, options);
  ASSERT_EQ(batch.size(), queries.size() / kDim);
  for (size_t i = 0; i < batch.size(); ++i) {
    const auto alone = index.search(std::span(queries).subspan(i * kDim, kDim), k, options);
    ASSERT_EQ(batch[i].size(), alone.size()) << i;
    for (size_t j = 0; j < alone.size(); ++j) {
      EXPECT_EQ(batch[i][j].id, alone[j].id) << i << " place " << j;
      EXPECT_EQ(batch[i][j].distance, alone[j].distance) << i << " place " << j;
    }
  }
}

TEST(HnswBatch, FindsWhatSingleCallsFind) {
  for (const Metric metric : {Metric::L2, Metric::InnerProduct, Metric::Cosine}) {
    const auto index = index_of(3000, metric);
    for (const size_t queries : {1, 3, 4, 5, 37})
      for (const size_t k : {1, 10, 200}) expect_same(*index, normals(queries, 2), k, {});
    expect_same(*index, normals(9, 3), 5, {.ef = 300, .rerank = 7, .threads = 1});
    expect_same(*index, normals(9, 3), 5, {.threads = 2});
  }
}

TEST(HnswBatch, AfterRemovalsWithFiltersAndOfFew) {
  const auto index = index_of(3000, Metric::L2);
  const IdFilter odd = IdFilter::when([](Id id) { return id % 2 == 1; });
  expect_same(*index, normals(10, 4), 10, {.filter = &odd});
  std::vector<Id> gone(300);
  std::iota(gone.begin(), gone.end(), 200);
  index->remove(gone);
  expect_same(*index, normals(10, 5), 10, {});
  expect_same(*index_of(50, Metric::L2), normals(10, 6), 60, {});
  EXPECT_TRUE(index->search_batch({}, 10, {}).empty());
  EXPECT_TRUE(index->search_batch(normals(2, 7), 0, {})[1].empty());
}

TEST(HnswBatch, RefusesWhatSingleCallsRefuse) {
  const auto index = index_of(3000, Metric::Cosine);
  auto queries = normals(6, 8);
  queries[4 * kDim + 3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(index->search_batch(queries, 5, {}), Error);
  std::fill_n(queries.begin() + 4 * kDim, kDim, 0.0f);
  EXPECT_THROW(index->search_batch(queries, 5, {}), Error);
  queries.pop_back();
  EXPECT_THROW(index->search_batch(queries, 5, {}), Error);
}

}  // namespace
}  // namespace hanok::index
