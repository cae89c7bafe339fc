// A query made ready: its distinct terms with their lists in every segment, and their weights.
#pragma once

#include <vector>

#include "store/bm25/score.h"
#include "store/bm25/segment_impl.h"

namespace hanok::store::bm25 {

struct QueryTerm {
  std::string_view form;
  uint32_t hash = 0;
  uint32_t times = 0;  // in the query
  uint64_t df = 0;     // chunks that hold it, without those gone
  double weight = 0;   // idf * (k1 + 1) * times
  bool moot = false;   // in no passage, and another form of it counts in its place; known after find_moot()
};

struct Query {
  std::vector<QueryTerm> terms;
  std::vector<List> lists;  // [segments, terms]
  Formula formula;

  /// N, average length and df count what is not gone, exactly: the same scores as if it had never been there.
  Query(const Reader& reader, std::span<const text::Term> words);
  void find_moot(std::span<const text::Term> words);
  const List& list(size_t segment, size_t term) const { return lists[segment * terms.size() + term]; }
};

}  // namespace hanok::store::bm25
