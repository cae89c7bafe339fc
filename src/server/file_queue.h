// What waits to be read into collections: files for vector stores, folders of an import. It is on disk before the
// caller hears that it was taken, so that each is read though the process ends before.
#pragma once

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/background.h"
#include "base/json.h"

namespace hanok::server {

struct WaitingFile {
  std::string store, file;  // ids
  int64_t created_ms = 0;
  base::Json how;          // what reading it needs: kept as it is
  bool left_over = false;  // of an earlier process, which may have read it
};

/// Reads one file after the other on a thread of its own. All methods may be called from several threads; stop() and
/// those that wait, not from `read`. These wait under the caller's context.
class FileQueue {
 public:
  /// read: its errors are its own; where it throws, the file is given up, but for Cancelled after stop(): then it waits
  /// for the next process. folder: what waits, a file for each call of add(); what an earlier process left there is
  /// read.
  FileQueue(std::filesystem::path folder, std::function<void(const WaitingFile&)> read);
  ~FileQueue() { stop(); }

  /// All of one store. One that waits already is replaced, one that is being read is read once more. Throws what
  /// write_file_atomic() does, and then none was taken. first: before all that wait.
  void add(std::vector<WaitingFile> files, bool first = false);
  /// Where it waits or is being read.
  std::optional<WaitingFile> find(const std::string& store, const std::string& file) const;
  std::vector<WaitingFile> of(const std::string& store) const;
  /// Those that waited, and do not any more; what is being read goes on.
  std::vector<std::string> drop(const std::string& store, const std::vector<std::string>& files);
  /// drop(), and waits until none of them is being read. No later process reads one, though it was read before beside
  /// others that wait still.
  std::vector<std::string> forget(const std::string& store, const std::vector<std::string>& files);
  /// Whatever there is of a store.
  void forget(const std::string& store);
  /// Until it neither waits nor is being read.
  void wait(const std::string& store, const std::string& file) const;
  /// Cancels what is being read. Nothing is read afterwards.
  void stop();

 private:
  using Key = std::pair<std::string, std::string>;  // store, file
  using Which = std::function<bool(const Key&)>;
  struct Entry {
    WaitingFile file;
    uint64_t order = 0;  // the file on disk that it stands in
  };
  struct Order {
    std::set<Key> listed;  // in the file on disk: those that were read stay in it until all are
    size_t left = 0;       // that wait or are being read
  };

  std::filesystem::path path_of(uint64_t order) const;
  void load();
  void put(uint64_t order, std::vector<WaitingFile> files, bool first = false);
  void leave(uint64_t order);
  void write(uint64_t order, const std::vector<WaitingFile>& files) const;
  std::vector<std::string> drop(const Which& which);
  std::vector<std::string> forget(const Which& which);
  void wait_until(const std::function<bool()>& done) const;
  void work();
  void run(const std::atomic<bool>& stop);

  const std::filesystem::path folder_;
  const std::function<void(const WaitingFile&)> read_;
  mutable std::mutex mutex_;  // of what follows
  mutable std::condition_variable changed_;
  std::map<Key, Entry> waiting_;
  std::deque<Key> turns_;           // each key of waiting_, in order; some may have been dropped
  std::optional<WaitingFile> now_;  // being read
  uint64_t now_order_ = 0;
  std::map<uint64_t, Order> orders_;
  uint64_t next_order_ = 1;
  bool working_ = false, stopped_ = false;
  base::Background background_;  // last: it stops before the others go
};

}  // namespace hanok::server
