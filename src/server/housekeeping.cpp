#include "server/housekeeping.h"

#include <chrono>

#include "base/memory.h"

namespace hanok::server {
namespace {

constexpr std::chrono::seconds kEvery(5);

}  // namespace

Housekeeping::Housekeeping() {
  background_.start([this](const std::atomic<bool>&) { keep(); });
}

Housekeeping::~Housekeeping() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
}

void Housekeeping::keep() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, kEvery, [&] { return stopped_; })) {
    lock.unlock();
    base::give_memory_back_where_it_grew();
    lock.lock();
  }
}

}  // namespace hanok::server
