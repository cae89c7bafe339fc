// The metadata of a collection's records by value: field segments, small ones as blobs in the database, large ones as
// mapped files. The table `record` is the truth: a segment that is lost or damaged is made again from it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "store/data_folder.h"
#include "store/field_segment.h"

namespace hanok::store {

/// A row of the table field_segment. Ranges of one collection's segments do not overlap.
struct FieldSegmentRow {
  int64_t id = 0;
  ChunkId first = 0, last = 0;
  int64_t records = 0, bytes = 0;
  std::string file;  // empty: in field_segment_blob
  Bitmap gone;
};

struct OpenFieldSegment {
  std::shared_ptr<const Bytes> bytes;
  std::shared_ptr<const FieldSegment> view;  // of bytes
};

/// An open view of a collection's segments, immutable.
class FieldIndex {
 public:
  /// Segments that `previous` has are shared with it.
  static std::shared_ptr<const FieldIndex> load(Database& db, const IndexFolder& folder, int64_t collection,
                                                const FieldIndex* previous);
  /// Every record.
  const Bitmap& all() const { return all_; }
  /// Records that satisfy `field op value`.
  Bitmap where(const std::string& field, Condition::Op op, const Json& value, bool into_lists) const;
  /// What a record's number was when it was first written.
  ChunkId first_of(ChunkId id) const;
  /// Whether any record was written again since.
  bool any_moved() const;
  /// For each record that shares a dimension with the query (sorted) the product of both, ascending by id.
  std::vector<std::pair<ChunkId, double>> products(const SparseVector& query, std::string_view key,
                                                   const Bitmap* allowed) const;

 private:
  std::vector<FieldSegmentRow> rows_;
  std::vector<OpenFieldSegment> open_;
  Bitmap gone_, all_;
};

/// A segment that nothing names yet.
struct NewFieldSegment {
  FieldSegmentRow row;
  std::string bytes;                  // where it is small enough for the database
  std::unique_ptr<UnnamedFile> file;  // where it is not
};

/// The writing side, as KeywordWriter.
class FieldWriter {
 public:
  FieldWriter(DataFolder& folder, int64_t collection) : folder_(folder), collection_(collection) {}

  /// Ids ascend; at least one. Needs no transaction.
  NewFieldSegment make(std::span<const FieldRecord> records) const;
  /// Inside the caller's transaction; segment.file is to be kept when that is committed.
  void insert(Database& db, const NewFieldSegment& segment) const;
  /// Inside the caller's transaction: marks records as removed.
  void forget(Database& db, const Bitmap& ids) const;
  /// Merges some segments, if that is due, in a transaction of its own. False: nothing was due. One caller at a time.
  bool merge_some(bool all) const;
  /// In transactions of its own: makes damaged segments again. One caller at a time.
  void repair() const;

 private:
  NewFieldSegment wrap(FieldSegmentRow row, std::string bytes) const;
  bool replace(std::span<const FieldSegmentRow> old, std::string bytes, const Bitmap& left_out) const;

  DataFolder& folder_;
  int64_t collection_;
};

std::vector<FieldSegmentRow> field_segment_rows(Database& db, int64_t collection);
/// The segment of a row made anew from the records that are left; "" where there are none.
std::string rebuild_field_segment(Database& db, int64_t collection, const FieldSegmentRow& row);
/// What is stored for a row. Throws NotFound, Corrupt.
OpenFieldSegment open_stored(Database& db, const IndexFolder& folder, const FieldSegmentRow& row, Check check);

}  // namespace hanok::store
