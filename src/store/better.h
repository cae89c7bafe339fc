// The order of results.
#pragma once

#include "base/top_k.h"
#include "hanok/store.h"

namespace hanok::store {

/// Higher score first; equal scores by chunk id.
inline bool better(const Match& a, const Match& b) {
  return a.score != b.score ? a.score > b.score : a.chunk < b.chunk;
}

struct Better {
  bool operator()(const Match& a, const Match& b) const { return better(a, b); }
};
using Best = base::TopK<Match, Better>;

}  // namespace hanok::store
