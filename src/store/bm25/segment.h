// BM25 inverted index in immutable segments (docs/formats/bm25.md). Building, reading, merging and searching; where the
// bytes live (a SQLite blob for small ones, a mapped file for merged ones) is the caller's matter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hanok/store.h"
#include "hanok/text.h"
#include "store/roaring.h"

namespace hanok::store::bm25 {

/// Collects chunks and makes one segment of them. Chunk ids must be added in ascending order.
class SegmentBuilder {
 public:
  SegmentBuilder();
  ~SegmentBuilder();
  void add(ChunkId id, std::span<const text::Term> terms);
  size_t chunks() const;
  size_t bytes_in_memory() const;
  /// The segment's bytes: header with checksum, term dictionary, postings with block maxima, chunk lengths.
  std::string finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A view of a segment's bytes, which must outlive it.
class Segment {
 public:
  /// check_all: the checksum of every byte (else only of header and dictionary bounds). Throws Corrupt.
  static Segment open(std::string_view bytes, bool check_all = true);
  size_t chunks() const;
  uint64_t total_length() const;  // sum of chunk lengths in terms
  ChunkId first() const;
  ChunkId last() const;

  struct Impl;
  std::shared_ptr<const Impl> impl_;  // shared: copies of a view are cheap and immutable
};

/// One segment with the chunks of all of `segments` except those in `gone`.
std::string merge(std::span<const Segment> segments, const roaring::Roaring& gone);

/// The segments of a collection as one index. Chunk ids of different segments do not overlap in what is not gone.
struct Reader {
  std::vector<Segment> segments;
  roaring::Roaring gone;  // removed chunks still inside segments
  Bm25Options options;

  /// Top k by BM25 (block-max WAND, exact: the same as scoring everything). allowed: nullptr = all. Ties by chunk id.
  std::vector<Match> search(std::span<const text::Term> query, size_t k, const roaring::Roaring* allowed) const;
  /// The best k of the chunks that hold every term.
  std::vector<Match> holding(std::span<const text::Term> query, size_t k, const roaring::Roaring* allowed) const;
  std::vector<float> scores(std::span<const text::Term> query, std::span<const ChunkId> ids) const;
  /// Sum over distinct query terms of idf * (k1 + 1): no chunk can score more. Of a code and its parts only the forms
  /// that some chunk has count, unless none has any.
  float ceiling(std::span<const text::Term> query) const;
};

}  // namespace hanok::store::bm25
