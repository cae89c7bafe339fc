// The connections of one open store: one that writes, and a pool of readers, each with its own view.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "store/database.h"

namespace hanok::store {

/// Any thread may take a Reading; writes are ordered by Writing.
class Connections {
 public:
  Connections(fs::path file, bool read_only);

  /// A consistent view of the last committed state, for as long as it lives.
  class Reading {
   public:
    explicit Reading(Connections& owner);
    ~Reading();
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;
    Database& db() { return *database_; }

   private:
    Connections& owner_;
    std::unique_ptr<Database> database_;
    std::optional<Transaction> transaction_;
  };

  /// The writing connection, locked. Throws Unavailable in a read-only store, and in one that was closed.
  class Writing {
   public:
    explicit Writing(Connections& owner);
    Database& db() { return *owner_.writer_; }

   private:
    Connections& owner_;
    std::lock_guard<std::mutex> lock_;
  };

  bool read_only() const { return read_only_; }
  /// Throws Unavailable where nothing can be written.
  void require_writable() const;
  /// Ends writing, also for what outlives the store; readings go on.
  void close();
  const fs::path& file() const { return file_; }

 private:
  [[noreturn]] void refuse() const;

  fs::path file_;
  bool read_only_;
  std::unique_ptr<Database> writer_;  // nullptr: read only, or closed
  mutable std::mutex writer_mutex_;   // of it
  std::mutex idle_mutex_;
  std::vector<std::unique_ptr<Database>> idle_;
};

using Reading = Connections::Reading;
using Writing = Connections::Writing;

}  // namespace hanok::store
