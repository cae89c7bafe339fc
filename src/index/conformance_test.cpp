// What the door promises of every kind: update and add are all or nothing, cosine is right for any length.
#include "index/conformance.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "base/file.h"
#include "index/failing_memory.h"

namespace hanok::index {
namespace {

using namespace conformance;

constexpr size_t kDim = 12;

class EveryKind : public ::testing::TestWithParam<Case> {
 protected:
  std::unique_ptr<Index> made(Metric metric = Metric::L2, std::map<std::string, std::string> more = {}) const {
    auto set = GetParam().set;
    for (const auto& [key, value] : more) set[key] = value;
    return make(GetParam().kind, {.dim = kDim, .metric = metric, .set = set, .threads = 2});
  }
  // In parts, so that a graph is one that was built and then added to.
  std::unique_ptr<Index> filled(std::span<const float> x, Metric metric = Metric::L2,
                                std::map<std::string, std::string> more = {}) const {
    auto index = made(metric, std::move(more));
    const size_t n = x.size() / kDim, first = n - n / 10;
    index->add(range(0, first), x.first(first * kDim));
    index->add(range(static_cast<Id>(first), n - first), x.subspan(first * kDim));
    return settled(GetParam(), std::move(index));
  }
};
INSTANTIATE_TEST_SUITE_P(Conformance, EveryKind, ::testing::ValuesIn(cases()),
                         [](const auto& info) { return info.param.name; });

// As stored; sq8 and f16 round.
void expect_row(const Index& index, Id id, std::span<const float> x) {
  const auto row = index.reconstruct(id);
  ASSERT_TRUE(row) << id;
  for (size_t j = 0; j < x.size(); ++j) ASSERT_NEAR((*row)[j], x[j], 0.05) << "id " << id << " component " << j;
}

TEST_P(EveryKind, UpdateReplacesAndAdds) {
  const size_t n = GetParam().n;
  const auto x = rows(n, kDim, 1), fresh = rows(30, kDim, 2);
  const auto index = filled(x);
  std::vector<Id> ids = range(100, 20);
  for (const Id id : range(static_cast<Id>(n) + 50, 10)) ids.push_back(id);
  index->update(ids, fresh);
  EXPECT_EQ(index->size(), n + 10);
  EXPECT_EQ(index->ids().size(), n + 10);
  for (size_t i = 0; i < ids.size(); ++i) {
    expect_row(*index, ids[i], std::span(fresh).subspan(i * kDim, kDim));
    const auto query = std::span(fresh).subspan(i * kDim, kDim);
    const auto found = index->search(query, 5, GetParam().options);
    ASSERT_FALSE(found.empty());
    EXPECT_EQ(found[0].id, ids[i]);
    for (size_t r = 1; r < found.size(); ++r) EXPECT_NE(found[r].id, ids[i]) << "found by its old vector too";
  }
  for (const Id id : {0, 99, 120}) expect_row(*index, id, std::span(x).subspan(static_cast<size_t>(id) * kDim, kDim));
  // Round after round, as an index under churn is.
  for (uint64_t round = 0; round < 5; ++round) {
    const auto again = rows(n / 4, kDim, 10 + round);
    const auto some = range(static_cast<Id>(round * n / 8), n / 4);
    index->update(some, again);
    EXPECT_EQ(index->size(), n + 10);
    expect_row(*index, some.back(), std::span(again).last(kDim));
  }
  EXPECT_EQ(index->remove(range(0, n)), n);
  EXPECT_EQ(index->size(), 10u);
}

TEST_P(EveryKind, UpdateKeepsTheOldRowsWhenTheNewAreRefused) {
  std::vector<float> x(GetParam().n * kDim);
  base::Random random(1);
  for (float& v : x) v = static_cast<float>(random.below(256));
  const auto index = filled(x, Metric::L2, {{"storage", "u8"}});
  const auto refused = [&](std::vector<Id> ids, std::vector<float> vectors) {
    EXPECT_THROW(index->update(ids, vectors), Error);
    EXPECT_EQ(index->size(), GetParam().n);
    for (const Id id : {3, 4})
      EXPECT_EQ(*index->reconstruct(id), std::vector<float>(x.begin() + id * 12, x.begin() + id * 12 + 12));
  };
  std::vector<float> two(x.begin(), x.begin() + 2 * kDim);
  refused({3, 3}, two);
  refused({3}, two);
  two[kDim + 1] = 0.5f;
  refused({3, 4}, two);
  two[kDim + 1] = NAN;
  refused({3, 4}, two);
}

TEST_P(EveryKind, ChangesAreAllOrNothingWhenMemoryEnds) {
  const size_t n = std::min<size_t>(GetParam().n, 1700);
  const auto x = rows(n, kDim, 1), fresh = rows(40, kDim, 2);
  const auto index = filled(std::span(x).first(n * kDim));
  for (int i = 0; i < 30; ++i) index->search(std::span(x).first(kDim), 3);  // flat has codes to keep up
  std::vector<Id> ids = range(50, 20);
  for (const Id id : range(static_cast<Id>(n) + 7, 20)) ids.push_back(id);
  size_t failures = 0;
  for (size_t nth = 0;; nth += 1 + nth / 12) {
    SCOPED_TRACE("allocation " + std::to_string(nth));
    bool changed = true;
    {
      testing::FailingMemory memory(nth);
      try {
        index->update(ids, fresh);
      } catch (const std::bad_alloc&) {
        changed = false;
      }
      if (changed && !memory.failed()) break;  // it takes no more allocations than that
    }
    if (changed) {  // one that it can do without, as of codes
      index->remove(range(static_cast<Id>(n) + 7, 20));
      index->update(range(50, 20), std::span(x).subspan(50 * kDim, 20 * kDim));
      continue;
    }
    ++failures;
    ASSERT_EQ(index->size(), n);
    ASSERT_EQ(index->ids().size(), n);
    for (const Id id : {0, 49, 50, 60, 69, 70})
      expect_row(*index, id, std::span(x).subspan(static_cast<size_t>(id) * kDim, kDim));
    EXPECT_FALSE(index->contains(static_cast<Id>(n) + 7));
    const auto found = index->search(std::span(x).subspan(55 * kDim, kDim), 2, GetParam().options);
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].id, 55);
  }
  EXPECT_GT(failures, 3u);
  EXPECT_EQ(index->size(), n + 20);
  for (size_t i = 0; i < ids.size(); ++i) expect_row(*index, ids[i], std::span(fresh).subspan(i * kDim, kDim));
}

