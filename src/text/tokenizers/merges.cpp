#include "text/tokenizers/merges.h"

#include <bit>
#include <random>

namespace hanok::text::tokenizers {
namespace {

/// Drawn once a process, so that no file can be made whose pairs all fall into one place.
const uint64_t kSeed = uint64_t{std::random_device{}()} << 32 | std::random_device{}();

uint64_t key_of(TokenId left, TokenId right) {
  return uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right);
}

}  // namespace

void Merges::reserve(size_t count) { table_.assign(std::bit_ceil(2 * count + 2), Entry{}); }

size_t Merges::place_of(uint64_t key) const {
  const unsigned __int128 product = static_cast<unsigned __int128>(key ^ kSeed) * 0x9E3779B97F4A7C15u;
  const size_t mask = table_.size() - 1;
  size_t at = (static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64)) & mask;
  while (table_[at].key != key && table_[at].key != kEmpty) at = (at + 1) & mask;
  return at;
}

void Merges::add(TokenId left, TokenId right, Merge merge) {
  const uint64_t key = key_of(left, right);
  table_[place_of(key)] = {key, merge};
}

Merge Merges::find(TokenId left, TokenId right) const {
  if (table_.empty() || left < 0 || right < 0) return {};
  return table_[place_of(key_of(left, right))].merge;
}

}  // namespace hanok::text::tokenizers
