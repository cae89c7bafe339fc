// Lays out a segment's bytes from terms with their postings; used by SegmentBuilder and merge.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/bm25/postings.h"
#include "store/bm25/segment.h"

namespace hanok::store::bm25 {

class Writer {
 public:
  /// Ids ascending, one length for each; both must outlive the writer.
  Writer(std::span<const ChunkId> ids, std::span<const uint32_t> lengths) : ids_(ids), lengths_(lengths) {}
  /// Terms in the order of (term_hash, bytes); postings not empty, ordinals ascending.
  void add(std::string_view term, uint32_t hash, std::span<const Posting> postings);
  std::string finish();

 private:
  struct Place {
    uint32_t hash, begin;  // of a term in the dictionary
  };
  std::vector<uint32_t> buckets(uint32_t bits) const;

  std::span<const ChunkId> ids_;
  std::span<const uint32_t> lengths_;
  std::vector<Place> places_;
  std::string dictionary_, postings_, list_;
};

}  // namespace hanok::store::bm25
