// Token strings <-> ids: one block of bytes and an open hash table. 250,002 pieces load in about 10 ms.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
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
  /// 0 <= id < 2^24 - 1. A string that is there already gets the new id (the last one wins); its old id still names it.
  void add(std::string_view token, TokenId id);

  /// add() of tokens[i] as first + i. Several at a time hide the memory's latency: 250,002 pieces in half the time.
  void add_run(std::span<const std::string_view> tokens, TokenId first);

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
  /// One place of the hash table: 8 bits of the hash, so that most misses are settled here, and 24 bits of id + 1
  /// (0: empty). Four bytes a place keep the table of 250,002 pieces at 2 MB, within the second-level cache.
  using Place = uint32_t;
  static constexpr uint32_t kIdMask = (1u << 24) - 1;
  struct Where {
    uint32_t begin = 0, length = 0;
  };
  void grow(size_t places);
  void insert(std::string_view token, TokenId id, uint64_t hash);
  size_t place_of(std::string_view token, uint64_t hash) const;
  std::string_view view(TokenId id) const {
    const Where& w = by_id_[static_cast<size_t>(id)];
    return {bytes_.data() + w.begin, w.length};
  }

  std::string bytes_;
  std::vector<Place> table_;  // a power of two places, at most half full
  std::vector<Where> by_id_;  // begin is kNone where no token has the id
  size_t count_ = 0, longest_ = 0;
};

}  // namespace hanok::text::tokenizers
