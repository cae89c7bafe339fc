#include "text/tokenizers/vocabulary.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <random>
#include <utility>

#include "hanok/error.h"

namespace hanok::text::tokenizers {
namespace {

constexpr uint32_t kNone = UINT32_MAX;

/// Drawn once a process: a file cannot be made whose tokens all fall into one place of the table.
const uint64_t kSeed = (uint64_t{std::random_device{}()} << 32 | std::random_device{}()) | 1;

uint64_t mix(uint64_t a, uint64_t b) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

uint64_t hash_of(std::string_view s) {
  uint64_t h = kSeed ^ s.size();
  const char* p = s.data();
  size_t n = s.size();
  for (; n >= 8; p += 8, n -= 8) {
    uint64_t word;
    std::memcpy(&word, p, 8);
    h = mix(h ^ word, 0x9E3779B97F4A7C15u ^ kSeed);
  }
  uint64_t word = 0;
  std::memcpy(&word, p, n);
  return mix(h ^ word, 0xD6E8FEB86659FD93u ^ kSeed);
}

}  // namespace

void Vocabulary::reserve(size_t count, size_t bytes) {
  bytes_.reserve(bytes);
  by_id_.reserve(count);
  grow(std::bit_ceil(2 * count + 64));  // with room for a block of add_run
}

void Vocabulary::grow(size_t places) {
  const std::vector<Place> old = std::exchange(table_, std::vector<Place>(places));
  for (const Place place : old) {
    if (place == 0) continue;
    const std::string_view token = view(static_cast<TokenId>(place & kIdMask) - 1);
    table_[place_of(token, hash_of(token))] = place;
  }
}

size_t Vocabulary::place_of(std::string_view token, uint64_t hash) const {
  const size_t mask = table_.size() - 1;
  const auto tag = static_cast<uint32_t>(hash >> 56);
  size_t at = hash & mask;
  for (; table_[at] != 0; at = (at + 1) & mask)
    if (table_[at] >> 24 == tag && view(static_cast<TokenId>(table_[at] & kIdMask) - 1) == token) break;
  return at;
}

void Vocabulary::add(std::string_view token, TokenId id) { add_run(std::span(&token, 1), id); }

void Vocabulary::add_run(std::span<const std::string_view> tokens, TokenId first) {
  constexpr size_t kAtOnce = 32;
  std::array<uint64_t, kAtOnce> hashes;
  for (size_t begin = 0; begin < tokens.size(); begin += kAtOnce) {
    const auto block = tokens.subspan(begin, std::min(kAtOnce, tokens.size() - begin));
    if (2 * (count_ + kAtOnce) > table_.size()) grow(std::bit_ceil(4 * (count_ + kAtOnce)));
    for (size_t i = 0; i < block.size(); ++i) {
      hashes[i] = hash_of(block[i]);
      __builtin_prefetch(&table_[hashes[i] & (table_.size() - 1)]);
    }
    for (size_t i = 0; i < block.size(); ++i) insert(block[i], first + static_cast<TokenId>(begin + i), hashes[i]);
  }
}

void Vocabulary::insert(std::string_view token, TokenId id, uint64_t hash) {
  if (bytes_.size() + token.size() >= kNone)
    throw Error(Code::Exhausted, "vocabulary: more than 4 GiB of token strings");
  if (const auto other = this->token(id); other && *other != token)
    throw Error(Code::Invalid, "vocabulary: \"" + std::string(*other) + "\" and \"" + std::string(token) +
                                   "\" have the same id " + std::to_string(id));
  Place& place = table_[place_of(token, hash)];
  Where where;
  if (place == 0) {
    where = {static_cast<uint32_t>(bytes_.size()), static_cast<uint32_t>(token.size())};
    bytes_ += token;
    ++count_;
    longest_ = std::max(longest_, token.size());
  } else {
    where = by_id_[(place & kIdMask) - 1];
  }
  place = static_cast<uint32_t>(hash >> 56) << 24 | static_cast<uint32_t>(id + 1);
  if (by_id_.size() <= static_cast<size_t>(id)) by_id_.resize(static_cast<size_t>(id) + 1, {kNone, 0});
  by_id_[static_cast<size_t>(id)] = where;
}

TokenId Vocabulary::lookup(std::string_view token) const {
  if (table_.empty() || token.size() > longest_) return -1;
  return static_cast<TokenId>(table_[place_of(token, hash_of(token))] & kIdMask) - 1;
}

std::optional<std::string_view> Vocabulary::token(TokenId id) const {
  if (id < 0 || static_cast<size_t>(id) >= by_id_.size()) return std::nullopt;
  if (by_id_[static_cast<size_t>(id)].begin == kNone) return std::nullopt;
  return view(id);
}

}  // namespace hanok::text::tokenizers
