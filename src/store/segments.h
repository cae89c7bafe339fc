// Segments of an index of a collection, immutable, each for a range of chunk ids: the rows that name them, small ones
// as blobs in the database, large ones as mapped files; how they are added, merged and made again. The same for every
// kind; what is inside of them is keyword.h and field_index.h.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hanok/store.h"
#include "store/bitmap.h"
#include "store/data_folder.h"

namespace hanok::store {

struct SegmentKind {
  std::string table;           // the blobs lie in TABLE_blob
  std::string count_column;    // of it: how many chunks are inside
  std::string version_column;  // of what made them; "": there is none
  int version = 0;             // today's
  std::string name;            // as people read it
  std::string extension;       // of files
  std::string truth;           // what it is made again from
};

/// A row of the table. Ranges of one collection's segments do not overlap.
struct SegmentRow {
  int64_t id = 0;
  ChunkId first = 0, last = 0;
  int64_t chunks = 0, bytes = 0;
  int version = 0;
  std::string file;  // empty: in the table of blobs
  Bitmap gone;       // chunks inside that were removed since
};

/// Ascending.
std::vector<SegmentRow> segment_rows(Database& db, const SegmentKind& kind, int64_t collection);
/// For messages: its file, or its kind and id.
std::string name_of(const SegmentKind& kind, const IndexFolder& folder, const SegmentRow& row);
/// Throws NotFound; Corrupt where there are not as many as the row says.
std::shared_ptr<const Bytes> stored_bytes(Database& db, const SegmentKind& kind, const IndexFolder& folder,
                                          const SegmentRow& row);
/// Whether the checksum of all of it is looked at.
bool checks_all(const SegmentRow& row, Check check);

/// A segment that nothing names yet.
struct NewSegment {
  SegmentRow row;
  std::string bytes;                  // where it is small enough for the database
  std::unique_ptr<UnnamedFile> file;  // where it is not
};

/// The writing side.
class SegmentWriter {
 public:
  virtual ~SegmentWriter() = default;

  /// Inside the caller's transaction; segment.file is to be kept when that is committed.
  void insert(Database& db, const NewSegment& segment) const;
  /// Inside the caller's transaction: marks chunks as removed.
  void forget(Database& db, const Bitmap& ids) const;
  /// Merges some segments, if that is due, in a transaction of its own. False: nothing was due. all: everything into as
  /// few segments as may be, without gone chunks. One caller at a time.
  bool merge_some(bool all) const;
  /// In transactions of its own: makes damaged segments, and those of another version, again. One caller at a time.
  void repair() const;

 protected:
  SegmentWriter(DataFolder& folder, int64_t collection, const SegmentKind& kind)
      : folder_(folder), collection_(collection), kind_(kind) {}
  /// row: its range and how many chunks are inside. Needs no transaction.
  NewSegment wrap(SegmentRow row, std::string bytes) const;

  /// The bytes of one segment with the chunks of all of these but for those in `gone`; what is damaged is made again.
  virtual std::string merged(Database& db, std::span<const SegmentRow> rows, const Bitmap& gone) const = 0;
  /// The same of one row, made from the truth.
  virtual std::string rebuilt(Database& db, const SegmentRow& row) const = 0;
  /// Throws where what is stored is damaged.
  virtual void check(Database& db, const SegmentRow& row) const = 0;

  DataFolder& folder_;
  int64_t collection_;

 private:
  bool is_sound(Database& db, const SegmentRow& row) const;
  bool replace(std::span<const SegmentRow> old, std::string bytes, const Bitmap& left_out) const;

  const SegmentKind& kind_;
};

}  // namespace hanok::store
