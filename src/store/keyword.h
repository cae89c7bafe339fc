// The keyword index of a collection: bm25 segments, small ones as blobs in the database, large ones as mapped files.
// The database is the truth: a segment that is lost or damaged is made again from the texts of its chunks.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hanok/store.h"
#include "hanok/text.h"
#include "store/bitmap.h"
#include "store/bm25/segment.h"
#include "store/data_folder.h"
#include "store/documents.h"

namespace hanok::store {

/// A row of the table segment. Ranges of one collection's segments do not overlap.
struct SegmentRow {
  int64_t id = 0;
  ChunkId first = 0, last = 0;
  int64_t chunks = 0, bytes = 0;
  int analyzer = 0;
  std::string file;  // empty: in segment_blob
  Bitmap gone;
};

struct OpenSegment {
  std::shared_ptr<const Bytes> bytes;
  bm25::Segment view;    // of bytes
  bool damaged = false;  // what is stored is lost or damaged; this was made again in memory
};

/// An open view of a collection's segments, immutable.
class KeywordIndex {
 public:
  /// Segments that `previous` has are shared with it.
  static std::shared_ptr<const KeywordIndex> load(Database& db, const IndexFolder& folder, int64_t collection,
                                                  const Bm25Options& options, const KeywordIndex* previous);
  const bm25::Reader& reader() const { return reader_; }
  const std::vector<SegmentRow>& rows() const { return rows_; }
  /// open()[i] belongs to rows()[i].
  const std::vector<OpenSegment>& open() const { return open_; }

 private:
  std::vector<SegmentRow> rows_;
  std::vector<OpenSegment> open_;
  bm25::Reader reader_;
};

/// A segment that nothing names yet.
struct NewSegment {
  SegmentRow row;
  std::string bytes;                  // where it is small enough for the database
  std::unique_ptr<UnnamedFile> file;  // where it is not
};

struct AnalysedChunk {
  ChunkId id = 0;
  std::span<const text::Term> terms;
};

/// The writing side.
class KeywordWriter {
 public:
  KeywordWriter(DataFolder& folder, int64_t collection) : folder_(folder), collection_(collection) {}

  /// texts[i] is chunk first + i; at least one. Takes long, and needs no transaction.
  NewSegment make(ChunkId first, std::span<const std::string_view> texts) const;
  /// The same of texts that were analysed; ids ascend.
  NewSegment make(std::span<const AnalysedChunk> chunks) const;
  /// Inside the caller's transaction; segment.file is to be kept when that is committed.
  void insert(Database& db, const NewSegment& segment) const;
  /// Inside the caller's transaction: marks chunks as removed.
  void forget(Database& db, std::span<const ChunkRange> ranges) const;
  void forget(Database& db, const Bitmap& ids) const;
  /// Merges some segments, if that is due, in a transaction of its own. False: nothing was due. all: everything into as
  /// few segments as may be, without gone chunks. One caller at a time.
  bool merge_some(bool all) const;
  /// In transactions of its own: makes damaged segments, and those of another analyzer version, again. One caller at a
  /// time.
  void repair() const;

 private:
  NewSegment wrap(SegmentRow row, std::string bytes) const;
  bool replace(std::span<const SegmentRow> old, std::string bytes, const Bitmap& left_out) const;
  void rebuild(Database& db, const SegmentRow& row) const;

  DataFolder& folder_;
  int64_t collection_;
};

std::vector<SegmentRow> segment_rows(Database& db, int64_t collection);
/// The segment of a row made anew from the texts of the chunks that are left.
std::string rebuild_segment(Database& db, int64_t collection, const SegmentRow& row);
/// What is stored for a row. Throws NotFound, Corrupt.
OpenSegment open_stored(Database& db, const IndexFolder& folder, const SegmentRow& row, Check check);
/// The same, made again from the texts where that fails.
OpenSegment open_segment(Database& db, const IndexFolder& folder, int64_t collection, const SegmentRow& row,
                         Check check);

}  // namespace hanok::store
