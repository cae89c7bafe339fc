// When a collection's vectors need an index, and making one without touching the database.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>

#include "index/trial.h"
#include "store/ann.h"
#include "store/dense_index.h"

namespace hanok::store {

/// {"index": {"type": "auto", "exact_below": 20000}} in a collection's settings.
struct AnnSettings {
  std::string type = "auto";  // of room index; "flat": every search is an exact scan
  size_t exact_below = 0;     // so many vectors are scanned without an index; 0: by dimension, scanned_exactly()
  size_t ef = 0;              // of a graph's walks; 0: what was measured when it was built
  bool records = false;       // a collection of records: queries come with their vector and wait for nothing else
  size_t scan_won_up_to = 0;  // so many are scanned as that was measured to be faster (ScanWins)
};
/// Throws Invalid, naming what may stand there.
AnnSettings ann_settings(const Json& settings);

/// Vectors of `dim` numbers that are scanned without an index: by their rows in some three milliseconds on one core,
/// and by their codes (row_codes.h) in a few tenths of one.
size_t scanned_exactly(size_t dim, bool records);
/// What the settings say, or that, or so many as scans won.
inline size_t scanned_exactly(const AnnSettings& settings, size_t dim) {
  if (settings.exact_below) return settings.exact_below;
  return std::max(scanned_exactly(dim, settings.records), settings.scan_won_up_to);
}
/// Of an index of this kind: as measured, or as the settings say.
inline Efforts efforts_under(const AnnSettings& settings, const std::string& kind, Efforts measured) {
  return settings.ef && kind == "hnsw" ? Efforts{settings.ef, settings.ef} : measured;
}
/// Where there is an index: a condition that allows no more vectors is answered by a scan of their rows.
size_t scanned_under_condition(const AnnSettings& settings, size_t dim);
/// Those stored with a collection.
AnnSettings stored_ann_settings(Database& db, int64_t collection);

enum class AnnStep {
  None,
  Drop,    // there is one, and a scan is as good or was asked for
  Extend,  // the one there is, without what became stale and with what came later
  Build,   // a new one from all vectors
};
/// vectors: of the space. have: nullptr where there is no index.
AnnStep ann_step(const AnnSettings& settings, size_t dim, size_t vectors, const AnnRow* have);

struct BuiltAnn {
  std::shared_ptr<index::Index> index;
  Bitmap covered;
  size_t skipped = 0, removed = 0;
  Efforts effort;
  /// Of a collection of records: chunks that a search by their own vector does not find. They are scanned, so that what
  /// was written is always found.
  Bitmap stray;
  /// What was measured for `effort`; nullopt where there were too few vectors to leave some out, and where the kind is
  /// exact.
  struct Promises {
    index::Promise few, many;
  };
  std::optional<Promises> promises;
  /// The caller's settings leave the choice, and a scan of all is faster: the index is not worth its memory.
  std::optional<ScanWins> scan;
};

struct AnnPlan {
  AnnStep step = AnnStep::Build;  // Build or Extend
  AnnSettings settings;
  std::shared_ptr<const void> owner;  // of `vectors`
  const DenseIndex* vectors = nullptr;
  std::optional<AnnRow> have;  // Extend: this one
  Efforts have_efforts = {};   // of it
  size_t threads = 0;
};
/// Throws Exhausted where memory runs out, and what is thrown where progress is told; then nothing was made. Extend:
/// the file of `have` was found sound.
BuiltAnn build_ann(const AnnPlan& plan, const IndexFolder& folder);

}  // namespace hanok::store
