#include "base/pause.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace hanok::base {
namespace {

TEST(Pause, LastsAsLongAsAskedAndEndsWhenTold) {
  std::atomic<bool> stop{false};
  const Stopwatch watch;
  pause(std::chrono::milliseconds(30), stop);
  EXPECT_GE(watch.seconds(), 0.03);
  stop = true;
  pause(std::chrono::hours(1), stop);
}

}  // namespace
}  // namespace hanok::base
