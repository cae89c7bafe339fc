#include <gtest/gtest.h>

#include <cmath>

#include "base/file.h"
#include "base/random.h"
#include "hanok/index.h"

namespace hanok::index {
namespace {

std::vector<float> normals(size_t n, uint64_t seed) {
  base::Random random(seed);
  std::vector<float> out(n);
  for (auto& v : out) v = static_cast<float>(random.normal());
  return out;
}

std::vector<Id> range(Id first, size_t n) {
  std::vector<Id> out(n);
  for (size_t i = 0; i < n; ++i) out[i] = first + static_cast<Id>(i);
  return out;
}

TEST(Door, NeighboursComeAFewAtATime) {
  for (const char* kind : {"flat", "ivf"}) {
    const auto index = make(kind, {.dim = 4});
    index->add(range(0, 300), normals(1200, 1));
    const auto q = normals(4, 2);
    const auto all = index->search(q, 300);
    Neighbours near(*index, q);
    std::vector<Match> got;
    for (const size_t n : {1, 3, 10, 0, 100, 500})
      for (const Match& m : near.next(n)) got.push_back(m);
    ASSERT_EQ(got.size(), 300u);
    for (size_t i = 0; i < 300; ++i) EXPECT_EQ(got[i].id, all[i].id);
    EXPECT_TRUE(near.next(5).empty());
  }
}

TEST(Door, UpdateReplacesAndMergeAdds) {
  const auto a = make("flat", {.dim = 2}), b = make("ivf", {.dim = 2}), c = make("flat", {.dim = 3});
  a->add(range(0, 3), normals(6, 1));
  b->add(range(10, 3), normals(6, 2));
  a->update(std::vector<Id>{1, 5}, std::vector<float>{7, 8, 9, 10});
  EXPECT_EQ(*a->reconstruct(1), (std::vector<float>{7, 8}));
  EXPECT_EQ(a->size(), 4u);
  EXPECT_THROW(a->update(std::vector<Id>{1}, std::vector<float>{NAN, 8}), Error);
  EXPECT_EQ(*a->reconstruct(1), (std::vector<float>{7, 8}));
  merge(*a, *b);
  EXPECT_EQ(a->size(), 7u);
  EXPECT_EQ(*a->reconstruct(11), *b->reconstruct(11));
  EXPECT_THROW(merge(*a, *b), Error);
  EXPECT_THROW(merge(*a, *c), Error);
  EXPECT_EQ(a->size(), 7u);
}

TEST(Door, BinaryVectorsHaveADoorOfTheirOwn) {
  base::TempFolder folder;
  const auto index = make_binary(16);
  index->add(std::vector<Id>{7, 3}, std::vector<uint8_t>{0xff, 0x00, 0x0f, 0x00});
  const std::vector<uint8_t> query{0x1f, 0x00};
  const auto found = index->search(query, 5);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].id, 3);
  EXPECT_EQ(found[0].distance, 1);
  index->save(folder.path() / "bits");
  EXPECT_EQ(open_binary(folder.path() / "bits")->search(query, 1)[0].id, 3);
  try {
    open(folder.path() / "bits");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::Unsupported) << e.what();
  }
  EXPECT_THROW(make_binary(0), Error);
}

// What is odd about an input is said, or has an answer, in every kind alike.
TEST(Door, OddInputIsDefinedForEveryKind) {
  const auto code = [](auto call) {
    try {
      call();
    } catch (const Error& e) {
      return e.code();
    }
    return Code::Internal;
  };
  for (const std::string kind : {"flat", "ivf", "hnsw", "disk", "auto"}) {
    SCOPED_TRACE(kind);
    for (const Metric metric : {Metric::L2, Metric::InnerProduct, Metric::Cosine}) {
      const auto index = make(kind, {.dim = 4, .metric = metric});
      const std::vector<float> one{1, 2, 3, 4}, zero(4, 0);
      EXPECT_TRUE(index->search(one, 5).empty()) << "an empty index";
      EXPECT_TRUE(index->search_batch(one, 5).at(0).empty());
      EXPECT_TRUE(index->range_search(one, metric == Metric::L2 ? 1e9f : -1e9f).empty());
      index->add({}, {});
      index->add(range(0, 3), normals(12, 1));
      EXPECT_EQ(index->search(one, 100).size(), 3u) << "k > n";
      EXPECT_EQ(index->search(one, SIZE_MAX).size(), 3u);
      EXPECT_TRUE(index->search(one, 0).empty());
      for (const float bad : {NAN, INFINITY, -INFINITY}) {
        const std::vector<float> row{1, 2, bad, 4};
        EXPECT_EQ(code([&] { index->add(std::vector<Id>{9}, row); }), Code::Invalid);
        EXPECT_EQ(code([&] { index->search(row, 1); }), Code::Invalid);
        EXPECT_EQ(code([&] { index->search_batch(row, 1); }), Code::Invalid);
        EXPECT_EQ(code([&] { index->range_search(row, 1); }), Code::Invalid);
      }
      EXPECT_EQ(code([&] { index->range_search(one, NAN); }), Code::Invalid);
      EXPECT_EQ(code([&] { index->add(std::vector<Id>{9}, std::vector<float>(3)); }), Code::Invalid)
          << "a wrong dimension";
      EXPECT_EQ(code([&] { index->search(std::vector<float>(5, 1), 1); }), Code::Invalid);
      EXPECT_EQ(code([&] { index->search_batch(std::vector<float>(6, 1), 1); }), Code::Invalid);
      EXPECT_EQ(code([&] { index->add(std::vector<Id>{9, 9}, normals(8, 2)); }), Code::Invalid) << "an id twice";
      EXPECT_EQ(code([&] { index->add(std::vector<Id>{9, 1}, normals(8, 2)); }), Code::Exists);
      EXPECT_FALSE(index->contains(9)) << "all or nothing";
      EXPECT_EQ(index->remove(std::vector<Id>{5, 6}), 0u);
      EXPECT_FALSE(index->reconstruct(5).has_value());
      if (metric == Metric::Cosine) {
        EXPECT_EQ(code([&] { index->add(std::vector<Id>{9}, zero); }), Code::Invalid);
        EXPECT_EQ(code([&] { index->search(zero, 1); }), Code::Invalid);
      } else {
        index->add(std::vector<Id>{9}, zero);
        EXPECT_EQ(index->search(zero, 4).size(), 4u);
      }
    }
  }
}

}  // namespace
}  // namespace hanok::index
