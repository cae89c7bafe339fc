// A filter means the same in every kind: the cases below, by every way of searching, against a brute force.
#include <gtest/gtest.h>

#include "index/conformance.h"

namespace hanok::index {
namespace {

using namespace conformance;

TEST(IdFilter, SaysWhatPasses) {
  const auto passing = [](const IdFilter& filter) {
    std::vector<Id> out;
    for (Id id = -1; id < 8; ++id)
      if (filter.accepts(id)) out.push_back(id);
    return out;
  };
  const auto even = [](Id id) { return id % 2 == 0; };
  EXPECT_EQ(passing(IdFilter::everything()).size(), 9u);
  EXPECT_TRUE(IdFilter::everything().is_everything());
  EXPECT_TRUE(passing(IdFilter::none()).empty());
  EXPECT_FALSE(IdFilter::none().is_everything());
  EXPECT_EQ(passing(IdFilter::of({5, 2, 2, -1, 99})), (std::vector<Id>{-1, 2, 5}));
  EXPECT_EQ(passing(IdFilter::when(even)), (std::vector<Id>{0, 2, 4, 6}));
  EXPECT_EQ(passing(IdFilter::of({1, 2, 3, 4}).narrowed(even)), (std::vector<Id>{2, 4}));
  EXPECT_EQ(passing(IdFilter::when(even).narrowed([](Id id) { return id > 3; })), (std::vector<Id>{4, 6}));
  EXPECT_EQ(passing(IdFilter::none().narrowed(even)), std::vector<Id>());
  const auto few = IdFilter::of({5, 2, 2});
  ASSERT_TRUE(few.listed());
  EXPECT_EQ(few.listed()->size(), 2u);
  EXPECT_FALSE(IdFilter::when(even).listed());
  EXPECT_EQ(IdFilter::when(even, 7).expected_matches(), 7u);
}

struct Named {
  std::string name;
  IdFilter filter;
};

// Ids 0..n-1 are in the index, but for those from 40 to 59, which were removed.
std::vector<Named> filters(size_t n) {
  const auto all = range(0, n);
  std::vector<Id> half, most;
  for (const Id id : all) {
    if (id % 2) half.push_back(id);
    if (id % 10) most.push_back(id);
  }
  const auto third = [](Id id) { return id % 3 == 0; };
  return {{"everything", IdFilter::everything()},
          {"none", IdFilter::none()},
          {"an empty list", IdFilter::of({})},
          {"one", IdFilter::of({7})},
          {"a few, in any order and twice", IdFilter::of({90, 7, 8, 7, 250})},
          {"all", IdFilter::of(all)},
          {"half", IdFilter::of(half)},
          {"most", IdFilter::of(most)},
          {"unknown ids", IdFilter::of({-5, 1'000'000, INT64_MAX, INT64_MIN})},
          {"some unknown ids", IdFilter::of({-5, 12, 1'000'000})},
          {"removed ids", IdFilter::of(range(40, 20))},
          {"some removed ids", IdFilter::of(range(30, 20))},
          {"a predicate", IdFilter::when(third)},
          {"a predicate and its count", IdFilter::when(third, n / 3)},
          {"a predicate and a wrong count", IdFilter::when(third, 0)},
          {"a predicate that nothing passes", IdFilter::when([](Id) { return false; })},
          {"a predicate for one", IdFilter::when([](Id id) { return id == 11; }, 1)},
          {"a list and a predicate", IdFilter::of(half).narrowed(third)},
          {"a few and a predicate", IdFilter::of({6, 7, 8, 9}).narrowed(third)},
          {"a list and a predicate that exclude each other",
           IdFilter::of(half).narrowed([](Id id) { return id % 2 == 0; })}};
}

void expect_same(const std::vector<Match>& found, const std::vector<Match>& truth, size_t k, bool exact) {
  ASSERT_EQ(found.size(), std::min(k, truth.size()));
  size_t alike = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    alike += found[i].id == truth[i].id;
    EXPECT_TRUE(std::any_of(truth.begin(), truth.end(), [&](const Match& m) { return m.id == found[i].id; }))
        << found[i].id << " does not pass";
  }
  // Sums of floats may swap two that lie within a rounding.
  EXPECT_GE(alike, exact ? found.size() : found.size() - found.size() / 5);
}

class AnyKind : public ::testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(IdFilter, AnyKind, ::testing::ValuesIn(cases()),
                         [](const auto& info) { return info.param.name; });

TEST_P(AnyKind, MeansTheSameByAFilter) {
  constexpr size_t kDim = 12, kQueries = 3, kK = 10;
  const Case& c = GetParam();
  for (const Metric metric : {Metric::L2, Metric::InnerProduct, Metric::Cosine}) {
    SCOPED_TRACE("metric " + std::to_string(static_cast<int>(metric)));
    auto index = make(c.kind, {.dim = kDim, .metric = metric, .set = c.set});
    index->add(range(0, c.n), rows(c.n, kDim, 1));
    index = settled(c, std::move(index));
    index->remove(range(40, 20));
    const auto queries = rows(kQueries, kDim, 2);
    for (int i = 0; i < 30; ++i) index->search(std::span(queries).first(kDim), kK);  // flat makes its codes
    const Model model = model_of(*index);
    const bool exact = index->kind() == "flat";
    for (const Named& f : filters(c.n)) {
      SCOPED_TRACE(f.name);
      SearchOptions options = c.options;
      options.filter = &f.filter;
      const auto batch = index->search_batch(queries, kK, options);
      for (size_t q = 0; q < kQueries; ++q) {
        const auto query = std::span(queries).subspan(q * kDim, kDim);
        const auto truth = brute(model, metric, query, f.filter);
        expect_same(index->search(query, kK, options), truth, kK, exact);
        expect_same(batch[q], truth, kK, exact);
        SearchOptions plain;  // at no special effort nothing else passes, and as many are found
        plain.filter = &f.filter;
        const auto found = index->search(query, kK, plain);
        EXPECT_EQ(found.size(), std::min(kK, truth.size()));
        for (const Match& m : found) EXPECT_TRUE(f.filter.accepts(m.id) && model.count(m.id)) << m.id;
        if (truth.empty()) {
          EXPECT_TRUE(index->range_search(query, metric == Metric::L2 ? 1e30f : -1e30f, options).empty());
          continue;
        }
        const size_t inside = std::min<size_t>(truth.size(), 25);
        const float last = truth[inside - 1].distance, slack = 1e-4f * std::max(1.0f, std::abs(last));
        const auto within = index->range_search(query, metric == Metric::L2 ? last + slack : last - slack, options);
        EXPECT_GE(within.size(), inside);
        EXPECT_LE(within.size(), inside + 2);
        for (const Match& m : within) EXPECT_TRUE(f.filter.accepts(m.id)) << m.id;
      }
    }
  }
}

TEST(IdFilter, MeansTheSameOverBits) {
  constexpr size_t kBits = 70, kN = 400, kK = 10;
  const auto index = make_binary(kBits);
  base::Random random(1);
  const auto code = [&] {
    std::vector<uint8_t> out(index->bytes_per_vector());
    for (size_t bit = 0; bit < kBits; ++bit) out[bit / 8] |= static_cast<uint8_t>(random.below(2) << bit % 8);
    return out;
  };
  std::map<Id, std::vector<uint8_t>> model;
  for (Id id = 0; id < static_cast<Id>(kN); ++id) {
    model[id] = code();
    index->add(std::vector<Id>{id}, model[id]);
  }
  index->remove(range(40, 20));
  for (Id id = 40; id < 60; ++id) model.erase(id);
  const auto query = code();
  for (const Named& f : filters(kN)) {
    SCOPED_TRACE(f.name);
    std::vector<Match> truth;
    for (const auto& [id, x] : model) {
      int bits = 0;
      for (size_t i = 0; i < x.size(); ++i) bits += __builtin_popcount(static_cast<unsigned>(x[i] ^ query[i]));
      if (f.filter.accepts(id)) truth.push_back({id, static_cast<float>(bits)});
    }
    std::sort(truth.begin(), truth.end(),
              [](const Match& a, const Match& b) { return std::pair(a.distance, a.id) < std::pair(b.distance, b.id); });
    expect_same(index->search(query, kK, {.filter = &f.filter}), truth, kK, true);
    expect_same(index->search_batch(query, kK, {.filter = &f.filter})[0], truth, kK, true);
    expect_same(index->range_search(query, kBits, {.filter = &f.filter}), truth, kN, true);
  }
}

}  // namespace
}  // namespace hanok::index
