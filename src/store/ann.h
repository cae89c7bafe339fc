// The approximate side of dense search: an index of room `index` over most rows of a vector space, saved as
// index/*.ann.
//
// A saved index never changes. What was written after it was built is told apart by two sets of chunks: `covered`,
// those it holds, and `stale`, those of them that were removed or got another vector since. Whatever it does not answer
// for is scanned exactly (vectors.h), and ann_build.h makes a newer one when that has become much.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hanok/index.h"
#include "store/bitmap.h"
#include "store/index_folder.h"
#include "store/spaces.h"

namespace hanok::store {

// What hybrid search asks for, and what is asked for where a page of answers is shown: recall is promised for both.
constexpr size_t kManyNeighbours = 50, kFewNeighbours = 10;

/// So many candidates are ranked by exact rows for k neighbours: codes mistake the order of near ones, and some may be
/// stale.
constexpr size_t candidates(size_t k) { return k + k / 4 + 8; }

/// What a search looks at, found by measuring recall: ef of hnsw, nprobe of ivf; 0: the kind is exact.
struct Efforts {
  size_t few = 0, many = 0;  // for kFewNeighbours and kManyNeighbours

  /// For k neighbours: between the two in proportion, outside as for the nearer one.
  size_t of(size_t k) const;
  bool operator==(const Efforts&) const = default;
};

/// A row of the table ann.
struct AnnRow {
  int64_t id = 0;  // also in the file's name; never used twice
  int64_t space = 0;
  int64_t generation = 0;  // of the collection, whose vectors it holds
  std::string kind;        // "flat", "hnsw", "ivf": what auto chose
  int64_t rows = 0;
  int64_t skipped = 0;  // vectors that have no direction and are always scanned: zeros
  int64_t removed = 0;  // vectors of removed chunks that are still somewhere in the file
  size_t effort = 0;    // what a search for kManyNeighbours looks at (Efforts); that for few is beside its promise
  int64_t bytes = 0;
  std::string file;
  Bitmap covered, stale;

  Bitmap live() const { return covered - stale; }
};

/// The metric of an index over vectors of a collection with this one.
index::Metric index_metric(Metric metric);
/// What was measured for an index when it was built, each as index::Promise writes it. Kept as a note of the
/// collection.
struct AnnPromises {
  std::string many;       // for kManyNeighbours
  std::string few;        // for kFewNeighbours; "": of an index that was built before there were two
  size_t few_effort = 0;  // that goes with it
};
/// nullopt: nothing was measured.
std::optional<AnnPromises> ann_promises(Database& db, int64_t collection, int64_t ann);
/// Inside the caller's transaction; in place of an earlier one.
void keep_ann_promises(Database& db, int64_t collection, int64_t ann, const AnnPromises& promises);
/// As measured.
Efforts ann_efforts(Database& db, int64_t collection, const AnnRow& row);

/// Searches of an index take longer than scans of all vectors: there is none, until there are more vectors.
struct ScanWins {
  size_t vectors = 0;
  std::string why;  // for people, with the numbers
};
/// Of the vectors of a space, kept as a note of its collection; nullopt: that is not so.
std::optional<ScanWins> scan_wins(Database& db, int64_t collection);
/// Inside the caller's transaction. nullopt: it is so no more.
void keep_scan_wins(Database& db, int64_t collection, int64_t space, const std::optional<ScanWins>& wins);

/// The index that answers for a space; nullopt where none is complete.
std::optional<AnnRow> find_ann(Database& db, int64_t space);
/// Inside the caller's transaction: vectors of these chunks are no longer what an index of the space holds, nor one
/// that is being built.
void invalidate_ann(Database& db, int64_t space, const Bitmap& ids);

/// A mapped index. Immutable; searches may run together.
class Ann {
 public:
  /// Throws NotFound, Corrupt, Unsupported. Check::Quick looks at all bytes of files up to 64 MB.
  static std::shared_ptr<const Ann> open(const IndexFolder& folder, const AnnRow& row, const SpaceRow& space,
                                         Efforts efforts, Check check);
  /// Of an index that was just built, before it is saved.
  Ann(std::shared_ptr<const index::Index> index, Efforts efforts) : index_(std::move(index)), efforts_(efforts) {}

  const index::Index& index() const { return *index_; }
  /// The same index, searched with these.
  std::shared_ptr<const Ann> with(Efforts efforts) const { return std::make_shared<const Ann>(index_, efforts); }
  /// Chunks near the query, a few more than k so that exact distances may choose among them: all of `among`, at least
  /// min(k, among) of them or nothing. everything: the index holds hardly more than `among`, a walk without a condition
  /// finds enough of them.
  std::vector<ChunkId> near(std::span<const float> query, size_t k, const Bitmap& among, bool everything) const;

 private:
  std::shared_ptr<const index::Index> index_;
  Efforts efforts_;
};

}  // namespace hanok::store
