#include "train/schedule.h"

#include <gtest/gtest.h>

#include "hanok/error.h"

namespace hanok::train {
namespace {

TEST(Schedule, EachKindAtItsCorners) {
  EXPECT_EQ(factor_at({.kind = "constant"}, 0.7), 1);
  EXPECT_DOUBLE_EQ(factor_at({.kind = "linear"}, 0.25), 0.75);
  const Schedule step = {.kind = "step", .steps = 3, .gamma = 0.1};
  EXPECT_DOUBLE_EQ(factor_at(step, 0.2), 1);
  EXPECT_DOUBLE_EQ(factor_at(step, 0.5), 0.1);
  EXPECT_DOUBLE_EQ(factor_at(step, 1), 0.01) << "the end belongs to the last part";
  const Schedule cosine = {.kind = "cosine", .end = 0.1};
  EXPECT_DOUBLE_EQ(factor_at(cosine, 0), 1);
  EXPECT_DOUBLE_EQ(factor_at(cosine, 0.5), 0.55);
  EXPECT_DOUBLE_EQ(factor_at(cosine, 1), 0.1);
  const Schedule cycle = {.kind = "one-cycle", .start = 0.2, .peak = 0.25, .end = 0.04};
  EXPECT_DOUBLE_EQ(factor_at(cycle, 0), 0.2);
  EXPECT_DOUBLE_EQ(factor_at(cycle, 0.125), 0.6);
  EXPECT_DOUBLE_EQ(factor_at(cycle, 0.25), 1);
  EXPECT_NEAR(factor_at(cycle, 1), 0.04, 1e-12);
}

TEST(Schedule, WarmUpAndWhatLiesOutside) {
  const Schedule s = {.kind = "constant", .warm_up = 0.2};
  EXPECT_DOUBLE_EQ(factor_at(s, 0.05), 0.25);
  EXPECT_DOUBLE_EQ(factor_at(s, 0.2), 1);
  EXPECT_DOUBLE_EQ(factor_at(s, -3), 0);
  EXPECT_DOUBLE_EQ(factor_at({.kind = "linear"}, 7), 0);
  EXPECT_THROW(factor_at({.kind = "spiral"}, 0), Error);
}

}  // namespace
}  // namespace hanok::train
