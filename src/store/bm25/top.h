// The best k matches seen so far.
#pragma once

#include <limits>

#include "store/better.h"

namespace hanok::store::bm25 {

class Top : public store::Best {
 public:
  explicit Top(size_t k) : store::Best(k) {}
  using store::Best::open_to;
  /// False for what cannot be among the best k any more: a chunk with this id and at most this score.
  bool open_to(float score, ChunkId id) const { return open_to({id, score}); }
  /// The score that a chunk of any id must exceed or equal; -infinity while there are less than k.
  float threshold() const { return full() ? worst().score : -std::numeric_limits<float>::infinity(); }
};

}  // namespace hanok::store::bm25