TEST_P(EveryKind, CosineIsRightForAnyLengthAndRefusesNone) {
  const size_t n = GetParam().n;
  const auto x = rows(n, kDim, 1);
  const bool f16 = GetParam().set.count("storage") && GetParam().set.at("storage") == "f16";
  const auto index = filled(x, Metric::Cosine);
  std::vector<float> row(x.begin(), x.begin() + kDim);
  const auto scaled = [&](double by) {
    const double length = std::sqrt(std::inner_product(row.begin(), row.end(), row.begin(), 0.0));
    std::vector<float> out;
    for (const float v : row) out.push_back(static_cast<float>(v / length * by));
    return out;
  };
  for (const double length : {0.0, 1e-45, 1e-42, 1e-39}) {
    EXPECT_THROW(index->add(std::vector<Id>{-1}, scaled(length)), Error) << length;
    EXPECT_THROW(index->search(scaled(length), 3), Error) << length;
  }
  EXPECT_EQ(index->size(), n);
  for (const double length : {1e-36, 1e-30, 1e-21, 1e-10, 1e10, 1e25, 1e37}) {
    SCOPED_TRACE(length);
    const auto found = index->search(scaled(length), 2, GetParam().options);
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].id, 0);
    EXPECT_NEAR(found[0].distance, 1, 1e-3);
    if (f16) continue;  // its numbers end at 65504
    index->add(std::vector<Id>{-1}, scaled(length));
    const auto both = index->search(row, 2, GetParam().options);
    ASSERT_EQ(both.size(), 2u);
    EXPECT_TRUE(std::min(both[0].id, both[1].id) == -1 && std::max(both[0].id, both[1].id) == 0);
    for (const Match& m : both) EXPECT_NEAR(m.distance, 1, 1e-3);
    index->remove(std::vector<Id>{-1});
  }
  if (f16) {  // a row of zeros
    EXPECT_THROW(index->add(std::vector<Id>{-1}, scaled(1e-10)), Error);
  }
}

}  // namespace
}  // namespace hanok::index
