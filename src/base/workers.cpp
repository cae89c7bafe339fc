#include "base/workers.h"

#include <exception>
#include <system_error>

#include "base/log.h"

namespace hanok::base {

bool Workers::submit(const std::string& whose, std::function<void()> work) {
  {
    std::lock_guard lock(mutex_);
    if (stopped_) return false;
    const bool all_busy = busy_ + waiting_ >= running_.size();
    if (all_busy && running_.size() < threads_) {
      try {
        running_.emplace_back([this] { loop(); });
      } catch (const std::system_error&) {  // no more threads: those that there are do the work
        if (running_.empty()) return false;
      }
    }
    // What an idle thread is about to take does not wait.
    if (busy_ + waiting_ >= running_.size() && waiting_ + busy_ - running_.size() >= most_waiting_) return false;
    auto& queue = queues_[whose];
    if (queue.empty()) turns_.push_back(whose);
    queue.push_back(std::move(work));
    ++waiting_;
  }
  wake_.notify_one();
  return true;
}

size_t Workers::waiting() const {
  std::lock_guard lock(mutex_);
  return waiting_;
}

size_t Workers::busy() const {
  std::lock_guard lock(mutex_);
  return busy_;
}

void Workers::loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [&] { return stopped_ || waiting_ > 0; });
    if (waiting_ == 0) return;
    const std::string whose = std::move(turns_.front());
    turns_.pop_front();
    const auto queue = queues_.find(whose);
    std::function<void()> work = std::move(queue->second.front());
    queue->second.pop_front();
    if (queue->second.empty())
      queues_.erase(queue);
    else
      turns_.push_back(whose);
    --waiting_;
    ++busy_;
    lock.unlock();
    try {
      work();
    } catch (const std::exception& e) {
      log().error("work of a pool: {}", e.what());
    }
    work = nullptr;  // what it holds may take long to free, or submit something
    lock.lock();
    --busy_;
  }
}

void Workers::stop() {
  std::vector<std::thread> running;
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    running.swap(running_);
  }
  wake_.notify_all();
  for (auto& thread : running) thread.join();
}

}  // namespace hanok::base
