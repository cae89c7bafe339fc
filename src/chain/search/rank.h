// What a search knows besides its hits.
#pragma once

#include "chain/search/fusion.h"
#include "chain/search/languages.h"
#include "hanok/chain.h"

namespace hanok::chain {

/// The first options.k candidates without their texts, for evaluation, where only the order counts; best first. `mode`
/// becomes what was done. search() is this and the texts.
std::vector<ScoredChunk> rank(const store::Snapshot& snapshot, std::string_view query, const SearchOptions& options,
                              Mode& mode);

/// A search, and what made its passages comparable across languages: for who compares more texts with the question.
struct SearchAcross {
  SearchResult result;
  Languages languages;
};
SearchAcross search_across(const store::Snapshot& snapshot, std::string_view query, const SearchOptions& options);

}  // namespace hanok::chain
