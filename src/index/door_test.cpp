#include <gtest/gtest.h>

#include <cmath>

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

}  // namespace
}  // namespace hanok::index
