#include "base/together.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "base/own_error.h"
#include "hanok/error.h"

namespace hanok::base {
namespace {

struct Job {
  int asked = 0, answer = 0;
};

// The first is held at work until all others wait; these are then served by one call.
class Joint : public testing::Test {
 protected:
  void serve(std::span<Job* const> jobs) {
    ++calls_;
    if (jobs.size() == 1 && jobs[0]->asked == 0)
      while (arrived_ < kOthers) std::this_thread::yield();
    most_ = std::max(most_, jobs.size());
    if (jobs.size() > 1) EXPECT_FALSE(Context::current().ended());
    if (fails_ && jobs.size() > 1) throw std::runtime_error("no memory");
    for (Job* job : jobs) job->answer = 2 * job->asked;
  }
  void run(Job& job) {
    together_.run(job, [this](std::span<Job* const> jobs) { serve(jobs); });
  }
  // The first job's thread, then all others; how many of these failed.
  int run_all() {
    std::atomic<int> failed{0};
    std::vector<Job> jobs(kOthers + 1);
    std::vector<std::thread> threads;
    for (int i = 0; i <= kOthers; ++i) {
      jobs[static_cast<size_t>(i)].asked = i;
      threads.emplace_back([&, i] {
        Job& job = jobs[static_cast<size_t>(i)];
        const Context::Scope scope(Context().with_cancel(gone_));
        if (i > 0) ++arrived_;
        try {
          run(job);
          EXPECT_EQ(job.answer, 2 * i);
        } catch (const std::runtime_error&) {
          ++failed;
        }
      });
      while (i == 0 && calls_ == 0) std::this_thread::yield();
    }
    for (auto& thread : threads) thread.join();
    return failed;
  }

  static constexpr int kOthers = 20;
  Together<Job> together_;
  std::atomic<int> calls_{0}, arrived_{0};
  size_t most_ = 0;
  bool fails_ = false;
  CancelSource gone_;  // of all callers
};

TEST_F(Joint, WhoeverWaitsIsServedTogether) {
  EXPECT_EQ(run_all(), 0);
  EXPECT_GT(most_, 1u);
  EXPECT_LE(calls_, kOthers);
}

TEST_F(Joint, WhatFailsFailsForThoseOfTheCallAndTheNextIsServed) {
  fails_ = true;
  EXPECT_GT(run_all(), 1);
  Job job{21};
  run(job);
  EXPECT_EQ(job.answer, 42);
}

// The message of a runtime_error is shared by its copies; each waiter's is its own.
TEST(OwnError, HasTheCodeAndTheWordsInAnotherMessage) {
  const auto first = std::make_exception_ptr(Error(Code::Corrupt, "row 7 is damaged"));
  const auto words = [](const std::exception_ptr& error) -> const char* {
    try {
      std::rethrow_exception(error);
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::Corrupt);
      EXPECT_STREQ(e.what(), "row 7 is damaged");
      return e.what();
    }
  };
  const auto second = own_error(first);
  EXPECT_NE(words(first), words(second));
  const auto other = std::make_exception_ptr(std::bad_alloc());
  EXPECT_EQ(own_error(other), other);
  EXPECT_EQ(own_error(nullptr), nullptr);
}

// One caller's end is not the others': here all are gone, and serve() sees nothing of it.
TEST_F(Joint, JointWorkDoesNotEndWithItsCallers) {
  gone_.cancel();
  EXPECT_EQ(run_all(), 0);
  EXPECT_GT(most_, 1u);
}

TEST_F(Joint, WhoIsAloneWorksUnderItsOwnContext) {
  gone_.cancel();
  const Context::Scope scope(Context().with_cancel(gone_));
  Job job{1};
  EXPECT_THROW(together_.run(job, [](std::span<Job* const>) { Context::current().check(); }), Error);
}

}  // namespace
}  // namespace hanok::base
