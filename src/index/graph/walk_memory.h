// What a walk over a graph needs and every walk needs anew: kept by the thread, so that a search allocates nothing.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

namespace hanok::index {

/// One bit a node, all zero between walks.
class Visited {
 public:
  void fit(size_t nodes) {
    if (words_.size() * 64 < nodes) words_.resize(nodes / 64 + 64, 0);
  }
  /// 1 the first time, else 0. Without a branch: which of a node's neighbours were seen is what no CPU foresees.
  size_t insert(uint32_t node) {
    uint64_t& word = words_[node / 64];
    const uint64_t before = word;
    word = before | uint64_t{1} << (node % 64);
    return ~(before >> (node % 64)) & 1;
  }
  /// `touched` are all nodes inserted since the last clear.
  void clear(const std::vector<uint32_t>& touched) {
    for (const uint32_t node : touched) clear(node);
  }
  void clear(uint32_t node) { words_[node / 64] = 0; }

 private:
  std::vector<uint64_t> words_;
};

/// The best `limit` candidates so far, sorted; one array and insertion by shifting beats two heaps up to some
/// thousands. An entry is distance, node, and whether it was expanded, in one number, so that order and ties (by node)
/// are one comparison.
class Pool {
 public:
  void reset(size_t limit) {
    limit_ = limit;
    size_ = next_ = 0;
    if (entries_.size() < limit + 1) entries_.resize(limit + 1);
  }
  size_t size() const { return size_; }
  uint32_t node(size_t i) const { return static_cast<uint32_t>(entries_[i] >> 1) & 0x7FFFFFFFu; }
  int32_t distance(size_t i) const { return static_cast<int32_t>((entries_[i] >> 32) ^ 0x80000000u); }

  /// Nothing farther is kept.
  int32_t farthest() const { return size_ < limit_ ? INT32_MAX : distance(size_ - 1); }
  void insert(int32_t distance, uint32_t node) {
    const uint64_t entry = key(distance, node);
    if (size_ == limit_ && entry >= entries_[size_ - 1]) return;
    const size_t at =
        static_cast<size_t>(std::upper_bound(entries_.data(), entries_.data() + size_, entry) - entries_.data());
    if (size_ < limit_) ++size_;
    std::memmove(&entries_[at + 1], &entries_[at], (size_ - at - 1) * sizeof(uint64_t));
    entries_[at] = entry;
    next_ = std::min(next_, at);
  }
  /// The nearest that was not expanded yet is now; false when there is none.
  bool has_next() const { return next_ < size_; }
  uint32_t take_next() {
    const uint32_t out = node(next_);
    entries_[next_] |= 1;
    while (next_ < size_ && (entries_[next_] & 1)) ++next_;
    return out;
  }
  uint32_t peek_next() const { return node(next_); }
  size_t next_position() const { return next_; }

 private:
  static uint64_t key(int32_t distance, uint32_t node) {
    return (static_cast<uint64_t>(static_cast<uint32_t>(distance) ^ 0x80000000u) << 32) |
           (static_cast<uint64_t>(node) << 1);
  }
  std::vector<uint64_t> entries_;
  size_t size_ = 0, limit_ = 0, next_ = 0;
};

/// One walk's memory.
struct WalkMemory {
  Visited visited;
  Pool pool;
  std::vector<uint32_t> touched;   // every node that was measured
  std::vector<uint32_t> fresh;     // neighbours of the node at hand that were not seen before
  std::vector<int32_t> distances;  // of fresh
};

}  // namespace hanok::index
