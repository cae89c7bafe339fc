// What makes each kind of retriever; make_retriever's table names them.
#pragma once

#include <memory>

#include "hanok/retrievers.h"

namespace hanok::chain {

using MadeRetriever = std::unique_ptr<Retriever>;

// plain.cpp: searches of one kind
MadeRetriever make_hybrid(const RetrieverOptions& options);
MadeRetriever make_keyword(const RetrieverOptions& options);
MadeRetriever make_similarity(const RetrieverOptions& options);
MadeRetriever make_threshold(const RetrieverOptions& options);
MadeRetriever make_neighbours(const RetrieverOptions& options);
// chosen.cpp: another choice among what a search found
MadeRetriever make_mmr(const RetrieverOptions& options);
MadeRetriever make_multi_vector(const RetrieverOptions& options);
MadeRetriever make_time_weighted(const RetrieverOptions& options);
// fused.cpp: several rankings
MadeRetriever make_ensemble(const RetrieverOptions& options);
MadeRetriever make_multi_query(const RetrieverOptions& options);
// self_query.cpp
MadeRetriever make_self_query(const RetrieverOptions& options);
// cut.cpp: other edges of passages
MadeRetriever make_compression(const RetrieverOptions& options);
MadeRetriever make_parent(const RetrieverOptions& options);

/// The exact scores for the question of `result` of hits that came from elsewhere.
void score_for_question(const store::Snapshot& snapshot, const SearchResult& result, std::vector<Hit>& hits);
/// Hits in another order with other scores, the first k. scores[i] is that of hits[order[i]].
void reorder(std::vector<Hit>& hits, std::span<const size_t> order, std::span<const double> scores, size_t k);
/// A part of its document in place of what a hit's text was.
void set_text(const store::Snapshot& snapshot, Hit& hit, text::Span span);

}  // namespace hanok::chain
