// What the searches of a graph share: memory of a thread, the k nearest of a stream, what a filter says of an id.
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
  WalkScratch walk;
  Projection::Scratch projection;
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

// The k nearest of a stream; ties by id.
class Nearest {
 public:
  Nearest(size_t k, const Buffer<Id>& ids) : k_(k), ids_(ids) {}
  void offer(float distance, uint32_t slot) {
    const auto order = [this](const Item& a, const Item& b) { return less(a, b); };
    if (heap_.size() == k_ && !less({distance, slot}, heap_.front())) return;
    if (heap_.size() == k_) {
      std::pop_heap(heap_.begin(), heap_.end(), order);
      heap_.pop_back();
    }
    heap_.push_back({distance, slot});
    std::push_heap(heap_.begin(), heap_.end(), order);
  }
  /// The k-th so far; infinity while there are less than k.
  float worst() const { return heap_.size() < k_ ? std::numeric_limits<float>::infinity() : heap_.front().distance; }
  template <typename Found>
  void sorted(std::vector<Found>& out) {
    std::sort_heap(heap_.begin(), heap_.end(), [this](const Item& a, const Item& b) { return less(a, b); });
    out.clear();
    for (const Item& i : heap_) out.push_back({i.distance, i.slot});
  }

 private:
  struct Item {
    float distance;
    uint32_t slot;
  };
  bool less(const Item& a, const Item& b) const {
    return a.distance != b.distance ? a.distance < b.distance : ids_[a.slot] < ids_[b.slot];
  }
  size_t k_;
  const Buffer<Id>& ids_;
  std::vector<Item> heap_;
};

inline bool passes(const IdFilter& filter, Id id) {
  if (filter.accepts) return filter.accepts(id);
  if (filter.ids.empty()) return filter.expected_matches != size_t{0};  // a set that is known to be empty
  return std::binary_search(filter.ids.begin(), filter.ids.end(), id);
}

inline bool is_filter(const IdFilter* filter) {
  return filter && (filter->accepts || !filter->ids.empty() || filter->expected_matches == 0);
}

}  // namespace hanok::index
