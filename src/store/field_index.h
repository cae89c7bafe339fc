// The metadata of a collection's records by value: field segments, small ones as blobs in the database, large ones as
// mapped files. The table `record` is the truth: a segment that is lost or damaged is made again from it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "store/field_segment.h"
#include "store/segments.h"

namespace hanok::store {

/// Those of the table `field_segment`.
const SegmentKind& field_segments();

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
  std::vector<SegmentRow> rows_;
  std::vector<OpenFieldSegment> open_;
  Bitmap gone_, all_;
};

/// The writing side.
class FieldWriter final : public SegmentWriter {
 public:
  FieldWriter(DataFolder& folder, int64_t collection) : SegmentWriter(folder, collection, field_segments()) {}

  /// Ids ascend; at least one. Needs no transaction.
  NewSegment make(std::span<const FieldRecord> records) const;

 private:
  std::string merged(Database& db, std::span<const SegmentRow> rows, const Bitmap& gone) const override;
  std::string rebuilt(Database& db, const SegmentRow& row) const override;
  void check(Database& db, const SegmentRow& row) const override;
};

/// The segment of a row made anew from the records that are left; "" where there are none.
std::string rebuild_field_segment(Database& db, int64_t collection, const SegmentRow& row);
/// What is stored for a row. Throws NotFound, Corrupt.
OpenFieldSegment open_field_segment(Database& db, const IndexFolder& folder, const SegmentRow& row, Check check);

}  // namespace hanok::store
