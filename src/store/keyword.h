// The keyword index of a collection: bm25 segments, small ones as blobs in the database, large ones as mapped files.
// The database is the truth: a segment that is lost or damaged is made again from the texts of its chunks.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hanok/store.h"
#include "hanok/text.h"
#include "store/bm25/segment.h"
#include "store/documents.h"
#include "store/segments.h"

namespace hanok::store {

/// Those of the table `segment`.
const SegmentKind& keyword_segments();

struct OpenSegment {
  std::shared_ptr<const Bytes> bytes;
  bm25::Segment view;  // of bytes
};

/// An open view of a collection's segments, immutable.
class KeywordIndex {
 public:
  /// Segments that `previous` has are shared with it.
  static std::shared_ptr<const KeywordIndex> load(Database& db, const IndexFolder& folder, int64_t collection,
                                                  const Bm25Options& options, const KeywordIndex* previous);
  const bm25::Reader& reader() const { return reader_; }

 private:
  std::vector<SegmentRow> rows_;
  std::vector<OpenSegment> open_;
  bm25::Reader reader_;
};

struct AnalysedChunk {
  ChunkId id = 0;
  std::span<const text::Term> terms;
};

/// The writing side.
class KeywordWriter final : public SegmentWriter {
 public:
  KeywordWriter(DataFolder& folder, int64_t collection) : SegmentWriter(folder, collection, keyword_segments()) {}

  /// texts[i] is chunk first + i; at least one. Takes long, and needs no transaction.
  NewSegment make(ChunkId first, std::span<const std::string_view> texts) const;
  /// The same of texts that were analysed; ids ascend.
  NewSegment make(std::span<const AnalysedChunk> chunks) const;
  using SegmentWriter::forget;
  void forget(Database& db, std::span<const ChunkRange> ranges) const;

 private:
  std::string merged(Database& db, std::span<const SegmentRow> rows, const Bitmap& gone) const override;
  std::string rebuilt(Database& db, const SegmentRow& row) const override;
  void check(Database& db, const SegmentRow& row) const override;
};

/// The segment of a row made anew from the texts of the chunks that are left.
std::string rebuild_segment(Database& db, int64_t collection, const SegmentRow& row);
/// What is stored for a row. Throws NotFound, Corrupt.
OpenSegment open_keyword_segment(Database& db, const IndexFolder& folder, const SegmentRow& row, Check check);

}  // namespace hanok::store
