#include "base/background.h"

#include <exception>

#include "base/log.h"

namespace hanok::base {

bool Background::start(Work work) {
  std::lock_guard lock(starting_);
  {
    std::lock_guard state(mutex_);
    if (running_) return false;
    running_ = true;
  }
  if (thread_.joinable()) thread_.join();  // it has done its work already
  stop_ = false;
  try {
    thread_ = std::thread([this, work = std::move(work)] { run(work); });
  } catch (...) {  // no more threads
    std::lock_guard state(mutex_);
    running_ = false;
    throw;
  }
  return true;
}

void Background::run(const Work& work) {
  try {
    work(stop_);
  } catch (const std::exception& e) {
    log().error("work in the background: {}", e.what());
  }
  std::lock_guard state(mutex_);
  running_ = false;
  done_.notify_all();
}

bool Background::running() const {
  std::lock_guard state(mutex_);
  return running_;
}

void Background::wait() {
  std::unique_lock state(mutex_);
  done_.wait(state, [&] { return !running_; });
}

void Background::stop() {
  stop_ = true;
  wait();
  std::lock_guard lock(starting_);
  if (thread_.joinable()) thread_.join();
}

}  // namespace hanok::base
