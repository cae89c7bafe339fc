// Writes of records. Calls that come together become one group: one transaction, one sync of the disk.
//
// Whoever finds nobody at work takes everything that waits and does it for all. What each record costs to prepare (its
// text analysed, its metadata written as JSON) is done by its own thread before; what the group adds to the indexes
// (a keyword segment, a field segment) is made before the transaction of the store begins.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "hanok/records.h"

namespace hanok::store {

class StoredCollection;

/// One for a collection. Its methods may be called from several threads; see Records for what they mean.
class RecordWriter {
 public:
  explicit RecordWriter(StoredCollection& collection) : collection_(collection) {}

  Written write(WriteMode mode, std::vector<Record> records);
  size_t update(const Selection& among, const Json& metadata);
  size_t remove(const Selection& among, size_t limit);
  void create_namespace(std::string_view ns, std::string_view note);
  bool remove_namespace(std::string_view ns);

 private:
  class Group;
  struct Job;
  void run(Job& job);
  std::vector<Job*> take();
  void work(std::span<Job* const> jobs) noexcept;
  void commit(Group& group);

  StoredCollection& collection_;
  std::mutex mutex_;  // of the next two
  std::condition_variable changed_;
  std::deque<Job*> waiting_;
  bool working_ = false;
};

}  // namespace hanok::store
