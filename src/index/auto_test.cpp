#include "index/auto.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <thread>

#include "base/file.h"
#include "base/random.h"
#include "index/choose.h"
#include "index/kinds.h"

namespace hanok::index {
namespace {

using ::testing::HasSubstr;

constexpr size_t kDim = 16;

// Around twenty centres, as real vectors lie.
std::vector<float> vectors(size_t n, uint64_t seed, size_t dim = kDim) {
  base::Random centres(5), random(seed);
  std::vector<float> centre(20 * dim), out;
  for (auto& v : centre) v = 3 * static_cast<float>(centres.normal());
  for (size_t i = 0; i < n; ++i)
    for (size_t c = random.below(20), j = 0; j < dim; ++j)
      out.push_back(centre[c * dim + j] + static_cast<float>(random.normal()));
  return out;
}

std::vector<Id> range(Id first, size_t n) {
  std::vector<Id> out(n);
  std::iota(out.begin(), out.end(), first);
  return out;
}

std::unique_ptr<Index> small_auto(std::map<std::string, std::string> set = {}) {
  set.emplace("exact_below", "1500");
  return make("auto", {.dim = kDim, .set = set});
}

double recall(const Index& index, const Index& exact) {
  const auto queries = vectors(50, 99);
  size_t hits = 0;
  for (size_t q = 0; q < 50; ++q) {
    const auto query = std::span(queries).subspan(q * kDim, kDim);
    const auto true_last = exact.search(query, 10).back().distance;
    for (const Match& m : index.search(query, 10)) hits += m.distance <= true_last * (1 + 1e-5f);
  }
  return static_cast<double>(hits) / 500;
}

TEST(Auto, IsFlatWhileSmallAndAGraphOrCellsWhenItHasGrown) {
  const auto index = small_auto();
  EXPECT_EQ(index->kind(), "flat");
  const auto exact = make("flat", {.dim = kDim});
  for (Id at = 0; at < 2000; at += 500) {
    index->add(range(at, 500), vectors(500, static_cast<uint64_t>(at)));
    exact->add(range(at, 500), vectors(500, static_cast<uint64_t>(at)));
    EXPECT_EQ(index->kind() == "flat", at + 500 <= 1500) << at;
  }
  EXPECT_EQ(index->size(), 2000u);
  EXPECT_GE(recall(*index, *exact), 0.97);
  const auto statistics = index->statistics();
  EXPECT_EQ(statistics.at("chosen_by"), "auto");
  EXPECT_THAT(statistics.at("why"), HasSubstr("2000 vectors of 16 numbers"));
  EXPECT_THAT(statistics.at("why"), HasSubstr("us on the sample"));
  EXPECT_EQ(*index->reconstruct(3), *exact->reconstruct(3));
}

// Without structure a walk searches nearly all: what was promised is kept by what looks at all of it.
TEST(Auto, VectorsWithoutStructureAreScanned) {
  constexpr size_t kWide = 256, kCount = 4000;
  base::Random random(21);
  std::vector<float> rows(kCount * kWide), queries(60 * kWide);
  for (float& x : rows) x = static_cast<float>(random.normal());
  for (float& x : queries) x = static_cast<float>(random.normal());
  const auto index = make("auto", {.dim = kWide, .set = {{"exact_below", "1500"}}});
  index->add(range(0, kCount), rows);
  EXPECT_NE(index->kind(), "hnsw") << index->statistics().at("why");
  EXPECT_THAT(index->statistics().at("why"), HasSubstr("scan"));
  const auto exact = make("flat", {.dim = kWide});
  exact->add(range(0, kCount), rows);
  const auto hits = [&] {
    size_t out = 0;
    for (size_t q = 0; q < 60; ++q) {
      const auto query = std::span(queries).subspan(q * kWide, kWide);
      const auto last = exact->search(query, 10).back().distance;
      for (const Match& m : index->search(query, 10)) out += m.distance <= last * (1 + 1e-5f);
    }
    return static_cast<double>(out) / 600;
  };
  EXPECT_GE(hits(), 0.98);
  // It stays so while it grows, and is not chosen again with every addition.
  const std::string why = index->statistics().at("why"), kind = index->kind();
  for (Id at = 0; at < 200; at += 50) {
    const auto more = std::span(queries).first(50 * kWide);
    index->add(range(static_cast<Id>(kCount) + at, 50), more);
    exact->add(range(static_cast<Id>(kCount) + at, 50), more);
  }
  EXPECT_EQ(index->kind(), kind);
  EXPECT_EQ(index->statistics().at("why"), why);
  EXPECT_GE(hits(), 0.98);
  const base::TempFolder folder;
  index->save(folder.path() / "a.idx");
  EXPECT_EQ(open(folder.path() / "a.idx")->statistics().at("why"), why);
}

TEST(Auto, ShrinksBackToFlat) {
  const auto index = small_auto();
  index->add(range(0, 2000), vectors(2000, 1));
  EXPECT_NE(index->kind(), "flat");
  EXPECT_EQ(index->remove(range(0, 1200)), 1200u);
  EXPECT_NE(index->kind(), "flat");  // 800 left: not yet, so that a few additions do not build a graph again
  EXPECT_EQ(index->remove(range(1100, 200)), 100u);
  EXPECT_EQ(index->kind(), "flat");
  EXPECT_EQ(index->size(), 700u);
  EXPECT_FALSE(index->contains(5));
  EXPECT_TRUE(index->contains(1999));
}

TEST(Auto, ARefusedAddChangesNothing) {
  const auto index = small_auto();
  index->add(range(0, 1400), vectors(1400, 1));
  auto bad = vectors(200, 2);
  EXPECT_THROW(index->add(range(1300, 200), bad), Error);
  bad[77] = NAN;
  EXPECT_THROW(index->add(range(1400, 200), bad), Error);
  EXPECT_EQ(index->size(), 1400u);
  EXPECT_EQ(index->kind(), "flat");
}

TEST(Auto, AnOpenedFileGoesOnChoosing) {
  base::TempFolder folder;
  const auto file = folder.path() / "a.idx";
  const auto index = small_auto({{"storage", "f16"}, {"recall", "0.95"}});
  index->add(range(0, 1000), vectors(1000, 1));
  index->save(file);
  EXPECT_EQ(FileReader(file).kind(), "flat");  // any reader of that kind can use it
  const auto opened = open(file);
  EXPECT_EQ(opened->statistics().at("why"), index->statistics().at("why"));
  EXPECT_EQ(opened->options().set, index->options().set);
  opened->add(range(1000, 1000), vectors(1000, 2));
  const std::string kind = opened->kind();
  EXPECT_NE(kind, "flat");
  EXPECT_EQ(opened->statistics().at("storage"), "f16");
  opened->save(file);
  const auto again = open(file);
  EXPECT_EQ(again->kind(), kind);
  EXPECT_EQ(again->size(), 2000u);
  EXPECT_THAT(again->statistics().at("why"), HasSubstr("recall 0.95"));
  again->remove(range(0, 1500));
  EXPECT_EQ(again->kind(), "flat");
}

TEST(Auto, DamagedReasonIsCorrupt) {
  base::TempFolder folder;
  const auto file = folder.path() / "a.idx";
  Options options{.dim = 2};
  options.set[kAutoKey] = "{\"at\": -1}";
  make_chosen("flat", options)->save(file);
  try {
    open(file);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::Corrupt);
  }
}

TEST(Auto, KeysAreChecked) {
  EXPECT_THROW(make("auto", {.dim = 4, .set = {{"M", "16"}}}), Error);
  EXPECT_THROW(make("auto", {.dim = 4, .set = {{"recall", "2"}}}), Error);
  EXPECT_THROW(make("auto", {.dim = 4, .set = {{"auto", "{}"}}}), Error);
  EXPECT_THROW(make("flat", {.dim = 4, .set = {{"auto", "{}"}}}), Error);
  EXPECT_THROW(make("auto", {.dim = 0}), Error);
  EXPECT_EQ(scanned_fast(784), 10204u);
  EXPECT_EQ(scanned_fast(65536), 2000u);
}

TEST(Auto, SmallKeepsAByteANumber) {
  constexpr size_t kWide = 384, kN = 2500;
  std::vector<float> rows(kN * kWide);
  base::Random random(4);
  for (float& v : rows) v = static_cast<float>(random.normal());
  const auto index = make("auto", {.dim = kWide, .set = {{"memory", "small"}, {"exact_below", "1500"}}});
  index->add(range(0, kN), rows);
  EXPECT_EQ(index->kind(), "ivf");
  EXPECT_EQ(index->statistics().at("storage"), "sq8");
  for (float& v : rows) v = std::round(std::abs(v) * 20);
  const auto bytes = make("auto", {.dim = kWide, .set = {{"memory", "small"}, {"exact_below", "1500"}}});
  bytes->add(range(0, kN), rows);
  EXPECT_EQ(bytes->statistics().at("storage"), "u8");
}

TEST(Auto, EveryMetricAndEqualVectors) {
  for (const Metric metric : {Metric::L2, Metric::InnerProduct, Metric::Cosine}) {
    const auto index = make("auto", {.dim = kDim, .metric = metric, .set = {{"exact_below", "1500"}}});
    index->add(range(0, 2000), vectors(2000, 3));
    EXPECT_EQ(index->search(vectors(1, 9), 10).size(), 10u);
    EXPECT_EQ(index->search_batch(vectors(3, 9), 10).size(), 3u);
  }
  const auto same = small_auto();
  same->add(range(0, 2000), std::vector<float>(2000 * kDim, 1.f));
  EXPECT_EQ(same->search(std::vector<float>(kDim, 1.f), 5).size(), 5u);
}

TEST(Auto, SearchesGoOnWhileItMoves) {
  const auto index = small_auto();
  index->add(range(0, 1500), vectors(1500, 1));
  const auto query = vectors(1, 8);
  bool done = false;
  std::mutex mutex;
  std::thread reader([&] {
    for (;;) {
      EXPECT_EQ(index->search(query, 10).size(), 10u);
      std::lock_guard lock(mutex);
      if (done) break;
    }
  });
  index->add(range(1500, 100), vectors(100, 2));
  index->remove(range(0, 900));
  {
    std::lock_guard lock(mutex);
    done = true;
  }
  reader.join();
  EXPECT_EQ(index->kind(), "flat");
}

}  // namespace
}  // namespace hanok::index
