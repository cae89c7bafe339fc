// What ended texts have read, for prompts that begin in the same way: a document, a system message, the turns so far.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "lm/arch/decoder.h"

namespace hanok::lm {

/// Tokens in common below which reading anew costs nothing.
inline constexpr size_t kLeastShared = 16;

/// How many tokens two sequences begin with in common.
size_t common_prefix(std::span<const int32_t> a, std::span<const int32_t> b);

/// Not for several threads at once.
class PrefixCache {
 public:
  /// most_tokens: kept together, but for the last sequence, which is always kept.
  explicit PrefixCache(size_t most_tokens) : most_tokens_(most_tokens) {}

  struct Kept {
    const Adapter* adapter;  // by which it was read: what one reads is another's never
    std::vector<int32_t> ids;
    nn::KvSequence cache;
  };
  /// The one that begins with most of `ids`, nothing where all are below kLeastShared. It stays until the next call
  /// that changes something.
  const Kept* find(std::span<const int32_t> ids, const Adapter* adapter) const;
  /// What `cache` holds, the beginning of `ids`.
  void keep(std::vector<int32_t> ids, const Adapter* adapter, nn::KvSequence cache);
  /// Gives up the one that was used longest ago; false where there is none.
  bool drop_oldest();
  void used(const Kept* kept);
  size_t size() const { return kept_.size(); }

 private:
  static constexpr size_t kMost = 16;
  size_t most_tokens_;
  std::deque<Kept> kept_;  // the last used first
};

}  // namespace hanok::lm
