// Queries whose true neighbours are known, and the search setting that an index needs to find them.
//
// A promise of recall is worth what it was measured on. Stored vectors, or points between them, are too easy: a graph
// leads to the neighbours of what it was built with. Rows that are left out while it is built and added afterwards are
// what other vectors of their kind will be; questions that a caller gives (another prompt of the model, other words)
// are what will be asked. A setting has to do for each of these groups.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/top_k.h"
#include "hanok/index.h"

namespace hanok::index {

/// Queries of one sort. First see() takes all vectors of the index, then recall() judges what searches found.
class Trial {
 public:
  /// The vector of an id, as it was given to see(), in dim floats.
  using Row = std::function<void(Id id, float* out)>;
  struct Result {
    double recall = 1;  // mean over the queries
    double error = 0;   // its standard error
  };

  /// name: what the queries are, for people. queries: [n, dim], none of length 0 under cosine. k: neighbours of each.
  Trial(std::string name, size_t dim, Metric metric, std::vector<float> queries, size_t k);

  const std::string& name() const { return name_; }
  size_t size() const { return kth_.size(); }
  size_t k() const { return k_; }
  std::span<const float> queries() const { return queries_; }
  std::span<const float> query(size_t i) const { return queries().subspan(i * dim_, dim_); }

  /// Vectors that are in the index, [n, dim], each in one call: all of them are compared with every query, on some
  /// threads. Pieces of some ten thousand are the fastest. Throws what adding them to an index throws.
  void see(std::span<const float> rows, size_t threads);
  /// A hit is a vector that lies no farther than the true k-th, so that equal vectors do not count as misses. More than
  /// k ids a query are taken as candidates: a hit is then one of the true k among them. found[i]: of query i.
  Result recall(const std::vector<std::vector<Id>>& found, const Row& row) const;

 private:
  void see_block(std::span<const float> rows, size_t threads);
  float distance(size_t query, std::span<const float> row) const;  // small is near

  std::string name_;
  size_t dim_, k_;
  Metric metric_;
  std::vector<float> queries_;              // under cosine of length 1
  std::vector<base::TopK<float>> nearest_;  // [query]: the k least distances
  std::vector<float> kth_;                  // the worst of them
  size_t seen_ = 0;
};

/// A setting and its name: "ef=64".
struct Effort {
  std::string text;
  SearchOptions options;
};
/// Settings of a kind for k neighbours, those that look at more later; none for kinds that are exact.
std::vector<Effort> efforts(const std::string& kind, size_t k, size_t vectors);

/// What was asked for, and what was measured.
struct Promise {
  struct Reached {
    std::string on;  // name of the queries
    size_t queries = 0;
    double recall = 0;
  };
  double recall = 0;    // promised
  size_t k = 0;         // of so many neighbours
  size_t vectors = 0;   // in the index when it was measured
  std::string setting;  // "ef=64"
  std::vector<Reached> reached;

  /// Of the group that reaches least; 1 without any: the kind is exact.
  double least() const;
  size_t queries() const;
  /// Whether every group reaches what is promised.
  bool kept() const { return least() >= recall; }
  /// {"recall", "neighbours", "setting", "vectors", "reached": [{"on", "queries", "recall"}]}
  std::string json() const;
  /// Throws Invalid for what json() does not write.
  static Promise from_json(const std::string& text);
};

/// How an index is searched: the ids found for each query of a trial at a setting.
using Ask = std::function<std::vector<std::vector<Id>>(const Trial& trial, SearchOptions options)>;

struct Tuned {
  Promise promise;
  SearchOptions options;
};
/// The first setting at which every group's mean, less two standard errors, is the recall; if none is, the one that
/// comes nearest.
Tuned tune(std::span<const Trial> trials, double recall, const std::vector<Effort>& efforts, const Ask& ask,
           const Trial::Row& row, size_t vectors);

/// The searches of an index.
Ask ask_index(const Index& index, size_t threads);
/// see() of all that the index holds, as it keeps them.
void see_index(Trial& trial, const Index& index, size_t threads);

/// [n, dim] vectors, each moved by a share of the difference of two others: off the set, as questions lie to passages.
/// Of what was tried in their place (bench_promise --curves) .4 comes nearest to what they need: noise, points between
/// neighbours and a set's own texts under the query prompt are easier.
std::vector<float> moved_away(std::span<const float> vectors, size_t dim, Metric metric, uint64_t seed,
                              float share = 0.4f);

inline constexpr const char* kUnseenName = "vectors left out";
inline constexpr const char* kAwayName = "the same moved away, as questions lie";

/// `asked` of n, evenly drawn, ascending; an eighth of them at most.
std::vector<size_t> left_out(size_t n, size_t asked, uint64_t seed);

}  // namespace hanok::index
