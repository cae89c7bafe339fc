// What is behind Segment: the parts of its bytes, each reached with a check.
#pragma once

#include <optional>
#include <string_view>

#include "store/bm25/postings.h"
#include "store/bm25/segment.h"

namespace hanok::store::bm25 {

/// A term as the dictionary holds it.
struct Entry {
  std::string_view term;
  List list;
};

struct Segment::Impl {
  std::string_view bytes;
  Header header;

  ChunkId id(uint32_t ordinal) const {
    if ((header.flags & kIdsListed) == 0) return header.first + ordinal;
    return load<uint32_t>(bytes.data() + header.ids_at + size_t{ordinal} * 4);
  }
  /// The first ordinal whose id is >= `id`; header.chunks if there is none.
  uint32_t lower_bound(ChunkId id) const;
  std::optional<uint32_t> ordinal(ChunkId id) const;
  uint32_t length(uint32_t ordinal) const {
    return wide() ? load<uint32_t>(lengths() + size_t{ordinal} * 4) : load<uint16_t>(lengths() + size_t{ordinal} * 2);
  }
  bool wide() const { return (header.flags & kWideLengths) != 0; }
  const char* lengths() const { return bytes.data() + header.lengths_at; }

  /// Hash: term_hash(term). A list with df = 0 where the term is not in the segment.
  List find(std::string_view term, uint32_t hash) const;
  /// The entries of one bucket.
  std::string_view bucket(uint64_t number) const;
  Entry read_entry(base::ByteReader& in) const;
};

}  // namespace hanok::store::bm25
