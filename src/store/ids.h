// Numbers that are never used twice in a data folder.
#pragma once

#include <mutex>

#include "hanok/store.h"
#include "store/database.h"

namespace hanok::store {

/// Gives numbers of chunks and files out before the transaction that names them, so that index files can be made
/// outside of it. The one writing process holds the next ones in memory; save() keeps them with every transaction. What
/// was given out and never named may be given out again after a crash: nobody has seen it. May be called from several
/// threads.
class Ids {
 public:
  explicit Ids(Database& db);

  /// The first of `count` consecutive ones. Throws Exhausted when 32 bits are used up.
  ChunkId chunks(size_t count) { return take(chunk_, "chunk", count); }
  uint32_t file() { return take(file_, "file", 1); }
  /// Inside a write transaction.
  void save(Database& db);

 private:
  uint32_t take(int64_t& next, const char* what, size_t count);

  const fs::path database_;
  std::mutex mutex_;
  int64_t chunk_, file_;  // the next ones; 0: the database does not know
};

/// Throws Exhausted where `next` and the `count - 1` after it do not fit 32 bits, Corrupt where there is no `next`.
void check_ids(const fs::path& database, int64_t next, std::string_view what, size_t count);

}  // namespace hanok::store
