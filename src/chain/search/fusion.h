// Making one ranking of two: keyword (BM25) and dense (cosine).
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "hanok/store.h"

namespace hanok::chain {

struct Candidate {
  store::ChunkId chunk = 0;
  double keyword = 0;  // BM25
  double dense = 0;    // cosine; NaN where the chunk has no vector
  double fused = 0;    // 0..1
  double rerank = 0;
};

/// Reciprocal rank fusion, sum of 1 / (60 + rank), rank from 1 (Cormack, Clarke and Buettcher 2009). Sorts best first.
void fuse_rrf(std::vector<Candidate>& candidates);

/// How far each side may be trusted in this query.
struct FusionWeights {
  double keyword = 0.5, dense = 0.5;  // sum 1
};

struct FusionInput {
  double keyword_ceiling = 0;  // BM25 of a passage holding every query term as often as can be
  double model_trust = 1;      // 0: the model does not know the language
};

/// Score fusion, one rule for every language and model: min-max scores of both sides, weighted by what the score
/// distributions themselves say about this query (see docs/how-search-works.md). Sorts best first; returns the weights.
FusionWeights fuse_scores(std::vector<Candidate>& candidates, const FusionInput& input);

}  // namespace hanok::chain
