#include "base/background.h"

#include <exception>

#include "base/log.h"
#include "base/threads.h"
#include "hanok/error.h"

namespace hanok::base {

bool Background::start(Work work) {
  std::lock_guard lock(starting_);
  {
    std::lock_guard state(mutex_);
    if (running_) return false;
    running_ = true;
  }
  if (thread_.joinable()) thread_.join();  // it has done its work already
  stop_.reset();
  const Context context = Context().with_threads(Context::current().threads()).with_cancel(stop_);
  try {
    thread_ = std::thread([this, context, work = std::move(work)] { run(work, context); });
  } catch (...) {  // no more threads
    std::lock_guard state(mutex_);
    running_ = false;
    throw;
  }
  return true;
}

void Background::run(const Work& work, const Context& context) {
  become_background_thread();
  try {
    const Context::Scope scope(context);
    work(stop_.flag());
  } catch (const std::exception& e) {
    const auto* error = dynamic_cast<const Error*>(&e);
    if (!(error && error->code() == Code::Cancelled && stop_.cancelled()))
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
  stop_.cancel();
  wait();
  std::lock_guard lock(starting_);
  if (thread_.joinable()) thread_.join();
}

}  // namespace hanok::base
