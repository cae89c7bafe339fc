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

// 1 and 2 are in the question's language, 3 to 5 in another; z of the five cosines is 1.19, -.99, 1.19, .1, -1.48.
std::vector<ScoredChunk> across() {
  std::vector<ScoredChunk> out = {{1, 8, .90}, {2, 30, .82}, {3, 0, .90}, {4, 2, .86}, {5, 0, .802}};
  for (size_t i = 2; i < 5; ++i) out[i].foreign = true;
  return out;
}

double fused(const std::vector<ScoredChunk>& c, store::ChunkId chunk) {
  for (const auto& x : c)
    if (x.chunk == chunk) return x.fused;
  return -1;
}

TEST(Fusion, AForeignPassageIsNotBlamedForLackingTheWords) {
  auto c = across();
  const Fusion f = fuse_scores(c, {200, 1});
  const double most = 200 + 48;
  const auto z = [&](double cosine) { return (cosine - f.mean) / f.deviation; };
  // The best of the own language holds 30, less than a fifth of 200. Passage 3 is as near as the nearest of the own.
  EXPECT_NEAR(fused(c, 3), (30 + 4 * (z(.90) + 6)) / most, 1e-9);
  // 4 lies some deviations behind and has two of its own.
  EXPECT_NEAR(fused(c, 4), (2 + 30 * (1 + (z(.86) - z(.90)) / 2) + 4 * (z(.86) + 6)) / most, 1e-9);
  // 5 lies more than two behind: nothing.
  EXPECT_NEAR(fused(c, 5), 4 * (z(.802) + 6) / most, 1e-9);
  EXPECT_EQ(c[0].chunk, 3u);
}

TEST(Fusion, WordsThatAnswerAreStrongerThanAForeignPassage) {
  auto c = across();
  c[1] = {2, 120, .89};  // more than half of the question: a fifth is what a foreign one gets
  fuse_scores(c, {200, 1});
  EXPECT_EQ(c[0].chunk, 2u);
}

TEST(Fusion, WithoutPassagesOfTheOwnLanguageForeignOnesKeepTheirWords) {
  auto c = across();
  c.erase(c.begin(), c.begin() + 2);
  auto plain = c;
  for (auto& x : plain) x.foreign = false;
  fuse_scores(c, {200, 1});
  fuse_scores(plain, {200, 1});
  for (const auto& x : plain) EXPECT_EQ(fused(c, x.chunk), x.fused);
}

TEST(Fusion, AModelThatIsNotTrustedImputesNoWords) {
  auto c = across();
  fuse_scores(c, {200, 0});
  EXPECT_EQ(c[0].chunk, 2u);
  EXPECT_EQ(fused(c, 3), 0);
}

TEST(Fusion, WithoutVectorsTheOrderIsThatOfWords) {
  std::vector<ScoredChunk> c = {{1, 3, std::nan("")}, {2, 7, std::nan("")}, {3, 5, std::nan("")}};
  fuse_scores(c, {10, 1});
  EXPECT_EQ(c[0].chunk, 2u);
  EXPECT_EQ(c[1].chunk, 3u);
  EXPECT_EQ(c[2].chunk, 1u);
}

// The passage that is asked for has the words; those that have their vectors already are near it by accident.
TEST(Fusion, AStrongMatchOfWordsWithoutAVectorIsNotBehindWeakOnesThatHaveOne) {
  std::vector<ScoredChunk> c = {{1, 12, std::nan("")}, {2, 2, .86}, {3, 2, .80}, {4, 1, .79}, {5, 1, .78}, {6, 0, .80}};
  fuse_scores(c, {30, 1});
  EXPECT_EQ(c[0].chunk, 1u);
  c = {{1, 1, std::nan("")}, {2, 9, .86}, {3, 2, .80}, {4, 1, .79}};
  fuse_scores(c, {30, 1});
  EXPECT_EQ(c[0].chunk, 2u) << "and a weak one is not before them";
  EXPECT_EQ(c[1].chunk, 3u);
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
