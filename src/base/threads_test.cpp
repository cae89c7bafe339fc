#include "base/threads.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <system_error>
#include <thread>

#include "base/background.h"

namespace hanok::base {
namespace {

// Two bodies that wait for each other: true if both ran at the same time.
bool two_at_once() {
  std::mutex mutex;
  std::condition_variable both;
  int here = 0;
  std::atomic<bool> met{true};
  parallel_for(
      2, 1,
      [&](size_t, size_t, size_t) {
        std::unique_lock lock(mutex);
        ++here;
        both.notify_all();
        if (!both.wait_for(lock, std::chrono::seconds(5), [&] { return here == 2; })) met = false;
      },
      2);
  return met;
}

TEST(Threads, WhoWaitsDoesNotQueueBehindTheBackground) {
  std::atomic<int> busy{0};
  std::atomic<bool> over{false};
  Background background;
  background.start([&](const std::atomic<bool>&) {
    parallel_for(
        4, 1,
        [&](size_t, size_t, size_t) {
          ++busy;
          while (!over) std::this_thread::yield();
        },
        4);
  });
  while (busy < 4) std::this_thread::yield();  // every worker that it may have is at work
  EXPECT_TRUE(two_at_once());
  EXPECT_FALSE(background_thread());
  over = true;
}

TEST(Threads, TheBackgroundStandsBack) {
  std::atomic<int> nice{0}, inside{0};
  Background background;
  background.start([&](const std::atomic<bool>&) {
    nice = ::getpriority(PRIO_PROCESS, 0);
    parallel_for(
        64, 1, [&](size_t, size_t, size_t) { inside += background_thread() && ::getpriority(PRIO_PROCESS, 0) == nice; },
        4);
  });
  background.wait();
  EXPECT_EQ(nice, std::min(19, ::getpriority(PRIO_PROCESS, 0) + 5));
  EXPECT_EQ(inside, 64);
}

size_t address_space() {
  std::ifstream status("/proc/self/statm");
  size_t pages = 0;
  status >> pages;
  return pages * 4096;
}

// Ends the process.
[[noreturn]] void work_without_room_for_a_stack() {
  const rlimit limit{address_space() + (2 << 20), RLIM_INFINITY};
  ::setrlimit(RLIMIT_AS, &limit);
  bool refused = false;
  try {
    std::thread([] {}).join();
  } catch (const std::system_error&) {
    refused = true;
  }
  std::atomic<int> sum{0};
  parallel_for(
      100, 1, [&](size_t, size_t, size_t) { ++sum; }, 8);
  std::fprintf(stderr, "refused %d, did %d", refused, sum.load());
  std::_Exit(0);
}

TEST(ThreadsDeathTest, WithoutAnotherThreadTheCallerDoesTheWork) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // a fresh process: no thread is there to be used again
  EXPECT_EXIT(work_without_room_for_a_stack(), testing::ExitedWithCode(0), "refused 1, did 100");
}

}  // namespace
}  // namespace hanok::base
