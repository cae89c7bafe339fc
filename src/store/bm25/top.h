// The best k matches seen so far.
#pragma once

#include <algorithm>
#include <limits>
#include <vector>

#include "store/better.h"

namespace hanok::store::bm25 {

class Top {
 public:
  explicit Top(size_t k) : k_(k) {}
  /// False for what cannot be among the best k any more: a chunk with this id and at most this score.
  bool open_to(float score, ChunkId id) const { return heap_.size() < k_ || better({id, score}, heap_.front()); }
  /// The score that a chunk of any id must exceed or equal; -infinity while there are less than k.
  float threshold() const { return heap_.size() < k_ ? -std::numeric_limits<float>::infinity() : heap_.front().score; }
  void add(Match m) {
    if (heap_.size() == k_) {
      if (!better(m, heap_.front())) return;
      std::pop_heap(heap_.begin(), heap_.end(), better);
      heap_.back() = m;
    } else {
      heap_.push_back(m);
    }
    std::push_heap(heap_.begin(), heap_.end(), better);
  }
  std::vector<Match> sorted() {
    std::sort(heap_.begin(), heap_.end(), better);
    return std::move(heap_);
  }

 private:
  size_t k_;
  std::vector<Match> heap_;  // the worst in front
};

}  // namespace hanok::store::bm25
