#include "index/trial.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <set>

#include "base/file.h"
#include "base/random.h"
#include "index/base_index.h"
#include "index/tune.h"

namespace hanok::index {
namespace {

constexpr size_t kDim = 24, kK = 10;

// Around three hundred centres of their own width: neighbours are hard to tell apart, and some lie alone.
std::vector<float> rows(size_t n, uint64_t seed) {
  base::Random shape(7), random(seed);
  constexpr size_t kCentres = 300;
  std::vector<float> centre(kCentres * kDim);
  for (auto& v : centre) v = static_cast<float>(shape.normal());
  std::vector<float> out;
  for (size_t i = 0; i < n; ++i)
    for (size_t c = random.below(kCentres), j = 0; j < kDim; ++j)
      out.push_back(centre[c * kDim + j] +
                    static_cast<float>(random.normal()) * (.2f + .8f * static_cast<float>(c % 3)));
  return out;
}

std::vector<Id> range(Id first, size_t n) {
  std::vector<Id> out(n);
  std::iota(out.begin(), out.end(), first);
  return out;
}

// What searches that say nothing find, of queries that nobody has seen.
double reached(const Index& index, const std::vector<float>& all, uint64_t seed) {
  Trial trial("fresh", kDim, index.options().metric, rows(400, seed), kK);
  trial.see(all, 2);
  return trial
      .recall(ask_index(index, 2)(trial, {}),
              [&](Id id, float* out) { std::copy_n(&all[static_cast<size_t>(id) * kDim], kDim, out); })
      .recall;
}

TEST(Trial, CountsWhatLiesAsNearAsTheTrueOnes) {
  for (const Metric metric : {Metric::L2, Metric::InnerProduct, Metric::Cosine}) {
    auto base = rows(500, 1);
    base.insert(base.end(), base.begin(), base.begin() + 40 * kDim);  // twins under other ids
    const auto exact = make("flat", {.dim = kDim, .metric = metric});
    exact->add(range(0, 540), base);
    Trial trial("t", kDim, metric, rows(30, 2), kK);
    trial.see(std::span(base).first(100 * kDim), 1);
    trial.see(std::span(base).subspan(100 * kDim), 2);
    const Trial::Row row = [&](Id id, float* out) { std::copy_n(&base[static_cast<size_t>(id) * kDim], kDim, out); };
    auto found = ask_index(*exact, 1)(trial, {});
    EXPECT_EQ(trial.recall(found, row).recall, 1);
    EXPECT_EQ(trial.recall(found, row).error, 0);
    for (auto& ids : found)  // the other twin is as near
      for (Id& id : ids) id = id < 40 ? id + 500 : id >= 500 ? id - 500 : id;
    EXPECT_EQ(trial.recall(found, row).recall, 1);
    for (auto& ids : found) ids.resize(kK / 2);
    EXPECT_NEAR(trial.recall(found, row).recall, .5, 1e-9);
    found[0].clear();
    EXPECT_GT(trial.recall(found, row).error, 0);
  }
}

TEST(Trial, FewerVectorsThanNeighbours) {
  Trial trial("t", kDim, Metric::L2, rows(3, 2), kK);
  const auto base = rows(4, 1);
  trial.see(base, 1);
  const Trial::Row row = [&](Id id, float* out) { std::copy_n(&base[static_cast<size_t>(id) * kDim], kDim, out); };
  EXPECT_EQ(trial.recall({{0, 1, 2, 3}, {0, 1, 2, 3}, {0, 1, 2, 3}}, row).recall, 1);
  EXPECT_NEAR(trial.recall({{0, 1, 2, 3}, {0, 1}, {}}, row).recall, .5, 1e-9);
}

TEST(Trial, LeftOutAreFewAndSpread) {
  EXPECT_TRUE(left_out(7, 100, 1).empty());
  EXPECT_EQ(left_out(800, 1000, 1).size(), 100u);
  const auto places = left_out(10'000, 100, 1);
  for (size_t i = 0; i < places.size(); ++i) EXPECT_EQ(places[i] / 100, i);
}

TEST(Trial, MovedAwayLiesFartherFromTheSet) {
  const auto base = rows(2000, 1), fresh = rows(200, 2);
  const auto away = moved_away(fresh, kDim, Metric::L2, 1);
  const auto exact = make("flat", {.dim = kDim});
  exact->add(range(0, 2000), base);
  double near = 0, far = 0;
  for (const auto& m : exact->search_batch(fresh, 1)) near += m[0].distance;
  for (const auto& m : exact->search_batch(away, 1)) far += m[0].distance;
  EXPECT_GT(far, near);
  EXPECT_EQ(moved_away(std::vector<float>(kDim, 1.f), kDim, Metric::Cosine, 1).size(), kDim);
}

TEST(Trial, PromiseComesBackFromItsText) {
  Promise promise{.99, 10, 5000, "ef=64", {{"some", 100, .993}, {"others", 50, .991}}};
  const Promise back = Promise::from_json(promise.json());
  EXPECT_EQ(back.json(), promise.json());
  EXPECT_TRUE(back.kept());
  EXPECT_EQ(back.queries(), 150u);
  promise.reached[1].recall = .98;
  EXPECT_FALSE(promise.kept());
  EXPECT_THROW(Promise::from_json("{}"), Error);
  EXPECT_THROW(Promise::from_json("no json"), Error);
}

// What is promised is reached by queries that it was not measured on, also after growth by half in large and small
// pieces: .003 less at most, and what 400 queries of a test leave to chance.
constexpr double kBelow = .003 + .006;

TEST(Tune, AutoKeepsItsPromise) {
  const auto all = rows(9000, 1);
  for (const double recall : {.9, .99}) {
    const auto index =
        make("auto", {.dim = kDim, .set = {{"exact_below", "1500"}, {"recall", std::to_string(recall)}}});
    index->add(range(0, 6000), std::span(all).first(6000 * kDim));
    ASSERT_NE(index->kind(), "flat");
    const auto promise = promise_of(*index);
    ASSERT_TRUE(promise);
    EXPECT_EQ(promise->recall, recall);
    EXPECT_TRUE(promise->kept());
    EXPECT_EQ(promise->reached.size(), 2u);
    EXPECT_GE(reached(*index, {all.begin(), all.begin() + 6000 * kDim}, 99), recall - kBelow);
    for (Id at = 6000; at < 9000; at += at < 7500 ? 1500 : 50) {  // the first piece is measured, the others widen
      const size_t n = at < 7500 ? 1500 : 50;
      index->add(range(at, n), std::span(all).subspan(static_cast<size_t>(at) * kDim, n * kDim));
      if (at == 6000) {
        EXPECT_GT(promise_of(*index)->vectors, 7000u);
      }
    }
    EXPECT_GE(reached(*index, all, 99), recall - kBelow);
  }
}

TEST(Tune, AutoKeepsItInFilesAndForgetsItWithTheSetting) {
  base::TempFolder folder;
  const auto file = folder.path() / "a.idx";
  const auto all = rows(3000, 1);
  const auto index = make("auto", {.dim = kDim, .set = {{"exact_below", "1500"}}});
  index->add(range(0, 3000), all);
  index->save(file);
  const auto opened = open(file);
  ASSERT_TRUE(promise_of(*opened));
  EXPECT_EQ(promise_of(*opened)->json(), promise_of(*index)->json());
  EXPECT_EQ(opened->statistics().at("promise"), index->statistics().at("promise"));
  opened->set_search_defaults({.ef = 11, .nprobe = 3});
  EXPECT_FALSE(promise_of(*opened));
  const auto untuned = make("auto", {.dim = kDim, .set = {{"exact_below", "1500"}, {"tune", "no"}}});
  untuned->add(range(0, 3000), all);
  EXPECT_FALSE(promise_of(*untuned));
}

TEST(Tune, WithoutQuestionsItIsMeasuredOnVectorsTheIndexLacks) {
  base::TempFolder folder;
  const auto file = folder.path() / "a.idx";
  const auto all = rows(6000, 1);
  for (const std::string kind : {"hnsw", "ivf"}) {
    const auto index = make(kind, {.dim = kDim});
    index->add(range(0, 6000), all);
    EXPECT_FALSE(promise_of(*index));
    const Tuned tuned = tune_index(*index, .99, kK, {}, 1, 2);
    EXPECT_TRUE(tuned.promise.kept());
    EXPECT_LT(tuned.promise.vectors, 6000u);
    keep_tuned(*index, tuned);
    EXPECT_GE(reached(*index, all, 99), .99 - kBelow) << kind << " " << tuned.promise.setting;
    index->save(file);
    EXPECT_EQ(promise_of(*open(file))->json(), tuned.promise.json());
    index->set_search_defaults({});
    EXPECT_FALSE(promise_of(*index)) << "what was measured held for another setting";
  }
}

TEST(Tune, QuestionsGivenAreWhatCounts) {
  const auto all = rows(4000, 1);
  const auto index = make("hnsw", {.dim = kDim});
  index->add(range(0, 4000), all);
  const Tuned tuned = tune_index(*index, .95, kK, rows(300, 5), 1, 2);
  ASSERT_EQ(tuned.promise.reached.size(), 1u);
  EXPECT_EQ(tuned.promise.reached[0].queries, 300u);
  EXPECT_EQ(tuned.promise.vectors, 4000u);
  EXPECT_THROW(tune_index(*index, .95, kK, std::vector<float>(kDim + 1), 1, 2), Error);
  const auto few = make("hnsw", {.dim = kDim});
  few->add(range(0, 7), std::span(all).first(7 * kDim));
  EXPECT_THROW(tune_index(*few, .95, kK, {}, 1, 2), Error) << "nothing was asked: nothing can be promised";
  EXPECT_EQ(tune_index(*few, .95, kK, rows(3, 5), 1, 2).promise.queries(), 3u);
  const auto flat = make("flat", {.dim = kDim});
  EXPECT_THROW(tune_index(*flat, .95, kK, {}, 1, 2), Error);
  flat->add(range(0, 2), std::span(all).first(2 * kDim));
  EXPECT_EQ(tune_index(*flat, .95, kK, {}, 1, 2).promise.least(), 1);
}

}  // namespace
}  // namespace hanok::index
