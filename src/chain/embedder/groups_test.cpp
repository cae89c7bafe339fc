#include "chain/embedder/groups.h"

#include <gtest/gtest.h>

#include <set>

#include "base/random.h"

namespace hanok::chain {
namespace {

// Few rows in many dimensions, as sentences are: four groups, told apart by three dimensions of 128.
Matrix four_groups(size_t rows) {
  base::Random random(3);
  const float centre[4][3] = {{3, 3, 3}, {3, -3, -3}, {-3, 3, -3}, {-3, -3, 3}};
  Matrix out{rows, 128, std::vector<float>(rows * 128)};
  for (size_t i = 0; i < rows; ++i)
    for (size_t d = 0; d < 128; ++d)
      out.row(i)[d] = static_cast<float>(random.normal()) + (d < 3 ? centre[i % 4][d] : 0);
  return out;
}

TEST(Grouping, FindsHowManyGroupsThereAreAndWhich) {
  const Matrix rows = four_groups(32);
  const Grouping grouping(rows, 20);
  EXPECT_EQ(grouping.suggested(), 4u);
  const auto groups = grouping.groups(4);
  for (size_t i = 4; i < rows.rows; ++i) EXPECT_EQ(groups[i], groups[i % 4]) << i;
  EXPECT_EQ(std::set<uint32_t>(groups.begin(), groups.end()).size(), 4u);
}

TEST(Grouping, AnyNumberOfRows) {
  for (const size_t n : {1u, 2u, 3u, 600u}) {
    const Matrix rows = four_groups(n);
    const Grouping grouping(rows, n > 1 ? std::min<size_t>(5, n - 1) : 1);
    EXPECT_EQ(grouping.groups(grouping.suggested()).size(), n);
  }
  const Matrix same{5, 4, std::vector<float>(20, 1)};
  EXPECT_EQ(Grouping(same, 4).groups(3).size(), 5u);
}

}  // namespace
}  // namespace hanok::chain
