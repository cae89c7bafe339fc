// The merge table of BPE: a pair of token ids -> its rank and what it becomes.
#pragma once

#include <cstdint>
#include <vector>

#include "text/tokenizers/vocabulary.h"

namespace hanok::text::tokenizers {

struct Merge {
  uint32_t rank = UINT32_MAX;  // lower goes first; UINT32_MAX: no merge
  TokenId into = -1;
};

/// An open hash table; filled once, then read by any number of threads.
class Merges {
 public:
  void reserve(size_t count);
  /// The last of two equal pairs wins. At most as many as were reserved.
  void add(TokenId left, TokenId right, Merge merge);
  Merge find(TokenId left, TokenId right) const;

 private:
  struct Entry {
    uint64_t key = kEmpty;
    Merge merge;
  };
  static constexpr uint64_t kEmpty = UINT64_MAX;  // no pair: ids are not negative
  size_t place_of(uint64_t key) const;
  std::vector<Entry> table_;
};

}  // namespace hanok::text::tokenizers
