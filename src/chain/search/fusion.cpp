#include "chain/search/fusion.h"

#include <algorithm>
#include <cmath>

namespace hanok::chain {
namespace {

constexpr double kRrfConstant = 60;

void sort_by_fused(std::vector<ScoredChunk>& candidates) {
  std::sort(candidates.begin(), candidates.end(), [](const ScoredChunk& a, const ScoredChunk& b) {
    return a.fused != b.fused ? a.fused > b.fused : a.chunk < b.chunk;
  });
}

void add_reciprocal_ranks(std::vector<ScoredChunk>& candidates, double ScoredChunk::*score) {
  std::vector<ScoredChunk*> order;
  for (auto& c : candidates)
    if (!std::isnan(c.*score) && (score != &ScoredChunk::keyword || c.keyword > 0)) order.push_back(&c);
  std::sort(order.begin(), order.end(), [&](const ScoredChunk* a, const ScoredChunk* b) {
    return a->*score != b->*score ? a->*score > b->*score : a->chunk < b->chunk;
  });
  for (size_t i = 0; i < order.size(); ++i) order[i]->fused += 1 / (kRrfConstant + static_cast<double>(i + 1));
}

// One standard deviation of cosine weighs as much as this many units of BM25. Between 3 and 5 nothing measured moves by
// more than .004 (docs/how-search-works.md).
constexpr double kDenseWeight = 4;
constexpr double kMostDeviations = 6;  // beyond this a z is a tiny sample's accident

// What a foreign passage is taken to hold of the question at most. Unrelated passages of the question's language hold
// .07 to .25 of it by common endings; the one that answers holds .3 to .7.
constexpr double kForeignShare = 0.2;
// ... and at least: the words of a rare term. Where no passage of the own language holds anything of the question, that
// speaks against all of them.
constexpr double kForeignLeast = 6;
constexpr double kForeignReach = 2;  // standard deviations behind the nearest of the own language, and it gets nothing

// Mean and deviation of the candidates' keyword scores.
Fusion measure_keywords(std::span<const ScoredChunk> candidates) {
  Fusion f;
  double sum = 0, squares = 0;
  for (const auto& c : candidates) sum += c.keyword, squares += c.keyword * c.keyword;
  const auto n = static_cast<double>(candidates.size());
  if (n == 0) return f;
  f.mean = sum / n;
  f.deviation = std::sqrt(std::max(0.0, squares / n - f.mean * f.mean));
  return f;
}

double deviations(double value, const Fusion& of) {
  return of.deviation > 0 ? std::clamp((value - of.mean) / of.deviation, -kMostDeviations, kMostDeviations) : 0;
}

double z_of(const ScoredChunk& c, const Fusion& f) { return std::isnan(c.dense) ? 0 : deviations(c.dense, f); }

/// The words that foreign passages cannot have.
class Imputed {
 public:
  Imputed(std::span<const ScoredChunk> candidates, const Fusion& fusion, const FusionInput& input) {
    bool own = false;
    for (const auto& c : candidates) {
      if (c.foreign) continue;
      own = true;
      best_ = std::max(best_, c.keyword);
      nearest_ = std::max(nearest_, z_of(c, fusion));
    }
    best_ = std::max(std::min(best_, kForeignShare * input.keyword_ceiling), kForeignLeast);
    best_ = own ? std::min(best_, input.keyword_ceiling) * input.model_trust : 0;
  }
  double keyword(const ScoredChunk& c, double z) const {
    return c.foreign ? c.keyword + best_ * std::clamp(1 + (z - nearest_) / kForeignReach, 0.0, 1.0) : c.keyword;
  }

 private:
  double best_ = 0, nearest_ = -kMostDeviations;
};

}  // namespace

Fusion measure_cosines(std::span<const ScoredChunk> candidates) {
  Fusion f;
  double n = 0, sum = 0, squares = 0;
  for (const auto& c : candidates)
    if (!std::isnan(c.dense)) n += 1, sum += c.dense, squares += c.dense * c.dense;
  if (n == 0) return f;
  f.mean = sum / n;
  f.deviation = std::sqrt(std::max(0.0, squares / n - f.mean * f.mean));
  return f;
}

void fuse_rrf(std::vector<ScoredChunk>& candidates) {
  for (auto& c : candidates) c.fused = 0;
  add_reciprocal_ranks(candidates, &ScoredChunk::keyword);
  add_reciprocal_ranks(candidates, &ScoredChunk::dense);
  const double most = 2 / (kRrfConstant + 1);
  for (auto& c : candidates) c.fused /= most;
  sort_by_fused(candidates);
}

Fusion fuse_scores(std::vector<ScoredChunk>& candidates, const FusionInput& input) {
  Fusion f = measure_cosines(candidates);
  f.dense_weight = kDenseWeight * input.model_trust;
  const double most = input.keyword_ceiling + 2 * kMostDeviations * f.dense_weight;
  const Fusion words = measure_keywords(candidates);
  const Imputed imputed(candidates, f, input);
  for (auto& c : candidates) {
    // Without a vector it is taken to be as near in meaning as it is in words.
    const double z = std::isnan(c.dense) ? deviations(c.keyword, words) : z_of(c, f);
    const double keyword = imputed.keyword(c, z);
    c.fused = most > 0 ? std::clamp((keyword + f.dense_weight * (z + kMostDeviations)) / most, 0.0, 1.0) : 0;
  }
  sort_by_fused(candidates);
  return f;
}

}  // namespace hanok::chain
