// What work costs, whatever else the machine does.
#pragma once

#include <functional>

namespace hanok::base {

/// Seconds of processor time that this thread has had.
double thread_seconds();

/// While it lives, thread_seconds() is what `clock` says: for tests, one at a time.
class FakeThreadTime {
 public:
  explicit FakeThreadTime(std::function<double()> clock);
  ~FakeThreadTime();
  FakeThreadTime(const FakeThreadTime&) = delete;
  FakeThreadTime& operator=(const FakeThreadTime&) = delete;

 private:
  std::function<double()> clock_;
};

}  // namespace hanok::base
