// The k best of a stream, in float64, ties by id: the arbiter of exact answers.
#pragma once

#include <algorithm>
#include <limits>
#include <vector>

#include "hanok/index.h"

namespace hanok::index {

struct Scored {
  double score;  // large is near
  Id id;
  bool operator<(const Scored& other) const {
    return score != other.score ? score > other.score : id < other.id;
  }  // better first
};

class TopK {
 public:
  explicit TopK(size_t k) : k_(k) {}
  /// No row below this can enter; -infinity until k are there.
  double threshold() const {
    return found_.size() < k_ ? -std::numeric_limits<double>::infinity() : found_.front().score;
  }
  void offer(double score, Id id) {
    const Scored candidate{score, id};
    if (found_.size() < k_) {
      found_.push_back(candidate);
      std::push_heap(found_.begin(), found_.end());
    } else if (k_ > 0 && candidate < found_.front()) {
      std::pop_heap(found_.begin(), found_.end());
      found_.back() = candidate;
      std::push_heap(found_.begin(), found_.end());
    }
  }
  /// Best first; empties the heap.
  std::vector<Match> take(Metric metric) {
    std::sort_heap(found_.begin(), found_.end());
    std::vector<Match> out;
    out.reserve(found_.size());
    for (const Scored& s : found_) out.push_back({s.id, static_cast<float>(metric == Metric::L2 ? -s.score : s.score)});
    found_.clear();
    return out;
  }

 private:
  size_t k_;
  std::vector<Scored> found_;  // a heap with the worst in front
};

}  // namespace hanok::index
