// What is done for a collection after its writes: pieces are merged, files written, indexes built. Nothing of it is
// needed for what was written to be safe and found, so it is done beside other work and a failure is only logged.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "base/background.h"
#include "hanok/store.h"
#include "store/data_folder.h"
#include "store/vectors.h"

namespace hanok::store {

/// One for a collection. Its methods may be called from several threads.
class Upkeep {
 public:
  /// builds_indexes: of vectors too, where they are due; else only build_index() does.
  Upkeep(std::shared_ptr<DataFolder> folder, int64_t collection, std::string name, bool builds_indexes)
      : folder_(std::move(folder)), collection_(collection), name_(std::move(name)), builds_indexes_(builds_indexes) {}

  /// For writers: see VectorWriter.
  Touched& touched() { return touched_; }
  /// After a commit: looks for what is due, on a thread of its own. Where there can be none, the next call tries again.
  void wake() noexcept;
  /// Before a write: where many writes have not been looked at yet, merges what is due, so that pieces do not pile up.
  void make_room() noexcept;
  /// Makes lost and damaged caches again, before anything is written.
  void repair();
  /// Merges everything. Returns true if the index of vectors has removed ones in it.
  bool compact();
  bool build_index(const IndexBuild& options);
  /// Ends what is going on, without its result.
  void stop() noexcept { background_.stop(); }
  /// Before the store is closed: ends the building of an index, and merges what is due.
  void finish() noexcept;

 private:
  void work(const std::atomic<bool>& stop);
  void tidy(bool all, const std::atomic<bool>& stop);
  int64_t vectors_to_index();
  bool more_is_coming(size_t looks, const std::atomic<bool>& stop);
  void build_beside(const std::atomic<bool>& stop);
  void give_space_back(bool all);
  void log_untidy(const std::exception& e) const noexcept;

  const std::shared_ptr<DataFolder> folder_;
  const int64_t collection_;
  const std::string name_;
  const bool builds_indexes_;
  Touched touched_;
  std::mutex tidying_, indexing_;        // each is done by one thread at a time
  std::atomic<size_t> unseen_{0};        // writes since the last look for what is due
  std::atomic<int64_t> retry_above_{0};  // vectors: a build failed with fewer
  std::mutex state_;                     // of the next two
  bool wanted_ = false, working_ = false;
  base::Background background_;  // last: what it does uses the others
};

}  // namespace hanok::store
