#include "index/graph/hnsw.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>

#include "base/random.h"
#include "base/threads.h"

namespace hanok::index {
namespace {

// Points near some centres, as embeddings lie.
std::vector<float> clustered(size_t n, size_t dim, uint64_t seed, size_t centres = 20) {
  base::Random random(7), noise(seed);
  std::vector<float> c(centres * dim), out(n * dim);
  for (auto& x : c) x = static_cast<float>(random.normal());
  for (size_t i = 0; i < n; ++i) {
    const size_t k = noise.below(centres);
    for (size_t j = 0; j < dim; ++j) out[i * dim + j] = c[k * dim + j] + 0.5f * static_cast<float>(noise.normal());
  }
  return out;
}

std::vector<Id> ids_from(Id first, size_t n) {
  std::vector<Id> out(n);
  std::iota(out.begin(), out.end(), first);
  return out;
}

double score(Metric metric, const float* a, const float* b, size_t dim) {
  double ip = 0, l2 = 0, aa = 0, bb = 0;
  for (size_t j = 0; j < dim; ++j) {
    const double x = a[j], y = b[j];
    ip += x * y, l2 += (x - y) * (x - y), aa += x * x, bb += y * y;
  }
  return metric == Metric::L2 ? l2 : metric == Metric::InnerProduct ? -ip : -ip / std::sqrt(aa * bb);
}

using Model = std::map<Id, std::vector<float>>;

std::vector<std::pair<double, Id>> brute(const Model& model, Metric metric, const float* q, size_t dim) {
  std::vector<std::pair<double, Id>> all;
  for (const auto& [id, v] : model) all.emplace_back(score(metric, q, v.data(), dim), id);
  std::sort(all.begin(), all.end());
  return all;
}

void put(Model& model, Index& index, std::span<const Id> ids, std::span<const float> vectors) {
  const size_t dim = index.options().dim;
  index.add(ids, vectors);
  for (size_t i = 0; i < ids.size(); ++i)
    model[ids[i]].assign(vectors.begin() + i * dim, vectors.begin() + (i + 1) * dim);
}

// Share of the true k nearest found; a result no farther than the k-th true one counts.
double recall(const Index& index, const Model& model, std::span<const float> queries, size_t k,
              const SearchOptions& options = {}) {
  const size_t dim = index.options().dim, n = queries.size() / dim;
  size_t hits = 0, want = 0;
  for (size_t i = 0; i < n; ++i) {
    const auto truth = brute(model, index.options().metric, &queries[i * dim], dim);
    const size_t kk = std::min(k, truth.size());
    const auto found = index.search(queries.subspan(i * dim, dim), k, options);
    EXPECT_EQ(found.size(), kk);
    std::set<Id> unique;
    for (const auto& m : found) {
      EXPECT_TRUE(model.count(m.id)) << "id " << m.id << " is not in the index";
      EXPECT_TRUE(unique.insert(m.id).second) << "id " << m.id << " comes twice";
      hits +=
          score(index.options().metric, &queries[i * dim], model.at(m.id).data(), dim) <= truth[kk - 1].first + 1e-4;
    }
    want += kk;
  }
  return want ? static_cast<double>(hits) / static_cast<double>(want) : 1;
}

class HnswMetrics : public testing::TestWithParam<Metric> {};

TEST_P(HnswMetrics, FindsTheNeighbours) {
  constexpr size_t kDim = 48, kN = 4000;
  const auto base = clustered(kN, kDim, 1), queries = clustered(50, kDim, 2);
  auto index = make("hnsw", {.dim = kDim, .metric = GetParam()});
  Model model;
  put(model, *index, ids_from(100, kN), base);
  EXPECT_EQ(index->statistics().at("search"), "graph");
  EXPECT_GE(recall(*index, model, queries, 10), 0.99);
  EXPECT_GE(recall(*index, model, queries, 10, {.ef = 300}), 0.999);
  // Order and sign of what comes back.
  const auto found = index->search(std::span(queries).first(kDim), 10);
  for (size_t i = 0; i < found.size(); ++i) {
    const double d = score(GetParam(), queries.data(), model.at(found[i].id).data(), kDim);
    EXPECT_NEAR(GetParam() == Metric::L2 ? found[i].distance : -found[i].distance, d, 1e-3);
    EXPECT_TRUE(i == 0 || nearer(GetParam(), found[i - 1], found[i]));
  }
}

// Long and short vectors together: the lift of inner product, also beyond the length seen in training.
TEST_P(HnswMetrics, VectorsOfManyLengths) {
  constexpr size_t kDim = 24, kN = 3000;
  auto base = clustered(kN, kDim, 3);
  base::Random random(5);
  for (size_t i = 0; i < kN; ++i) {
    const auto length = static_cast<float>(0.2 + random.uniform() * 2);
    for (size_t j = 0; j < kDim; ++j) base[i * kDim + j] *= length;
  }
  auto index = make("hnsw", {.dim = kDim, .metric = GetParam()});
  Model model;
  put(model, *index, ids_from(0, 2000), std::span(base).first(2000 * kDim));
  for (size_t j = 2000 * kDim; j < base.size(); ++j) base[j] *= 1.5f;
  put(model, *index, ids_from(2000, 1000), std::span(base).subspan(2000 * kDim));
  EXPECT_GE(recall(*index, model, clustered(40, kDim, 4), 10, {.ef = 128}), 0.98);
}

INSTANTIATE_TEST_SUITE_P(All, HnswMetrics, testing::Values(Metric::L2, Metric::InnerProduct, Metric::Cosine),
                         [](const auto& info) { return std::string(metric_name(info.param)); });

TEST(Hnsw, EveryStorageKeepsItsPrecision) {
  constexpr size_t kDim = 40, kN = 2000;
  const auto base = clustered(kN, kDim, 1), queries = clustered(30, kDim, 2);
  const std::map<std::string, double> error{{"f32", 0}, {"f16", 2e-3}, {"bf16", 2e-2}, {"sq8", 2e-2}};
  for (const auto& [storage, most] : error)
    for (const Metric metric : {Metric::L2, Metric::InnerProduct, Metric::Cosine}) {
      auto index = make("hnsw", {.dim = kDim, .metric = metric, .set = {{"storage", storage}}});
      Model model;
      put(model, *index, ids_from(0, kN), base);
      EXPECT_GE(recall(*index, model, queries, 10), 0.94) << storage << metric_name(metric);
      const auto back = index->reconstruct(17);
      ASSERT_TRUE(back);
      for (size_t j = 0; j < kDim; ++j) EXPECT_NEAR((*back)[j], base[17 * kDim + j], most) << storage;
    }
}

TEST(Hnsw, BytesStayBytesUntilAnotherNumberComes) {
  constexpr size_t kDim = 32, kN = 1500;
  base::Random random(1);
  std::vector<float> base(kN * kDim);
  for (auto& x : base) x = static_cast<float>(random.below(256));
  auto index = make("hnsw", {.dim = kDim});
  Model model;
  put(model, *index, ids_from(0, kN), base);
  EXPECT_EQ(index->statistics().at("storage"), "u8");
  EXPECT_EQ(*index->reconstruct(3), std::vector<float>(base.begin() + 3 * kDim, base.begin() + 4 * kDim));
  EXPECT_GE(recall(*index, model, std::span(base).first(20 * kDim), 10, {.ef = 200}), 0.97);
  std::vector<float> other(kDim, 0.5f);
  put(model, *index, ids_from(kN, 1), other);
  EXPECT_EQ(index->statistics().at("storage"), "f32");
  EXPECT_EQ(*index->reconstruct(kN), other);
  EXPECT_EQ(*index->reconstruct(3), model.at(3));
  auto strict = make("hnsw", {.dim = kDim, .set = {{"storage", "u8"}}});
  EXPECT_THROW(strict->add(ids_from(0, 1), other), Error);
}

TEST(Hnsw, SameIndexForAnyNumberOfThreads) {
  constexpr size_t kDim = 20, kN = 3000;
  const auto base = clustered(kN, kDim, 1);
  base::TempFolder folder;
  std::string first;
  for (const size_t threads : {1u, 2u, 5u}) {
    auto index = make("hnsw", {.dim = kDim, .threads = threads, .seed = 9});
    index->add(ids_from(0, 2500), std::span(base).first(2500 * kDim));
    index->add(ids_from(2500, 500), std::span(base).subspan(2500 * kDim));
    index->save(folder.path() / "x");
    const std::string bytes = base::read_file(folder.path() / "x");
    if (first.empty()) first = bytes;
    EXPECT_TRUE(bytes == first) << threads << " threads give another index";
  }
}

// Adds, removals, updates against a plain map; recall beside a fresh build after more than half has changed.
TEST(Hnsw, ChurnKeepsRecall) {
  constexpr size_t kDim = 32, kN = 4000, kSteps = 40;
  const auto pool = clustered(kN * 2, kDim, 1), queries = clustered(60, kDim, 2);
  auto index = make("hnsw", {.dim = kDim});
  Model model;
  put(model, *index, ids_from(0, kN), std::span(pool).first(kN * kDim));
  base::Random random(3);
  Id next = kN;
  for (size_t step = 0; step < kSteps; ++step) {
    std::vector<Id> gone;
    for (int i = 0; i < 60; ++i) {
      auto it = model.lower_bound(static_cast<Id>(random.below(static_cast<uint64_t>(next))));
      if (it == model.end()) it = model.begin();
      gone.push_back(it->first);
      model.erase(it);
    }
    EXPECT_EQ(index->remove(gone), gone.size());
    EXPECT_EQ(index->remove(gone), 0u);
    for (const Id id : gone) EXPECT_FALSE(index->contains(id));
    put(model, *index, ids_from(next, 60), std::span(pool).subspan(static_cast<size_t>(next) * kDim, 60 * kDim));
    next += 60;
    ASSERT_EQ(index->size(), model.size());
  }
  auto fresh = make("hnsw", {.dim = kDim});
  std::vector<Id> ids;
  std::vector<float> all;
  for (const auto& [id, v] : model) {
    ids.push_back(id);
    all.insert(all.end(), v.begin(), v.end());
  }
  fresh->add(ids, all);
  EXPECT_GE(recall(*index, model, queries, 10), recall(*fresh, model, queries, 10) - 0.005);
}

TEST(Hnsw, GrowsOneByOneFromNothing) {
  constexpr size_t kDim = 8, kN = 700;
  const auto base = clustered(kN, kDim, 1), queries = clustered(20, kDim, 2);
  auto index = make("hnsw", {.dim = kDim, .set = {{"exact_below", "50"}}});
  Model model;
  for (size_t i = 0; i < kN; ++i)
    put(model, *index, ids_from(static_cast<Id>(i), 1), std::span(base).subspan(i * kDim, kDim));
  EXPECT_GE(recall(*index, model, queries, 10), 0.99);
}

TEST(Hnsw, FiltersAlwaysGiveWhatThereIs) {
  constexpr size_t kDim = 32, kN = 6000;
  const auto base = clustered(kN, kDim, 1), queries = clustered(25, kDim, 2);
  auto index = make("hnsw", {.dim = kDim});
  Model model;
  put(model, *index, ids_from(0, kN), base);
  for (const size_t every : {1u, 2u, 10u, 100u, 1000u, 6000u, 7000u}) {
    Model matching;
    std::vector<Id> ids;
    for (const auto& [id, v] : model)
      if (every <= kN ? id % static_cast<Id>(every) == 0 : id < 0) {
        matching[id] = v;
        ids.push_back(id);
      }
    const auto accepts = [&](Id id) { return matching.count(id) > 0; };
    for (const IdFilter& filter : {IdFilter::when(accepts), IdFilter::when(accepts, matching.size()), IdFilter::of(ids),
                                   IdFilter::of(ids).narrowed(accepts)})
      EXPECT_GE(recall(*index, matching, queries, 10, {.filter = &filter}), 0.99) << "every " << every;
  }
  // Only what lies farthest from the query passes.
  for (size_t q = 0; q < 5; ++q) {
    const auto all = brute(model, Metric::L2, &queries[q * kDim], kDim);
    Model far;
    for (size_t i = kN * 6 / 10; i < kN; ++i) far[all[i].second] = model.at(all[i].second);
    const IdFilter filter = IdFilter::when([&](Id id) { return far.count(id) > 0; });
    EXPECT_GE(recall(*index, far, std::span(queries).subspan(q * kDim, kDim), 10, {.filter = &filter}), 0.99);
  }
}

TEST(Hnsw, RangeSearchFindsAllInside) {
  constexpr size_t kDim = 16, kN = 3000;
  const auto base = clustered(kN, kDim, 1), queries = clustered(10, kDim, 2);
  auto index = make("hnsw", {.dim = kDim});
  Model model;
  put(model, *index, ids_from(0, kN), base);
  size_t inside = 0, found = 0;
  for (size_t q = 0; q < 10; ++q)
    for (const size_t want : {0u, 3u, 100u, 700u}) {
      const auto all = brute(model, Metric::L2, &queries[q * kDim], kDim);
      const auto radius = static_cast<float>(want ? all[want - 1].first + 1e-4 : 0);
      const auto got = index->range_search(std::span(queries).subspan(q * kDim, kDim), radius);
      for (const auto& m : got) EXPECT_LE(m.distance, radius);
      inside += want;
      found += std::min<size_t>(got.size(), want);
    }
  EXPECT_GE(static_cast<double>(found), 0.99 * static_cast<double>(inside));
}

TEST(Hnsw, EdgesOfTheDoor) {
  auto index = make("hnsw", {.dim = 3});
  const std::vector<float> v{1, 2, 3};
  EXPECT_TRUE(index->search(v, 5).empty());
  EXPECT_TRUE(index->range_search(v, 5).empty());
  EXPECT_EQ(index->remove(ids_from(0, 3)), 0u);
  EXPECT_FALSE(index->reconstruct(1));
  const auto code = [](const auto& body) {
    try {
      body();
    } catch (const Error& e) {
      return e.code();
    }
    return Code::Internal;
  };
  const std::vector<float> nan{1, std::nanf(""), 3}, infinite{1, 2, std::numeric_limits<float>::infinity()};
  EXPECT_EQ(code([&] { index->add(ids_from(0, 1), nan); }), Code::Invalid);
  EXPECT_EQ(code([&] { index->add(ids_from(0, 1), infinite); }), Code::Invalid);
  EXPECT_EQ(code([&] { index->add(ids_from(0, 2), v); }), Code::Invalid);
  EXPECT_EQ(code([&] { index->search(nan, 1); }), Code::Invalid);
  EXPECT_EQ(code([&] { index->search(std::span(v).first(2), 1); }), Code::Invalid);
  EXPECT_EQ(code([&] { index->add(std::vector<Id>{1, 1}, std::vector<float>(6, 1)); }), Code::Invalid);
  index->add(ids_from(1, 1), v);
  EXPECT_EQ(code([&] { index->add(ids_from(1, 1), v); }), Code::Exists);
  EXPECT_EQ(index->search(v, 100).size(), 1u);
  EXPECT_EQ(index->search(v, 0).size(), 0u);
  auto cosine = make("hnsw", {.dim = 2, .metric = Metric::Cosine});
  EXPECT_EQ(code([&] { cosine->add(ids_from(0, 1), std::vector<float>{0, 0}); }), Code::Invalid);
  EXPECT_EQ(code([&] { cosine->search(std::vector<float>{0, 0}, 1); }), Code::Invalid);
  EXPECT_EQ(code([] { make("hnsw", {.dim = 0}); }), Code::Invalid);
  EXPECT_EQ(code([] { make("hnsw", {.dim = 65537}); }), Code::Invalid);
  EXPECT_EQ(code([] { make("hnsw", {.dim = 2, .set = {{"nprobe", "3"}}}); }), Code::Invalid);
  EXPECT_EQ(code([] { make("hnsw", {.dim = 2, .set = {{"degree", "many"}}}); }), Code::Invalid);
}

TEST(Hnsw, EqualVectorsAreAllFound) {
  constexpr size_t kN = 1200;
  auto index = make("hnsw", {.dim = 4});
  index->add(ids_from(0, kN), std::vector<float>(kN * 4, 2.5f));
  const auto found = index->search(std::vector<float>(4, 2.5f), 50);
  EXPECT_EQ(found.size(), 50u);
  EXPECT_EQ(index->search(std::vector<float>(4, 1.f), kN + 5).size(), kN);
}

TEST(Hnsw, ManyDimensions) {
  for (const size_t dim : {1u, 2u, 3u, 59u, 60u, 61u, 125u, 2000u, 65536u}) {
    const size_t n = dim > 10000 ? 60 : 400;
    auto index = make("hnsw", {.dim = dim, .set = {{"exact_below", "30"}}});
    Model model;
    put(model, *index, ids_from(0, n), clustered(n, dim, 1));
    EXPECT_GE(recall(*index, model, clustered(5, dim, 2), 5), 0.96) << dim;
  }
}

TEST(Hnsw, SavedAndOpenedIsTheSame) {
  constexpr size_t kDim = 30, kN = 2000;
  const auto base = clustered(kN, kDim, 1), queries = clustered(20, kDim, 2);
  base::TempFolder folder;
  for (const Metric metric : {Metric::L2, Metric::InnerProduct, Metric::Cosine})
    for (const std::string storage : {"auto", "f16", "sq8"}) {
      auto index = make("hnsw", {.dim = kDim, .metric = metric, .set = {{"storage", storage}}});
      Model model;
      put(model, *index, ids_from(0, kN), base);
      index->remove(ids_from(5, 10));
      index->save(folder.path() / "i");
      auto back = hanok::index::open(folder.path() / "i");
      EXPECT_EQ(back->kind(), "hnsw");
      EXPECT_EQ(back->size(), index->size());
      for (size_t q = 0; q < 20; ++q) {
        const auto a = index->search(std::span(queries).subspan(q * kDim, kDim), 10);
        const auto b = back->search(std::span(queries).subspan(q * kDim, kDim), 10);
        ASSERT_EQ(a.size(), b.size());
        for (size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(a[i].id == b[i].id && a[i].distance == b[i].distance);
      }
      // The opened one changes without touching the file.
      EXPECT_FALSE(back->contains(7));
      back->add(ids_from(5, 10), std::span(base).subspan(5 * kDim, 10 * kDim));
      EXPECT_EQ(back->remove(ids_from(0, 5)), 5u);
      EXPECT_EQ(back->size(), kN - 5);
      EXPECT_EQ(hanok::index::open(folder.path() / "i")->size(), kN - 10);
    }
  make("hnsw", {.dim = 3})->save(folder.path() / "empty");
  EXPECT_EQ(hanok::index::open(folder.path() / "empty")->size(), 0u);
}

TEST(Hnsw, SearchesRunBesideAWriter) {
  constexpr size_t kDim = 16, kN = 1500;
  const auto base = clustered(kN * 2, kDim, 1), queries = clustered(20, kDim, 2);
  auto index = make("hnsw", {.dim = kDim, .threads = 1});
  index->add(ids_from(0, kN), std::span(base).first(kN * kDim));
  base::parallel_for(
      3, 1,
      [&](size_t begin, size_t, size_t) {
        if (begin == 0)
          for (Id id = 0; id < 600; id += 20) {
            index->add(ids_from(static_cast<Id>(kN) + id, 20),
                       std::span(base).subspan((kN + static_cast<size_t>(id)) * kDim, 20 * kDim));
            index->remove(ids_from(id, 20));
          }
        else
          for (int round = 0; round < 20; ++round)
            for (size_t q = 0; q < 20; ++q) {
              EXPECT_EQ(index->search(std::span(queries).subspan(q * kDim, kDim), 10).size(), 10u);
              index->contains(static_cast<Id>(q));
            }
      },
      3);
  EXPECT_EQ(index->size(), kN);
}

}  // namespace
}  // namespace hanok::index
