// What the searches of a graph share: memory of a thread.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "index/graph/hnsw.h"

namespace hanok::index {

// A thread's own memory: a search of some microseconds must not allocate.
struct Local {
  WalkMemory walk;
  EncodeMemory projection;
  PreparedQuery query;
  std::vector<uint8_t> record;
  uint8_t* query_record = nullptr;  // where in it the query's is
  std::vector<uint32_t> live;       // what a walk found, nobody removed and the filter accepts
  std::optional<Walk> steps;        // of a walk among others
  uint8_t* aligned_record(size_t bytes) {
    constexpr size_t kLine = 64;
    if (record.size() < bytes + kLine) record.resize(bytes + kLine);
    return record.data() + (kLine - reinterpret_cast<uintptr_t>(record.data()) % kLine) % kLine;
  }
};

inline Local& local() {
  thread_local Local mine;
  return mine;
}

constexpr size_t kTogether = 4;  // queries of a batch whose walks take turns

inline std::array<Local, kTogether>& locals() {
  thread_local std::array<Local, kTogether> mine;
  return mine;
}

// A damaged file may hold NaN; sorting must not meet one.
inline float sound(float distance) { return std::isnan(distance) ? std::numeric_limits<float>::infinity() : distance; }

}  // namespace hanok::index
