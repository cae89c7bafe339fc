// The order of results.
#pragma once

#include "hanok/store.h"

namespace hanok::store {

/// Higher score first; equal scores by chunk id.
inline bool better(const Match& a, const Match& b) {
  return a.score != b.score ? a.score > b.score : a.chunk < b.chunk;
}

}  // namespace hanok::store
