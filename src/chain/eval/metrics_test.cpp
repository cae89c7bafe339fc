#include "chain/eval/metrics.h"

#include <gtest/gtest.h>

#include <cmath>

namespace hanok::chain::eval {
namespace {

TEST(Metrics, ByHand) {
  const std::vector<std::string> ranking{"a", "b", "c", "d"};
  const Metrics m = evaluate(ranking, {{"b", 2}, {"d", 1}, {"x", 3}, {"a", 0}, {"c", -1}});
  const double dcg = 2 / std::log2(3.0) + 1 / std::log2(5.0), ideal = 3 + 2 / std::log2(3.0) + 1 / std::log2(4.0);
  EXPECT_DOUBLE_EQ(m.ndcg10, dcg / ideal);
  EXPECT_DOUBLE_EQ(m.mrr10, 0.5);
  EXPECT_DOUBLE_EQ(m.recall10, 2.0 / 3);
  EXPECT_DOUBLE_EQ(m.recall100, 2.0 / 3);
  EXPECT_DOUBLE_EQ(m.map10, (1.0 / 2 + 2.0 / 4) / 3);
}

TEST(Metrics, TheCutIsAtTenAndAHundred) {
  std::vector<std::string> ranking;
  for (int i = 1; i <= 120; ++i) ranking.push_back(std::to_string(i));
  EXPECT_EQ(evaluate(ranking, {{"11", 1}}).mrr10, 0);
  EXPECT_EQ(evaluate(ranking, {{"11", 1}}).recall10, 0);
  EXPECT_EQ(evaluate(ranking, {{"100", 1}}).recall100, 1);
  EXPECT_EQ(evaluate(ranking, {{"101", 1}}).recall100, 0);
  EXPECT_EQ(evaluate(ranking, {{"10", 1}}).mrr10, 0.1);
}

TEST(Metrics, Edges) {
  EXPECT_EQ(evaluate({}, {{"a", 1}}).ndcg10, 0);
  const std::vector<std::string> one{"a"};
  EXPECT_EQ(evaluate(one, {}).ndcg10, 0);
  EXPECT_EQ(evaluate(one, {{"a", 5}}).ndcg10, 1);
  EXPECT_EQ(mean({}).map10, 0);
  const std::vector<Metrics> two{evaluate(one, {{"a", 1}}), evaluate(one, {{"b", 1}})};
  EXPECT_EQ(mean(two).ndcg10, 0.5);
}

}  // namespace
}  // namespace hanok::chain::eval
