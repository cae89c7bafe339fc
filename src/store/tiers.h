// When small pieces of an index are merged into larger ones: a log-structured merge over neighbours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace hanok::store {

struct TierOptions {
  uint64_t unit = 4096;             // pieces up to this size are level 0
  size_t fan = 8;                   // a level holds this many pieces before they become one of the next
  uint64_t largest = 512ull << 20;  // pieces are not merged beyond this, so that one merge fits in memory
};

/// Sizes of the pieces from oldest to newest -> [begin, end) of those to merge now; begin == end: none.
/// Every byte is rewritten O(log n) times and O(fan * log n) pieces remain. Only the newest pieces are taken, and only
/// when together they have at least twice the largest of them, so that a large piece is not rewritten for a few small
/// ones.
std::pair<size_t, size_t> pieces_to_merge(std::span<const uint64_t> sizes, const TierOptions& options);

/// The first neighbours, two or more, that fit together in options.largest: repeated, it leaves as few pieces as may
/// be.
std::pair<size_t, size_t> first_run(std::span<const uint64_t> sizes, const TierOptions& options);

}  // namespace hanok::store
