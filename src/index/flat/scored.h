// Rows ranked in float64, ties by id: the arbiter of exact answers.
#pragma once

#include <limits>
#include <vector>

#include "base/top_k.h"
#include "hanok/index.h"

namespace hanok::index {

struct Scored {
  double score;  // large is near
  Id id;
  bool operator<(const Scored& other) const {
    return score != other.score ? score > other.score : id < other.id;
  }  // better first
};

using BestRows = base::TopK<Scored>;

/// No row below this can enter; -infinity until k are there.
inline double threshold_of(const BestRows& best) {
  return best.full() && best.k() > 0 ? best.worst().score : -std::numeric_limits<double>::infinity();
}

/// From scores to distances as the door has them.
inline std::vector<Match> to_matches(Metric metric, const std::vector<Scored>& found) {
  std::vector<Match> out;
  out.reserve(found.size());
  for (const Scored& s : found) out.push_back({s.id, static_cast<float>(metric == Metric::L2 ? -s.score : s.score)});
  return out;
}

}  // namespace hanok::index
