#include "chain/ingest/embed_plan.h"

#include <gtest/gtest.h>

#include <numeric>

namespace hanok::chain {
namespace {

// Long passages first, then short ones: by passages the time left would be wrong by a factor of four at the start.
TEST(TimeLeft, HoldsWithinAThirdWhereLengthsChange) {
  constexpr size_t kPassages = 3000, kBlock = 32;
  std::vector<store::ChunkId> ids(kPassages);
  std::iota(ids.begin(), ids.end(), 10u);
  std::vector<double> tokens(kPassages);
  for (size_t i = 0; i < kPassages; ++i) tokens[i] = (i < 400 ? 250 : 30) + static_cast<double>(i * 7919 % 20);
  const auto cost = [&](size_t from, size_t to) {  // seconds at 3,000 tokens a second, the first block slower
    const double all = std::accumulate(tokens.begin() + static_cast<ptrdiff_t>(from),
                                       tokens.begin() + static_cast<ptrdiff_t>(to), 0.0);
    return all / 3000 + (from == 0 ? 2 : 0);
  };
  const EmbedPlan plan(ids, tokens);
  TimeLeft left;
  size_t told = 0;
  for (size_t at = 0; at < kPassages; at += kBlock) {
    const double seconds = left.seconds(plan.tokens(ids[at], kPassages - at)), truth = cost(at, kPassages);
    if (seconds >= 0) {
      ++told;
      EXPECT_NEAR(seconds, truth, truth / 3 + .1) << at;
    }
    const size_t end = std::min(at + kBlock, kPassages);
    left.add(
        std::accumulate(tokens.begin() + static_cast<ptrdiff_t>(at), tokens.begin() + static_cast<ptrdiff_t>(end), 0.0),
        cost(at, end));
  }
  EXPECT_EQ(told, (kPassages + kBlock - 1) / kBlock - 2) << "from the third block on";
}

TEST(TimeLeft, FollowsAMachineThatBecomesSlower) {
  TimeLeft left;
  EXPECT_LT(left.seconds(1000), 0);
  for (int i = 0; i < 300; ++i) left.add(1000, 1);
  EXPECT_NEAR(left.seconds(1000), 1, .01);
  for (int i = 0; i < 60; ++i) left.add(1000, 4);
  EXPECT_NEAR(left.seconds(1000), 4, 1);
}

TEST(EmbedPlan, PassagesThatCameLaterCountAsTheLastOnesSeen) {
  const EmbedPlan plan({1, 2, 3}, {100, 10, 20});
  EXPECT_EQ(plan.tokens(2, 2), 30);
  EXPECT_EQ(plan.tokens(99, 2), 40);
  EXPECT_EQ(EmbedPlan({}, {}).tokens(0, 5), 0);
}

}  // namespace
}  // namespace hanok::chain
