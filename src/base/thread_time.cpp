#include "base/thread_time.h"

#include <time.h>

#include <atomic>

namespace hanok::base {
namespace {

std::atomic<const std::function<double()>*> fake{nullptr};

}  // namespace

double thread_seconds() {
  if (const auto* clock = fake.load(std::memory_order_acquire)) return (*clock)();
  timespec t;
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

FakeThreadTime::FakeThreadTime(std::function<double()> clock) : clock_(std::move(clock)) {
  fake.store(&clock_, std::memory_order_release);
}
FakeThreadTime::~FakeThreadTime() { fake.store(nullptr, std::memory_order_release); }

}  // namespace hanok::base
