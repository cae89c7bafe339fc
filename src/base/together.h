// Threads that come with jobs of one kind while another of them works are served together.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <span>
#include <vector>

#include "base/own_error.h"
#include "base/threads.h"
#include "hanok/context.h"

namespace hanok::base {

/// Whoever finds nobody at work works for all who wait by then, and wakes the one that has waited longest: work that
/// costs little more for many than for one is done once. run() may be called from many threads.
template <class Job>
class Together {
 public:
  /// Returns when `job` is done, by work(std::span<Job* const>) on this thread or on another's; `work` is the same for
  /// all that share this object. What it throws is thrown at everybody whose job was in the call. Joint work runs under
  /// a context that does not end, as one caller's end is not the others': keep it short. Background threads work alone,
  /// so that nobody waits for their pace.
  template <class Work>
  void run(Job& job, Work&& work) {
    Waiting mine{&job};
    if (background_thread()) return work(std::span<Job* const>(&mine.job, 1));
    std::unique_lock lock(mutex_);
    waiting_.push_back(&mine);
    mine.changed.wait(lock, [&] { return mine.done || (!working_ && waiting_.front() == &mine); });
    if (!mine.done) serve(lock, work);
    if (mine.error) std::rethrow_exception(mine.error);
  }

 private:
  struct Waiting {
    Job* job;
    bool done = false;
    std::exception_ptr error = {};
    std::condition_variable changed = {};  // done, or this one is to work
  };

  template <class Work>
  void serve(std::unique_lock<std::mutex>& lock, Work& work) {
    std::vector<Waiting*> taken;
    taken.swap(waiting_);
    working_ = true;
    lock.unlock();
    std::exception_ptr error;
    try {
      std::vector<Job*> jobs;
      for (const Waiting* one : taken) jobs.push_back(one->job);
      const Context::Scope scope(jobs.size() == 1 ? Context::current()
                                                  : Context().with_threads(Context::current().threads()));
      work(std::span<Job* const>(jobs));
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    working_ = false;
    for (Waiting* one : taken) {
      one->done = true, one->error = own_error(error);
      one->changed.notify_one();
    }
    if (!waiting_.empty()) waiting_.front()->changed.notify_one();
  }

  std::mutex mutex_;
  std::vector<Waiting*> waiting_;  // in the order they came
  bool working_ = false;
};

}  // namespace hanok::base
