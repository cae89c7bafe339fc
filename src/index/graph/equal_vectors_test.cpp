// Equal and nearly equal vectors, thousands of them: every one stays reachable after build, append and churn.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "base/random.h"
#include "hanok/index.h"

namespace hanok::index {
namespace {

constexpr size_t kDim = 24;

std::vector<float> spread_out(size_t n, uint64_t seed) {
  base::Random random(seed);
  std::vector<float> out(n * kDim);
  for (float& v : out) v = static_cast<float>(random.normal());
  return out;
}

// So many, each within `apart` of the same place.
std::vector<float> alike(size_t n, double apart, uint64_t seed) {
  const auto place = spread_out(1, 77);
  base::Random random(seed);
  std::vector<float> out;
  for (size_t i = 0; i < n; ++i)
    for (const float v : place) out.push_back(v + static_cast<float>(apart * random.normal()));
  return out;
}

std::vector<Id> range(Id first, size_t n) {
  std::vector<Id> out(n);
  std::iota(out.begin(), out.end(), first);
  return out;
}

// By id: as many as are alike are asked for at their place, and a walk that takes in everything it reaches must bring
// every one. (More than it reaches may not be asked for: an exact scan would answer.)
void expect_alike_reached(const Index& index, const std::vector<Id>& ids, double apart) {
  std::set<Id> missing(ids.begin(), ids.end());
  for (const Match& m : index.search(alike(1, 0, 0), ids.size(), {.ef = 4 * index.size()})) missing.erase(m.id);
  // Those whose codes differ are no ring: one in a hundred may hang on an edge from afar, which a walk does not take.
  constexpr double kSameCode = 1e-3;
  EXPECT_LE(missing.size(), apart < kSameCode ? 0 : ids.size() / 100) << "of " << ids.size() << " alike";
}

// Each of some others is found where it lies.
void expect_reached(const Index& index, const std::vector<Id>& ids) {
  size_t missing = 0;
  for (size_t i = 0; i < ids.size(); i += 7)
    missing += index.search(*index.reconstruct(ids[i]), 1, {.ef = 4 * index.size()})[0].id != ids[i];
  EXPECT_EQ(missing, 0u);
}

// By distance: as near as the true k nearest, whoever they are.
double recall_by_distance(const Index& index, const std::map<Id, std::vector<float>>& model,
                          std::span<const float> queries, size_t k, size_t ef) {
  size_t hits = 0, n = queries.size() / kDim;
  for (size_t q = 0; q < n; ++q) {
    const auto query = queries.subspan(q * kDim, kDim);
    std::vector<float> all;
    for (const auto& [id, x] : model) {
      double sum = 0;
      for (size_t j = 0; j < kDim; ++j) sum += std::pow(static_cast<double>(query[j]) - x[j], 2);
      all.push_back(static_cast<float>(sum));
    }
    std::nth_element(all.begin(), all.begin() + static_cast<ptrdiff_t>(k) - 1, all.end());
    for (const Match& m : index.search(query, k, {.ef = ef})) hits += m.distance <= all[k - 1] * 1.0001f + 1e-6f;
  }
  return static_cast<double>(hits) / static_cast<double>(n * k);
}

struct Set {
  Index& index;
  std::map<Id, std::vector<float>> model;
  void put(const std::vector<Id>& ids, std::span<const float> x, size_t at_once) {
    for (size_t i = 0; i < ids.size(); i += at_once) {
      const size_t n = std::min(at_once, ids.size() - i);
      index.add(std::span(ids).subspan(i, n), x.subspan(i * kDim, n * kDim));
    }
    for (size_t i = 0; i < ids.size(); ++i) model[ids[i]] = {x.begin() + i * kDim, x.begin() + (i + 1) * kDim};
  }
};

struct Case {
  double apart;    // of those alike; the others are some 7 apart
  size_t at_once;  // added in one call
  size_t ef;       // where codes cannot tell 700 apart, a walk must hold them all to rank them by distance
};

class Alike : public ::testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(Graph, Alike,
                         ::testing::Values(Case{0, 1000, 64}, Case{0, 50, 64}, Case{0, 1, 64}, Case{1e-5, 1000, 64},
                                           Case{1e-5, 7, 64}, Case{1e-2, 1000, 2000}, Case{1e-2, 7, 2000}));

TEST_P(Alike, AppendedAreAllReached) {
  const auto [apart, at_once, ef] = GetParam();
  const auto index = make("hnsw", {.dim = kDim, .set = {{"degree", "16"}}});
  Set set{*index, {}};
  set.put(range(0, 2000), spread_out(2000, 1), 2000);
  const auto same = range(5000, 700);
  set.put(same, alike(700, apart, 2), at_once);
  set.put(range(9000, 500), spread_out(500, 3), 100);
  expect_alike_reached(*index, same, apart);
  expect_reached(*index, range(0, 2000));
  expect_reached(*index, range(9000, 500));
  EXPECT_GE(recall_by_distance(*index, set.model, alike(5, 0.1, 4), 10, ef), 0.98);
  EXPECT_GE(recall_by_distance(*index, set.model, spread_out(30, 5), 10, 200), 0.98);
}

TEST_P(Alike, BuiltAreAllReached) {
  const auto [apart, unused, ef] = GetParam();
  auto x = spread_out(1500, 1);
  const auto same = alike(1500, apart, 2);
  x.insert(x.end(), same.begin(), same.end());
  const auto index = make("hnsw", {.dim = kDim, .set = {{"degree", "16"}}});
  Set set{*index, {}};
  set.put(range(0, 3000), x, 3000);
  expect_alike_reached(*index, range(1500, 1500), apart);
  expect_reached(*index, range(0, 1500));
  EXPECT_GE(recall_by_distance(*index, set.model, alike(5, 0.1, 4), 10, ef), 0.98);
  EXPECT_GE(recall_by_distance(*index, set.model, spread_out(30, 5), 10, 200), 0.98);
}

TEST_P(Alike, ChurnLosesNone) {
  const auto [apart, at_once, ef] = GetParam();
  const auto index = make("hnsw", {.dim = kDim, .set = {{"degree", "16"}}});
  Set set{*index, {}};
  set.put(range(0, 1500), spread_out(1500, 1), 1500);
  set.put(range(5000, 600), alike(600, apart, 2), 600);
  for (uint64_t round = 0; round < 6; ++round) {
    const auto gone = range(static_cast<Id>(5000 + 100 * round), 100);
    index->remove(gone);
    for (const Id id : gone) set.model.erase(id);
    set.put(range(static_cast<Id>(6000 + 100 * round), 100), alike(100, apart, 10 + round), at_once);
    const auto others = range(static_cast<Id>(200 * round), 60);
    index->update(others, spread_out(60, 20 + round));
    for (size_t i = 0; i < others.size(); ++i) set.model[others[i]] = *index->reconstruct(others[i]);
  }
  ASSERT_EQ(index->size(), set.model.size());
  expect_alike_reached(*index, range(6000, 600), apart);
  expect_reached(*index, range(0, 1500));
  EXPECT_GE(recall_by_distance(*index, set.model, alike(5, 0.1, 4), 10, ef), 0.98);
  EXPECT_GE(recall_by_distance(*index, set.model, spread_out(30, 5), 10, 200), 0.97);
}

}  // namespace
}  // namespace hanok::index
