#include "store/tiers.h"

#include <algorithm>

namespace hanok::store {
namespace {

int level_of(uint64_t size, const TierOptions& options) {
  int level = 0;
  for (uint64_t top = options.unit; size > top && level < 32; top *= options.fan) ++level;
  return level;
}

}  // namespace

std::pair<size_t, size_t> pieces_to_merge(std::span<const uint64_t> sizes, const TierOptions& options) {
  const std::pair<size_t, size_t> none{0, 0};
  int highest = 0;
  for (const uint64_t s : sizes) highest = std::max(highest, level_of(s, options));
  for (int level = 0; level <= highest; ++level) {
    size_t begin = sizes.size();
    uint64_t total = 0, largest = 0;
    while (begin > 0 && level_of(sizes[begin - 1], options) <= level && total + sizes[begin - 1] <= options.largest) {
      --begin;
      total += sizes[begin];
      largest = std::max(largest, sizes[begin]);
    }
    if (sizes.size() - begin >= options.fan && total >= 2 * largest) return {begin, sizes.size()};
  }
  return none;
}

std::pair<size_t, size_t> first_run(std::span<const uint64_t> sizes, const TierOptions& options) {
  for (size_t begin = 0; begin < sizes.size(); ++begin) {
    uint64_t total = sizes[begin];
    size_t end = begin + 1;
    while (end < sizes.size() && total + sizes[end] <= options.largest) total += sizes[end++];
    if (end - begin > 1) return {begin, end};
  }
  return {0, 0};
}

}  // namespace hanok::store
