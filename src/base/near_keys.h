// A distance and the number of what lies so far, as one word that sorts as the pair does: choosing the nearest of many
// takes no branch that is guessed wrong half of the time.
//
//   std::vector<uint64_t> keys;
//   keys.push_back(base::near_key(distance, slot));
//   base::nearest_first(keys.data(), keys.size(), 10);   // the ten nearest, in no order, in front
//   base::distance_of(keys[0]), base::number_of(keys[0]);
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace hanok::base {

/// Smaller for smaller distances, and among equal ones for smaller numbers; -0 before 0. distance: no NaN.
inline uint64_t near_key(float distance, uint32_t number) {
  const auto bits = std::bit_cast<uint32_t>(distance);
  const uint32_t mask = static_cast<uint32_t>(static_cast<int32_t>(bits) >> 31) | 0x80000000u;
  return uint64_t{bits ^ mask} << 32 | number;
}
inline float distance_of(uint64_t key) {
  const auto bits = static_cast<uint32_t>(key >> 32);
  return std::bit_cast<float>(bits & 0x80000000u ? bits ^ 0x80000000u : ~bits);
}
inline uint32_t number_of(uint64_t key) { return static_cast<uint32_t>(key); }

namespace detail {

/// Sorts few keys that differ by counting those before each: no branch depends on them.
template <size_t kMost>
void sort_few(uint64_t* keys, size_t n) {
  uint64_t copy[kMost];
  uint32_t before[kMost] = {};
  for (size_t i = 0; i < n; ++i) {
    const uint64_t key = copy[i] = keys[i];
    uint32_t own = 0;
    for (size_t j = 0; j < i; ++j) {
      const uint32_t less = copy[j] < key;
      own += less;
      before[j] += 1 - less;
    }
    before[i] = own;
  }
  for (size_t i = 0; i < n; ++i) keys[before[i]] = copy[i];
}

}  // namespace detail

/// The k smallest of n go in front, in no order. k > n is n. Keys differ from one another.
inline void nearest_first(uint64_t* keys, size_t n, size_t k) {
  constexpr size_t kFew = 24, kRounds = 50;  // keys that were laid to mislead are sorted in the end
  size_t begin = 0, end = n;                 // what is before `begin` belongs in front, what is from `end` on does not
  k = std::min(k, n);
  for (size_t round = 0; round < kRounds && end - begin > kFew && k > begin && k < end; ++round) {
    // A pivot of about the rank that is sought, from nine keys.
    uint64_t some[9];
    for (size_t i = 0; i < 9; ++i) some[i] = keys[begin + (end - begin - 1) * i / 8];
    detail::sort_few<9>(some, 9);
    const uint64_t pivot = some[std::clamp<size_t>((k - begin) * 9 / (end - begin), 1, 7)];
    size_t middle = begin;
    for (size_t i = begin; i < end; ++i) {
      const uint64_t key = keys[i];
      keys[i] = keys[middle];
      keys[middle] = key;
      middle += key < pivot;
    }
    // The pivot is one of the keys and not the least of nine, so neither part is empty.
    (middle <= k ? begin : end) = middle;
  }
  if (k <= begin || k >= end) return;
  if (end - begin <= kFew) return detail::sort_few<kFew>(keys + begin, end - begin);
  std::sort(keys + begin, keys + end);
}

}  // namespace hanok::base
