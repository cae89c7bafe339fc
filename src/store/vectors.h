// Dense search of a collection between database and memory: files index/*.vec for most rows, the database for the rest,
// and an index (ann.h) where there are many. The table `vector` is the truth; a file that is lost or damaged is read
// from there, and written again by the writer; without a sound index every search is an exact scan.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/ann.h"
#include "store/data_folder.h"
#include "store/dense_index.h"
#include "store/keyword.h"
#include "store/spaces.h"

namespace hanok::store {

/// A row of the table vector_file.
struct VectorFileRow {
  int64_t id = 0;
  ChunkId first = 0, last = 0;
  int64_t rows = 0, bytes = 0;
  std::string file;
  Bitmap stale;  // ids whose row must not be taken from the file: removed, or written anew
};

std::vector<VectorFileRow> vector_file_rows(Database& db, int64_t space);

/// Rows as they are in memory.
struct LoadedVectors {
  std::shared_ptr<const void> owner;
  VectorRows view;
  std::shared_ptr<RowCodes> codes;    // of view
  std::shared_ptr<const Bitmap> ids;  // of view; made where an index asks which rows there are
};

/// An open view of the active space, immutable.
class Vectors {
 public:
  /// nullptr when no space answers. live: what is there of the collection, where since `previous` chunks were only
  /// added and removed, and no vector of one that stayed was changed: then what is not in files yet is taken from there
  /// too, and only what was added is read. generation: of what is loaded.
  static std::shared_ptr<const Vectors> load(Database& db, const IndexFolder& folder, int64_t collection,
                                             const Vectors* previous, const Bitmap* live = nullptr,
                                             int64_t generation = 0);
  explicit Vectors(SpaceRow space) : space_(std::move(space)), exact_(space_.space.dim, space_.metric) {}
  const SpaceRow& space() const { return space_; }
  int64_t generation() const { return generation_; }
  /// All rows.
  const DenseIndex& exact() const { return exact_; }
  /// Rows that are held in memory as they are in no file yet; some of them were removed.
  size_t rows_beside() const {
    size_t out = 0;
    for (const auto& piece : beside_) out += piece.view.ids.size();
    return out;
  }
  /// nullopt: every search is exact.
  const std::optional<AnnRow>& ann() const { return ann_row_; }
  /// The k best, best first, ties by id, with exact scores (as DenseIndex gives them): of chunks that the index answers
  /// for those it finds, of others all. allowed: nullptr = every chunk. Always min(k, allowed) of them.
  std::vector<Match> search(std::span<const float> query, size_t k, const Bitmap* allowed) const;

 private:
  void open_ann(Database& db, const IndexFolder& folder, int64_t collection, const Vectors* previous);
  void add_exact(const LoadedVectors& piece, Bitmap skip);
  void load_tail(Database& db, uint64_t covered, const Vectors* previous, const Bitmap* live);
  std::vector<ChunkId> near(std::span<const float> query, size_t k, const Bitmap* allowed) const;

  SpaceRow space_;
  std::vector<VectorFileRow> files_;
  std::vector<LoadedVectors> loaded_;  // of files_
  std::vector<LoadedVectors> beside_;  // rows that are in no file yet, by id; some removed ones too
  int64_t generation_ = 0;
  DenseIndex exact_;
  std::optional<AnnRow> ann_row_;
  std::shared_ptr<const Ann> ann_;
  Efforts measured_;    // of ann_; what the settings say may stand in their place
  Efforts efforts_;     // of its searches
  size_t scanned_ = 0;  // a condition that allows no more is answered by a scan of those
  Bitmap live_, tail_;  // what the index answers for, and what it does not
};

/// Chunks whose vectors are written or removed while a file of them is made. Used with the writing lock held.
class Touched {
 public:
  void begin() { ids_.emplace(); }
  void add(const Bitmap& ids) {
    if (ids_) *ids_ |= ids;
  }
  /// Those since begin().
  Bitmap end() { return std::exchange(ids_, std::nullopt).value_or(Bitmap()); }

 private:
  std::optional<Bitmap> ids_;
};

/// The writing side of the files.
class VectorWriter {
 public:
  VectorWriter(DataFolder& folder, int64_t collection, Touched& touched)
      : folder_(folder), collection_(collection), touched_(touched) {}
  /// Inside the caller's transaction: rows of these chunks in files of these spaces are no longer right.
  void invalidate(Database& db, std::span<const ChunkId> ids, int64_t space) const;
  void invalidate(Database& db, ChunkRange range) const;
  /// The same in every space.
  void invalidate(Database& db, const Bitmap& ids) const;
  /// Puts rows into a file where enough have gathered, joins or renews some files, in a transaction of its own. False:
  /// nothing was due. One caller at a time.
  bool write_some(bool all) const;
  /// In transactions of its own: writes files that are lost or damaged again. One caller at a time.
  void repair() const;

 private:
  /// Rows of [first, last] that are to be one file in the place of `old`.
  struct Piece {
    SpaceRow space;
    std::vector<VectorFileRow> old;
    ChunkId first = 0, last = 0;
  };
  std::optional<Piece> due(Database& db, bool all) const;
  template <class Choose>
  bool rewrite(Choose choose) const;
  void mark(Database& db, const std::vector<VectorFileRow>& files, const Bitmap& ids) const;

  DataFolder& folder_;
  int64_t collection_;
  Touched& touched_;
};

/// What is stored in a file. Throws NotFound, Corrupt.
LoadedVectors open_vectors(const IndexFolder& folder, const VectorFileRow& row, const SpaceRow& space, Check check);
/// The rows of chunks in [first, last], from the database, as they are kept for searching; at most `limit`.
LoadedVectors read_vectors(Database& db, const SpaceRow& space, ChunkId first, ChunkId last, size_t limit = SIZE_MAX);

}  // namespace hanok::store
