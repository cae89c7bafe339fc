// Measures of a ranking against judgements, as trec_eval defines them.
#pragma once

#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace hanok::chain::eval {

/// Document -> grade of one query; grades above 0 are relevant, the grade is the gain.
using Grades = std::unordered_map<std::string, int>;

struct Metrics {
  double ndcg10 =
      0;  // DCG@10 / ideal DCG@10, DCG = sum of grade / log2(rank + 1), rank from 1 (Jarvelin, Kekalainen 2002)
  double mrr10 = 0;      // 1 / rank of the first relevant document among ten, else 0
  double recall10 = 0;   // share of the relevant documents found among ten
  double recall100 = 0;  // ... among a hundred
  double map10 = 0;      // sum of precisions at the relevant ranks <= 10, over all relevant documents (map_cut_10)
};

/// One query. `ranking` is best first, without doubles; a query without a relevant document scores 0 everywhere.
Metrics evaluate(std::span<const std::string> ranking, const Grades& grades);
/// Means over queries; all 0 for none.
Metrics mean(std::span<const Metrics> queries);

}  // namespace hanok::chain::eval
