#include <cmath>

#include "chain/retrievers/kinds.h"

namespace hanok::chain {

void score_for_question(const store::Snapshot& snapshot, const SearchResult& result, std::vector<Hit>& hits) {
  std::vector<store::ChunkId> ids;
  for (const Hit& h : hits) ids.push_back(h.chunk.id);
  const auto words = snapshot.keyword_scores(result.query.terms, ids);
  const bool meaning = !result.query.vector.empty();
  const auto dense = meaning ? snapshot.dense_scores(result.query.vector, ids) : std::vector<float>();
  for (size_t i = 0; i < hits.size(); ++i) {
    hits[i].scores.keyword = words[i];
    hits[i].scores.dense.reset();
    if (meaning && !std::isnan(dense[i])) hits[i].scores.dense = dense[i];
  }
}

void reorder(std::vector<Hit>& hits, std::span<const size_t> order, std::span<const double> scores, size_t k) {
  std::vector<Hit> out;
  for (size_t i = 0; i < order.size() && i < k; ++i) {
    out.push_back(std::move(hits[order[i]]));
    out.back().score = scores[i];
  }
  hits = std::move(out);
}

void set_text(const store::Snapshot& snapshot, Hit& hit, text::Span span) {
  const std::string text = snapshot.document_text(hit.chunk.path);
  hit.chunk.span = span;
  hit.chunk.text = text.substr(span.start, span.end - span.start);
}

}  // namespace hanok::chain
