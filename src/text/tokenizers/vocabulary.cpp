#include "text/tokenizers/vocabulary.h"

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
  grow(std::bit_ceil(2 * count + 2));
}

void Vocabulary::grow(size_t places) {
  const std::vector<Entry> old = std::exchange(table_, std::vector<Entry>(places));
  for (const Entry& e : old) {
    if (e.id < 0) continue;
    const std::string_view token(bytes_.data() + e.begin, e.length);
    table_[place_of(token, hash_of(token))] = e;
  }
}

size_t Vocabulary::place_of(std::string_view token, uint64_t hash) const {
  const size_t mask = table_.size() - 1;
  const auto tag = static_cast<uint32_t>(hash >> 32);
  size_t at = hash & mask;
  while (table_[at].id >= 0) {
    const Entry& e = table_[at];
    if (e.tag == tag && e.length == token.size() && std::memcmp(bytes_.data() + e.begin, token.data(), e.length) == 0)
      break;
    at = (at + 1) & mask;
  }
  return at;
}

void Vocabulary::add(std::string_view token, TokenId id) {
  if (bytes_.size() + token.size() >= kNone)
    throw Error(Code::Exhausted, "vocabulary: more than 4 GiB of token strings");
  if (2 * (count_ + 1) > table_.size()) grow(std::bit_ceil(4 * count_ + 16));
  const uint64_t hash = hash_of(token);
  Entry& e = table_[place_of(token, hash)];
  if (e.id < 0) {
    e = {static_cast<uint32_t>(bytes_.size()), static_cast<uint32_t>(token.size()), id,
         static_cast<uint32_t>(hash >> 32)};
    bytes_ += token;
    ++count_;
    longest_ = std::max(longest_, token.size());
  }
  e.id = id;
  if (by_id_.size() <= static_cast<size_t>(id)) by_id_.resize(static_cast<size_t>(id) + 1, {kNone, 0});
  by_id_[static_cast<size_t>(id)] = {e.begin, e.length};
}

TokenId Vocabulary::lookup(std::string_view token) const {
  if (table_.empty() || token.size() > longest_) return -1;
  return table_[place_of(token, hash_of(token))].id;
}

std::optional<std::string_view> Vocabulary::token(TokenId id) const {
  if (id < 0 || static_cast<size_t>(id) >= by_id_.size()) return std::nullopt;
  const auto [begin, length] = by_id_[static_cast<size_t>(id)];
  if (begin == kNone) return std::nullopt;
  return std::string_view(bytes_.data() + begin, length);
}

}  // namespace hanok::text::tokenizers
