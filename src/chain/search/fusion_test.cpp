#include "chain/search/fusion.h"

#include <gtest/gtest.h>

#include <cmath>

#include "chain/search/diversify.h"

namespace hanok::chain {
namespace {

std::vector<ScoredChunk> three() { return {{1, 10, .80}, {2, 2, .90}, {3, 0, .70}}; }

TEST(Fusion, ReciprocalRanksCountFromOne) {
  auto c = three();
  fuse_rrf(c);
  // 1: 1/61 + 1/62; 2: 1/62 + 1/61; 3 has no keyword rank: 1/63. The best there can be is 2/61.
  EXPECT_EQ(c[0].chunk, 1u);
  EXPECT_NEAR(c[0].fused, (1. / 61 + 1. / 62) / (2. / 61), 1e-12);
  EXPECT_EQ(c[1].fused, c[0].fused);
  EXPECT_NEAR(c[2].fused, (1. / 63) / (2. / 61), 1e-12);
}

TEST(Fusion, StrongWordsWinOverMeaningAndWeakOnesDoNot) {
  auto strong = three();
  fuse_scores(strong, {40, 1});
  EXPECT_EQ(strong[0].chunk, 1u);
  auto weak = three();
  weak[0].keyword = 3;
  fuse_scores(weak, {40, 1});
  EXPECT_EQ(weak[0].chunk, 2u);
  for (const auto& c : weak) EXPECT_TRUE(c.fused >= 0 && c.fused <= 1);
}

TEST(Fusion, AModelThatIsNotTrustedChangesNothing) {
  auto c = three();
  fuse_scores(c, {40, 0});
  EXPECT_EQ(c[0].chunk, 1u);
  EXPECT_EQ(c[1].chunk, 2u);
  EXPECT_NEAR(c[0].fused, .25, 1e-12);
}

TEST(Fusion, MissingVectorsAndEqualCosinesAreNoOpinion) {
  std::vector<ScoredChunk> c = {{1, 5, std::nan("")}, {2, 4, .5}, {3, 1, .5}};
  const Fusion f = fuse_scores(c, {10, 1});
  EXPECT_EQ(f.deviation, 0);
  EXPECT_EQ(c[0].chunk, 1u);
  EXPECT_EQ(c[2].chunk, 3u);
}

TEST(Diversify, PicksWhatIsNotYetSaid) {
  // 0 and 1 say the same, 2 is less relevant but new.
  const std::vector<double> relevance = {1, .95, .6}, same = {1, 1, 0, 1, 1, 0, 0, 0, 1};
  EXPECT_EQ(maximal_marginal_relevance(relevance, same, 2, 1), (std::vector<size_t>{0, 1}));
  EXPECT_EQ(maximal_marginal_relevance(relevance, same, 2, .5), (std::vector<size_t>{0, 2}));
  EXPECT_EQ(maximal_marginal_relevance(relevance, same, 9, .5).size(), 3u);
}

TEST(Diversify, TermSimilaritiesAreCosines) {
  const std::vector<std::string> texts = {"red bicycle", "red bicycle", "양념 고춧가루"};
  const auto s = term_similarities(texts);
  EXPECT_NEAR(s[1], 1, 1e-9);
  EXPECT_EQ(s[2], 0);
}

}  // namespace
}  // namespace hanok::chain
