// The connections of one open store: one that writes, and a pool of readers, each with its own snapshot.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "store/database.h"

namespace hanok::store {

/// Any thread may take a Snapshot; writes are ordered by writing().
class Connections {
 public:
  Connections(fs::path file, bool read_only);

  /// A consistent view of the last committed state, for as long as it lives.
  class Snapshot {
   public:
    explicit Snapshot(Connections& owner);
    ~Snapshot();
    Snapshot(const Snapshot&) = delete;
    Snapshot& operator=(const Snapshot&) = delete;
    Database& db() { return *database_; }

   private:
    Connections& owner_;
    std::unique_ptr<Database> database_;
    std::optional<Transaction> transaction_;
  };

  /// The writing connection, locked. Throws Unavailable in a read-only store.
  class Writing {
   public:
    explicit Writing(Connections& owner);
    Database& db() { return *owner_.writer_; }

   private:
    Connections& owner_;
    std::lock_guard<std::recursive_mutex> lock_;
  };

  bool read_only() const { return !writer_; }
  const fs::path& file() const { return file_; }

 private:
  fs::path file_;
  std::unique_ptr<Database> writer_;
  std::recursive_mutex writer_mutex_;  // recursive: import writes through the collection it fills
  std::mutex idle_mutex_;
  std::vector<std::unique_ptr<Database>> idle_;
};

using Snapshot = Connections::Snapshot;
using Writing = Connections::Writing;

}  // namespace hanok::store
