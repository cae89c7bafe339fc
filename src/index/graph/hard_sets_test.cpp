// What makes a set hard for a graph: lengths of many sizes under inner product, near-duplicates, many directions.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <string>

#include "base/file.h"
#include "base/random.h"
#include "index/graph/builder.h"
#include "index/graph/hnsw.h"

namespace hanok::index {
namespace {

std::vector<float> normal(size_t n, size_t dim, uint64_t seed) {
  base::Random random(seed);
  std::vector<float> out(n * dim);
  for (float& x : out) x = static_cast<float>(random.normal());
  return out;
}

void add_all(Index& index, std::span<const float> vectors) {
  std::vector<Id> ids(vectors.size() / index.options().dim);
  std::iota(ids.begin(), ids.end(), 0);
  index.add(ids, vectors);
}

/// Share of the ten largest inner products of each query that are found.
double recall_of_inner_products(const Index& index, std::span<const float> vectors, std::span<const float> queries,
                                size_t ef) {
  constexpr size_t kTen = 10;
  const size_t dim = index.options().dim, n = vectors.size() / dim;
  size_t found = 0;
  for (size_t q = 0; q < queries.size(); q += dim) {
    std::vector<std::pair<double, Id>> all;
    for (size_t i = 0; i < n; ++i)
      all.emplace_back(-std::inner_product(&queries[q], &queries[q] + dim, &vectors[i * dim], 0.0), static_cast<Id>(i));
    std::partial_sort(all.begin(), all.begin() + kTen, all.end());
    for (const Match& m : index.search(queries.subspan(q, dim), kTen, {.ef = ef}))
      found += std::any_of(all.begin(), all.begin() + kTen, [&](const auto& a) { return a.second == m.id; });
  }
  return static_cast<double>(found) / static_cast<double>(kTen * queries.size() / dim);
}

// Lengths of a Pareto distribution: a few vectors are thirty times as long as most, and they are the answers.
std::vector<float> heavy_tailed(size_t n, size_t dim) {
  auto out = normal(n, dim, 3);
  base::Random random(4);
  for (size_t i = 0; i < n; ++i) {
    const auto length = static_cast<float>(std::pow(1 - random.uniform(), -1.0 / 3));
    for (size_t j = 0; j < dim; ++j) out[i * dim + j] *= length;
  }
  return out;
}

TEST(HardSets, InnerProductsOfAFewLongVectors) {
  constexpr size_t kDim = 32, kCount = 6000;
  const auto vectors = heavy_tailed(kCount, kDim), queries = normal(50, kDim, 5);
  auto index = make("hnsw", {.dim = kDim, .metric = Metric::InnerProduct});
  add_all(*index, vectors);
  ASSERT_EQ(index->statistics().at("search"), "graph");
  EXPECT_GE(recall_of_inner_products(*index, vectors, queries, 32), 0.95);
  EXPECT_GE(recall_of_inner_products(*index, vectors, queries, 200), 0.999);
  EXPECT_EQ(index->statistics().at("degree"), "32") << "how all the short ones lie asks for no more";
}

TEST(HardSets, OneVectorOfWildLengthCostsTheOthersNothing) {
  constexpr size_t kDim = 32, kCount = 4000;
  auto vectors = normal(kCount, kDim, 6);
  const auto queries = normal(40, kDim, 7);
  for (size_t j = 0; j < kDim; ++j) vectors[j] *= 100;
  auto index = make("hnsw", {.dim = kDim, .metric = Metric::InnerProduct});
  add_all(*index, vectors);
  EXPECT_GE(recall_of_inner_products(*index, vectors, queries, 200), 0.97);
  EXPECT_NE(index->statistics().at("degree"), "32") << "one long vector is no tail";
}

// An index that was written when inner product had a dimension more: searched, grown and saved as it is.
TEST(HardSets, InnerProductIndexOfBefore) {
  const auto index = open(std::filesystem::path(HANOK_SOURCE_DIR) / "tests/data/inner_product_of_before.idx");
  ASSERT_EQ(index->statistics().at("search"), "graph");
  const size_t dim = index->options().dim;
  std::vector<float> vectors;
  for (Id id = 0; id < static_cast<Id>(index->size()); ++id) {
    const auto row = index->reconstruct(id).value();
    vectors.insert(vectors.end(), row.begin(), row.end());
  }
  const auto queries = normal(20, dim, 8);
  EXPECT_GE(recall_of_inner_products(*index, vectors, queries, 40), 0.99);
  const auto more = normal(20, dim, 9);
  std::vector<Id> ids(20);
  std::iota(ids.begin(), ids.end(), static_cast<Id>(index->size()));
  index->add(ids, more);
  vectors.insert(vectors.end(), more.begin(), more.end());
  EXPECT_GE(recall_of_inner_products(*index, vectors, queries, 60), 0.99);
  const base::TempFolder folder;
  index->save(folder.path() / "again.idx");
  EXPECT_GE(recall_of_inner_products(*open(folder.path() / "again.idx"), vectors, queries, 60), 0.99);
}

double recall_of_distances(const Index& index, std::span<const float> vectors, std::span<const float> queries,
                           const SearchOptions& options) {
  constexpr size_t kTen = 10;
  const size_t dim = index.options().dim, n = vectors.size() / dim;
  size_t found = 0;
  for (size_t q = 0; q < queries.size(); q += dim) {
    std::vector<std::pair<double, Id>> all;
    for (size_t i = 0; i < n; ++i) {
      double square = 0;
      for (size_t j = 0; j < dim; ++j) square += std::pow(queries[q + j] - vectors[i * dim + j], 2.0);
      if (!options.filter || options.filter->accepts(static_cast<Id>(i))) all.emplace_back(square, static_cast<Id>(i));
    }
    std::partial_sort(all.begin(), all.begin() + kTen, all.end());
    for (const Match& m : index.search(queries.subspan(q, dim), kTen, options))
      found += std::any_of(all.begin(), all.begin() + kTen, [&](const auto& a) { return a.second == m.id; });
  }
  return static_cast<double>(found) / static_cast<double>(kTen * queries.size() / dim);
}

// Heaps of 40, each a fourteenth as wide as heaps are apart.
std::vector<float> clustered(size_t clusters, size_t each, size_t dim, uint64_t seed) {
  const auto centres = normal(clusters, dim, 12), rest = normal(clusters * each, dim, seed);
  std::vector<float> out(rest.size());
  for (size_t i = 0; i < out.size(); ++i) out[i] = centres[i / dim % clusters * dim + i % dim] + rest[i] / 14;
  return out;
}

TEST(HardSets, TightClustersHaveFinerCodes) {
  constexpr size_t kDim = 48, kClusters = 150, kEach = 40;
  const auto vectors = clustered(kClusters, kEach, kDim, 13), queries = clustered(kClusters, 1, kDim, 14);
  for (const Metric metric : {Metric::L2, Metric::Cosine}) {
    auto index = make("hnsw", {.dim = kDim, .metric = metric});
    add_all(*index, std::span(vectors).first(vectors.size() / 2));
    ASSERT_EQ(index->statistics().at("search"), "graph");
    EXPECT_EQ(index->statistics().at("code_steps"), "fine");
    std::vector<Id> ids(vectors.size() / kDim / 2);
    std::iota(ids.begin(), ids.end(), static_cast<Id>(ids.size()));
    index->add(ids, std::span(vectors).last(vectors.size() / 2));
    if (metric == Metric::Cosine) continue;
    EXPECT_GE(recall_of_distances(*index, vectors, queries, {.ef = 12}), 0.97);  // seven bits: .90
    EXPECT_GE(recall_of_distances(*index, vectors, queries, {.ef = 40}), 0.995);
    // Questions lie off the set, between clusters; codes that are too fine say nothing of such distances.
    auto away = queries;
    for (size_t q = 0; q < away.size(); ++q)
      away[q] += 0.4f * (queries[(q + 7 * kDim) % away.size()] - queries[(q + 31 * kDim) % away.size()]);
    EXPECT_GE(recall_of_distances(*index, vectors, away, {.ef = 150}), 0.97);
    // What passes lies in other clusters than the query: far, where codes say little.
    const auto other = IdFilter::when([](Id id) { return id % 7 == 3; });
    EXPECT_GE(recall_of_distances(*index, vectors, queries, {.ef = 40, .filter = &other}), 0.97);
    const base::TempFolder folder;
    index->save(folder.path() / "fine.idx");
    const auto opened = open(folder.path() / "fine.idx");
    EXPECT_EQ(opened->statistics().at("code_steps"), "fine");
    // Of 40 in 48 dimensions, not of clusters that are far apart: 1 over the 100 nearest.
    for (const Index* either : {index.get(), opened.get()}) {
      EXPECT_EQ(either->statistics().at("local_dimension_of"), "inside of clusters");
      EXPECT_GE(std::stod(either->statistics().at("local_dimension")), 5);
    }
    for (size_t q = 0; q < queries.size(); q += kDim) {
      const auto query = std::span(queries).subspan(q, kDim);
      const auto before = index->search(query, 10, {.ef = 12}), after = opened->search(query, 10, {.ef = 12});
      for (size_t i = 0; i < 10; ++i) EXPECT_EQ(before[i].id, after[i].id);
    }
  }
  auto spread = make("hnsw", {.dim = kDim});
  add_all(*spread, normal(4000, kDim, 15));
  EXPECT_EQ(spread->statistics().at("code_steps"), "usual");
  EXPECT_EQ(spread->statistics().count("local_dimension_of"), 0u);
}

// Windows over a text: each overlaps the next, so that all but a few of its nearest are its own text's.
std::vector<float> overlapping(size_t texts, size_t windows, size_t dim) {
  base::Random random(11);
  std::vector<float> out;
  std::vector<float> at(dim);
  for (size_t t = 0; t < texts; ++t) {
    for (float& x : at) x = static_cast<float>(random.normal());
    for (size_t w = 0; w < windows; ++w) {
      for (float& x : at) x += 0.15f * static_cast<float>(random.normal());
      out.insert(out.end(), at.begin(), at.end());
    }
  }
  return out;
}

std::vector<size_t> rows_that_hold(const Graph& graph) {
  std::vector<size_t> out(graph.size);
  for (uint32_t node = 0; node < graph.size; ++node)
    for (size_t i = 0; i < graph.row_length(node); ++i) ++out[graph.row(node)[i]];
  return out;
}

TEST(HardSets, NearDuplicatesAreInSeveralRows) {
  constexpr size_t kDim = 24, kTexts = 300, kWindows = 20, kCount = kTexts * kWindows, kDegree = 32;
  const auto vectors = overlapping(kTexts, kWindows, kDim);
  Graph graph;
  graph.projection = Projection::train(vectors, {.dim = kDim, .lines = 1});
  graph.size = kCount;
  const size_t bytes = graph.projection.record_bytes();
  graph.records = Buffer<uint8_t>().grown(kCount * bytes, 0);
  EncodeMemory scratch;
  for (size_t i = 0; i < kCount; ++i)
    graph.projection.encode(&vectors[i * kDim], graph.records.writable() + i * bytes, scratch);
  build(graph, {.degree = kDegree, .ef = 96, .raise = false});
  // As many as it holds itself, up to half of the degree, are enough.
  std::vector<size_t> enough(kCount);
  for (uint32_t node = 0; node < kCount; ++node) enough[node] = std::min(graph.row_length(node), kDegree / 2);
  const auto share_of_few = [&] {
    const auto in = rows_that_hold(graph);
    size_t few = 0;
    for (size_t i = 0; i < kCount; ++i) few += in[i] < enough[i];
    return static_cast<double>(few) / kCount;
  };
  const double before = share_of_few();
  EXPECT_GT(before, 0.2) << "the set is not hard enough to say anything";
  apply(graph, raise_in_degree(graph));
  EXPECT_LT(share_of_few(), before / 2) << before;  // the others' neighbours are short of rows that hold them, too
}

TEST(HardSets, EffortFollowsTheLocalDimensionAndStays) {
  const auto few = normal(3000, 4, 1), many = normal(3000, 64, 1);
  auto easy = make("hnsw", {.dim = 4}), hard = make("hnsw", {.dim = 64});
  add_all(*easy, few);
  add_all(*hard, many);
  const auto easy_says = easy->statistics(), hard_says = hard->statistics();
  EXPECT_LT(std::stod(easy_says.at("local_dimension")), 8);
  EXPECT_GT(std::stod(hard_says.at("local_dimension")), 17);
  EXPECT_LT(std::stoul(easy_says.at("degree")), std::stoul(hard_says.at("degree")));
  EXPECT_LT(std::stoul(easy_says.at("ef_construction")), std::stoul(hard_says.at("ef_construction")));
  const base::TempFolder folder;
  hard->save(folder.path() / "hard.idx");
  auto opened = open(folder.path() / "hard.idx");
  for (const char* key : {"local_dimension", "degree", "ef_construction"})
    EXPECT_EQ(opened->statistics().at(key), hard_says.at(key)) << key;
  auto own = make("hnsw", {.dim = 64, .set = {{"degree", "20"}, {"ef_construction", "50"}}});
  add_all(*own, many);
  EXPECT_EQ(own->statistics().at("degree"), "20");
  EXPECT_EQ(own->statistics().at("ef_construction"), "50");
}

TEST(HardSets, EffortHasFourSteps) {
  std::set<std::string> seen;
  for (const size_t dim : {4, 24, 34, 100}) {
    auto index = make("hnsw", {.dim = dim});
    add_all(*index, normal(2000, dim, 1));
    const auto says = index->statistics();
    const double local = std::stod(says.at("local_dimension"));
    ASSERT_TRUE(local != 12 && local != 17 && local != 24) << "rounded: which side is it on?";
    EXPECT_EQ(says.at("ef_construction"), local > 17 ? "200" : local > 12 ? "150" : "96") << local;
    EXPECT_EQ(says.at("degree"), local > 24 ? "56" : local > 17 ? "48" : "32") << local;
    seen.insert(says.at("degree") + " of " + says.at("ef_construction"));
  }
  EXPECT_EQ(seen.size(), 4u);
}

// All as far from one another, but for rounding: neighbours that say nothing of a dimension.
TEST(HardSets, AFileOfVectorsThatLieEquallyFarApartOpens) {
  constexpr size_t kCount = 600;
  std::vector<float> vectors(kCount * kCount);
  for (size_t i = 0; i < kCount; ++i) vectors[i * kCount + i] = 1 + static_cast<float>(i % 20) * 1.2e-7f;
  auto index = make("hnsw", {.dim = kCount, .set = {{"exact_below", "100"}}});
  add_all(*index, vectors);
  ASSERT_EQ(index->statistics().at("search"), "graph");
  EXPECT_LE(std::stod(index->statistics().at("local_dimension")), kCount);
  const base::TempFolder folder;
  index->save(folder.path() / "far.idx");
  EXPECT_EQ(open(folder.path() / "far.idx")->size(), kCount);
}

}  // namespace
}  // namespace hanok::index
