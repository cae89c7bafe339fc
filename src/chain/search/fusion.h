// Making one ranking of two: keyword (BM25) and dense (cosine).
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "hanok/chain.h"

namespace hanok::chain {

/// A chunk on its way to a hit.
struct ScoredChunk {
  store::ChunkId chunk = 0;
  double keyword = 0;  // BM25
  double dense = 0;    // cosine, made comparable (languages.h); NaN where the chunk has no vector
  double fused = 0;    // 0..1
  double rerank = 0;
  bool foreign = false;                // in another language than the question, so that its words cannot match
  int exact = 0;                       // exactness() of its text, where the query wants something letter by letter
  std::vector<store::ChunkId> copies;  // the same passage in other documents
};

/// Gives the records of some chunks.
using ReadChunks = std::function<std::vector<store::ChunkRecord>(std::span<const store::ChunkId>)>;

/// Reciprocal rank fusion, sum of 1 / (60 + rank), rank from 1 (Cormack, Clarke and Buettcher 2009). Sorts best first.
void fuse_rrf(std::vector<ScoredChunk>& candidates);

/// Mean and deviation of the cosines that are there; 0 without any.
Fusion measure_cosines(std::span<const ScoredChunk> candidates);

struct FusionInput {
  double keyword_ceiling = 0;  // BM25 of a passage holding every query term as often as can be
  double model_trust = 1;      // 0: the model does not know the language
};

/// Score fusion, one rule for every language and model: BM25 + 4 * trust * z, where z is the cosine's distance from the
/// mean of the candidates in standard deviations. BM25 is a sum of log-odds and grows with the number and rarity of the
/// words that match, so a long question of rare words follows its words, and one whose words are common or absent its
/// meaning; z makes models with narrow and wide cosines alike. A passage that has no vector (yet) gets the z of its
/// BM25 among the candidates' in place of the cosine's: such passages alone keep the order of their words, and beside
/// others they are found about as well. Measured in docs/how-search-works.md. fused lies in 0..1; sorts best first. A
/// foreign passage cannot have the words. Where there are passages in the question's own language too, it is taken to
/// hold as much of the question as the best of those does, up to a fifth of it and at least what one rare word is
/// worth, as long as it is as near in meaning as the nearest of those; with each standard deviation that it is farther
/// away half of that is gone.
Fusion fuse_scores(std::vector<ScoredChunk>& candidates, const FusionInput& input);

}  // namespace hanok::chain
