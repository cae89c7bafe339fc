#include "base/workers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace hanok::base {
namespace {

TEST(WorkersConcurrent, StopRunsWhatWaits) {
  std::atomic<int> done{0};
  {
    Workers workers(3, 1000);
    for (int i = 0; i < 500; ++i) EXPECT_TRUE(workers.submit(std::to_string(i % 7), [&] { ++done; }));
  }
  EXPECT_EQ(done, 500);
}

TEST(WorkersConcurrent, MoreThanMayWaitAreRefused) {
  Workers workers(1, 2);
  std::promise<void> open, inside;
  EXPECT_TRUE(workers.submit("a", [&] {
    inside.set_value();
    open.get_future().wait();
  }));
  inside.get_future().wait();
  EXPECT_TRUE(workers.submit("a", [] {}));
  EXPECT_TRUE(workers.submit("b", [] {}));
  EXPECT_FALSE(workers.submit("c", [] {}));
  EXPECT_EQ(workers.busy(), 1u);
  EXPECT_EQ(workers.waiting(), 2u);
  open.set_value();
  workers.stop();
  EXPECT_FALSE(workers.submit("a", [] {}));
}

TEST(WorkersConcurrent, ThoseOfDifferentCallersTakeTurns) {
  Workers workers(1, 100);
  std::promise<void> open;
  std::string order;
  workers.submit("", [&] { open.get_future().wait(); });
  for (int i = 0; i < 4; ++i) workers.submit("many", [&] { order += 'm'; });
  workers.submit("few", [&] { order += 'f'; });
  open.set_value();
  workers.stop();
  EXPECT_EQ(order, "mfmmm");
}

TEST(WorkersConcurrent, WhatAPieceHoldsMaySubmitWhenItIsFreed) {
  Workers workers(1, 10);
  std::promise<void> freed;
  workers.submit(
      "a", [held = std::shared_ptr<void>(nullptr, [&](void*) { workers.submit("b", [&] { freed.set_value(); }); })] {});
  EXPECT_EQ(freed.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
}

TEST(WorkersConcurrent, WhatIsThrownEndsThePieceAlone) {
  std::atomic<bool> ran{false};
  Workers workers(1, 10);
  workers.submit("a", [] { throw std::runtime_error("a piece that fails, on purpose"); });
  workers.submit("a", [&] { ran = true; });
  workers.stop();
  EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace hanok::base
