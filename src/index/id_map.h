// From an id to the slot that holds it: an open-addressing table of slots. The ids themselves stay in the index's own
// array, so an entry costs 4 bytes (about 8 a vector at the load allowed here; std::unordered_map takes 40).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hanok/index.h"

namespace hanok::index {

class IdMap {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  /// Room for n ids, so that insert() up to there cannot fail.
  void reserve(size_t n, std::span<const Id> ids);
  /// ids[slot] must be in place and not in the map.
  void insert(uint32_t slot, std::span<const Id> ids);
  /// Slot of `id`, or kNone.
  uint32_t find(Id id, std::span<const Id> ids) const;
  bool erase(Id id, std::span<const Id> ids);
  void clear();
  size_t size() const { return size_; }
  size_t bytes() const { return table_.capacity() * sizeof(uint32_t); }

 private:
  size_t place(Id id) const { return hash(id) & (table_.size() - 1); }
  static uint64_t hash(Id id) {
    uint64_t x = static_cast<uint64_t>(id) * 0x9E3779B97F4A7C15u;  // Fibonacci hashing; upper bits mixed down
    return x ^ (x >> 32);
  }
  std::vector<uint32_t> table_;  // power of two; kNone = free
  size_t size_ = 0;
};

}  // namespace hanok::index
