#include "chain/eval/metrics.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace hanok::chain::eval {
namespace {

constexpr size_t kCut = 10;

double discount(size_t rank) { return 1 / std::log2(static_cast<double>(rank) + 1); }  // rank from 1

double ideal_dcg(std::vector<int> gains) {
  std::sort(gains.begin(), gains.end(), std::greater<>());
  double sum = 0;
  for (size_t i = 0; i < std::min(gains.size(), kCut); ++i) sum += gains[i] * discount(i + 1);
  return sum;
}

}  // namespace

Metrics evaluate(std::span<const std::string> ranking, const Grades& grades) {
  std::vector<int> gains;
  for (const auto& [document, grade] : grades)
    if (grade > 0) gains.push_back(grade);
  Metrics m;
  if (gains.empty()) return m;
  double dcg = 0, precisions = 0, found = 0;
  const auto relevant = static_cast<double>(gains.size());
  for (size_t i = 0; i < std::min<size_t>(ranking.size(), 100); ++i) {
    const auto grade = grades.find(ranking[i]);
    if (grade == grades.end() || grade->second <= 0) continue;
    const size_t rank = i + 1;
    ++found;
    m.recall100 = found / relevant;
    if (rank > kCut) continue;
    m.recall10 = found / relevant;
    if (m.mrr10 == 0) m.mrr10 = 1 / static_cast<double>(rank);
    dcg += grade->second * discount(rank);
    precisions += found / static_cast<double>(rank);
  }
  m.ndcg10 = dcg / ideal_dcg(std::move(gains));
  m.map10 = precisions / relevant;
  return m;
}

Metrics mean(std::span<const Metrics> queries) {
  Metrics sum;
  for (const Metrics& q : queries) {
    sum.ndcg10 += q.ndcg10;
    sum.mrr10 += q.mrr10;
    sum.recall10 += q.recall10;
    sum.recall100 += q.recall100;
    sum.map10 += q.map10;
  }
  const auto n = static_cast<double>(std::max<size_t>(queries.size(), 1));
  return {sum.ndcg10 / n, sum.mrr10 / n, sum.recall10 / n, sum.recall100 / n, sum.map10 / n};
}

}  // namespace hanok::chain::eval
