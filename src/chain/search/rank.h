// The ranking of a search without the texts of its hits: for evaluation, where only the order counts.
#pragma once

#include "chain/search/fusion.h"
#include "hanok/chain.h"

namespace hanok::chain {

/// The first options.k candidates, best first; `mode` becomes what was done. search() is this and the texts.
std::vector<ScoredChunk> rank(const store::Snapshot& snapshot, std::string_view query, const SearchOptions& options,
                              Mode& mode);

}  // namespace hanok::chain
