// Posting lists: which chunks hold a term, and how often. Packed in blocks of 128, read by a cursor.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "store/bm25/format.h"

namespace hanok::store::bm25 {

struct Posting {
  uint32_t ordinal;  // place of the chunk within its segment
  uint32_t tf;       // times the term occurs in it, >= 1
  bool operator==(const Posting&) const = default;
};

/// Appends the bytes of a list (ascending ordinals). lengths[ordinal] are the chunks' lengths.
void encode_postings(std::span<const Posting> list, std::span<const uint32_t> lengths, std::string& out);

/// The bytes of a list as the dictionary gives them.
struct List {
  uint32_t df = 0;  // postings in it
  std::string_view bytes;
};

constexpr uint32_t kEnd = UINT32_MAX;  // the ordinal after the last

/// Walks a list forward, one block unpacked at a time. Throws Corrupt where bytes do not hold.
class Cursor {
 public:
  Cursor() = default;
  /// chunks: in the segment; ordinals are checked to be below it.
  void open(const List& list, uint32_t chunks);

  uint32_t df() const { return df_; }
  /// kEnd once all have been passed.
  uint32_t ordinal() const { return at_ < count_ ? ordinals_[at_] : kEnd; }
  uint32_t tf() const;
  void next() {
    if (++at_ >= count_) next_block();
  }
  /// Moves to the first posting with ordinal >= target; never backward.
  void seek(uint32_t target);

  /// Postings of the current block from the present one on whose ordinals are below `end`; taken() passes over them.
  struct Run {
    const uint32_t *ordinals, *tfs;
    uint32_t count;
  };
  Run run(uint32_t end);
  void taken(uint32_t count) {
    at_ += count;
    if (at_ >= count_) next_block();
  }

  /// Calls body(shortest length, greatest tf) for every block that may hold ordinals in [begin, end), from the present
  /// block on. Greatest tf 65535 means "or more". Short lists are one block whose shortest length is not known (0).
  template <typename Body>
  void blocks_in(uint32_t begin, uint32_t end, Body&& body);

 private:
  BlockInfo info(uint32_t block) const { return load<BlockInfo>(table_ + size_t{block} * sizeof(BlockInfo)); }
  uint32_t last_of(uint32_t block) const { return load<uint32_t>(table_ + size_t{block} * sizeof(BlockInfo)); }
  void next_block();
  void unpack(uint32_t block);
  void unpack_tfs() const;
  void read_short(std::string_view bytes, uint32_t previous, uint32_t count);

  uint32_t df_ = 0, chunks_ = 0;
  uint32_t blocks_ = 0;  // packed ones; 0 = a short list
  uint32_t block_ = 0;   // the one unpacked
  uint32_t hint_ = 0;    // blocks before this end before the last window
  uint32_t at_ = 0, count_ = 0;
  uint32_t most_ = 0;  // greatest tf of a short list
  const char* table_ = nullptr;
  std::string_view payload_;
  const char* tf_bits_at_ = nullptr;
  uint32_t tf_bits_ = 0;
  mutable bool tfs_ready_ = false;
  std::array<uint32_t, kBlock> ordinals_;
  mutable std::array<uint32_t, kBlock> tfs_;
};

template <typename Body>
void Cursor::blocks_in(uint32_t begin, uint32_t end, Body&& body) {
  if (at_ >= count_) return;
  if (blocks_ == 0) {
    if (ordinals_[at_] < end && ordinals_[count_ - 1] >= begin) body(uint16_t{0}, most_);
    return;
  }
  if (hint_ < block_) hint_ = block_;
  while (hint_ < blocks_ && last_of(hint_) < begin) ++hint_;
  for (uint32_t b = hint_; b < blocks_; ++b) {
    if (b > 0 && last_of(b - 1) + 1 >= end) break;
    const BlockInfo i = info(b);
    body(i.shortest, uint32_t{i.most});
  }
}

}  // namespace hanok::store::bm25
