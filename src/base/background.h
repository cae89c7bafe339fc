// Work beside the caller that may take minutes and that nobody waits for. It runs on threads of its own, which leave
// the cores to those that somebody waits for (become_background_thread()).
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "hanok/context.h"

namespace hanok::base {

/// One piece of work at a time, on a thread of its own that ends with the work. Its methods may be called from any
/// thread but the one that works.
class Background {
 public:
  /// `stop` turns true when the work is no longer wanted: it should look several times a second and return. It is part
  /// of the context that the work runs under, too; of the context of whoever calls start() that has the number of
  /// threads alone: the work outlives the call.
  using Work = std::function<void(const std::atomic<bool>& stop)>;

  Background() = default;
  ~Background() { stop(); }
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  /// False, and nothing happens, while other work is running. What the work throws is logged as an error, but for
  /// Cancelled after stop().
  bool start(Work work);
  bool running() const;
  /// Until nothing is running.
  void wait();
  /// Asks the work to stop and waits.
  void stop();

 private:
  void run(const Work& work, const Context& context);
  std::mutex starting_;  // of thread_
  std::thread thread_;
  mutable std::mutex mutex_;  // of running_
  std::condition_variable done_;
  bool running_ = false;
  CancelSource stop_;
};

}  // namespace hanok::base
