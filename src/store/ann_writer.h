// The index of a collection's active space in the database and on disk: what is due, and the two short transactions
// around the long work of building.
#pragma once

#include <optional>

#include "store/ann_build.h"
#include "store/data_folder.h"
#include "store/vectors.h"

namespace hanok::store {

/// What is to be done for the vectors there are now. anew: build even where an index is good enough; nothing where
/// exact search is.
AnnStep due_ann_step(Database& db, int64_t collection, bool anew = false);

class AnnWriter {
 public:
  AnnWriter(DataFolder& folder, int64_t collection) : folder_(folder), collection_(collection) {}

  /// Does it, if anything. Documents may be written meanwhile. Returns true if there is a new index, or none any more.
  /// Throws what build_ann throws; the index there was stays. One caller at a time.
  bool run(bool anew, size_t threads);
  /// Forgets an index whose file is lost or damaged (it is due then). Returns true if it was.
  bool repair(Check check);

 private:
  struct Begun;
  std::optional<Begun> begin(bool anew);
  bool finish(const Begun& begun, const BuiltAnn& built, UnnamedFile& file);
  bool scan_instead(const Begun& begun, const ScanWins& wins);
  void give_up(const Begun& begun) noexcept;
  bool drop();
  void forget(const AnnRow& row);

  DataFolder& folder_;
  int64_t collection_;
};

/// Inside the caller's store, before anything is built: forgets what a crash left half built.
void forget_unfinished_ann(Database& db);

}  // namespace hanok::store
