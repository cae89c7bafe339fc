#include "chain/search/fusion.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hanok::chain {
namespace {

constexpr double kRrfConstant = 60;

void sort_by_fused(std::vector<Candidate>& candidates) {
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& a, const Candidate& b) { return a.fused != b.fused ? a.fused > b.fused : a.chunk < b.chunk; });
}

void add_reciprocal_ranks(std::vector<Candidate>& candidates, double Candidate::*score) {
  std::vector<Candidate*> order;
  for (auto& c : candidates)
    if (!std::isnan(c.*score) && (score != &Candidate::keyword || c.keyword > 0)) order.push_back(&c);
  std::sort(order.begin(), order.end(), [&](const Candidate* a, const Candidate* b) {
    return a->*score != b->*score ? a->*score > b->*score : a->chunk < b->chunk;
  });
  for (size_t i = 0; i < order.size(); ++i) order[i]->fused += 1 / (kRrfConstant + static_cast<double>(i + 1));
}

struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();
  void add(double x) { low = std::min(low, x), high = std::max(high, x); }
  double place(double x) const { return high > low ? (x - low) / (high - low) : 1; }
};

}  // namespace

void fuse_rrf(std::vector<Candidate>& candidates) {
  for (auto& c : candidates) c.fused = 0;
  add_reciprocal_ranks(candidates, &Candidate::keyword);
  add_reciprocal_ranks(candidates, &Candidate::dense);
  const double most = 2 / (kRrfConstant + 1);
  for (auto& c : candidates) c.fused /= most;
  sort_by_fused(candidates);
}

FusionWeights fuse_scores(std::vector<Candidate>& candidates, const FusionInput& input) {
  Range keyword, dense;
  for (const auto& c : candidates) {
    keyword.add(c.keyword);
    if (!std::isnan(c.dense)) dense.add(c.dense);
  }
  FusionWeights w;
  w.dense = 0.5 * input.model_trust;
  if (keyword.high <= 0) w.dense = 1;
  if (!(dense.high > -std::numeric_limits<double>::infinity())) w.dense = 0;
  w.keyword = 1 - w.dense;
  for (auto& c : candidates) {
    const double k = keyword.high > 0 ? keyword.place(c.keyword) : 0;
    const double d = std::isnan(c.dense) ? 0 : dense.place(c.dense);
    c.fused = w.keyword * k + w.dense * d;
  }
  sort_by_fused(candidates);
  return w;
}

}  // namespace hanok::chain
