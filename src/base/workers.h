// A bounded pool of threads for pieces of work that wait (for a disk, a model, a client), unlike those of parallel_for.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace hanok::base {

/// Its methods may be called from any thread, stop() from none of its own. Threads are made when they are needed.
class Workers {
 public:
  /// At most `threads` pieces run at once, and at most `most_waiting` wait.
  Workers(size_t threads, size_t most_waiting) : threads_(threads), most_waiting_(most_waiting) {}
  ~Workers() { stop(); }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// False, and nothing happens, where enough wait already or stop() was called. Those of different `whose` take turns;
  /// of one they run in order. What the work throws is logged as an error.
  bool submit(const std::string& whose, std::function<void()> work);
  size_t waiting() const;
  size_t busy() const;
  /// Takes no more, runs what waits, and ends the threads.
  void stop();

 private:
  void loop();
  const size_t threads_, most_waiting_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::map<std::string, std::deque<std::function<void()>>> queues_;  // none of them empty
  std::deque<std::string> turns_;                                    // each key of queues_ once
  std::vector<std::thread> running_;
  size_t waiting_ = 0, busy_ = 0;
  bool stopped_ = false;
};

}  // namespace hanok::base
