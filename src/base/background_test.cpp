#include "base/background.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "base/log.h"

namespace hanok::base {
namespace {

TEST(Background, OnePieceOfWorkAtATime) {
  Background background;
  std::atomic<int> runs{0};
  const auto until_stopped = [&](const std::atomic<bool>& stop) {
    ++runs;
    while (!stop) std::this_thread::yield();
  };
  EXPECT_TRUE(background.start(until_stopped));
  EXPECT_FALSE(background.start(until_stopped));
  EXPECT_TRUE(background.running());
  background.stop();
  EXPECT_FALSE(background.running());
  EXPECT_TRUE(background.start([&](const std::atomic<bool>&) { ++runs; }));
  background.wait();
  EXPECT_EQ(runs, 2);
}

TEST(Background, EndsWithItsOwner) {
  std::atomic<bool> ended{false};
  {
    Background background;
    background.start([&](const std::atomic<bool>& stop) {
      while (!stop) std::this_thread::yield();
      ended = true;
    });
  }
  EXPECT_TRUE(ended);
}

TEST(Background, AnErrorIsLoggedAndTheNextWorkRuns) {
  const auto level = log().level();
  log().set_level(spdlog::level::off);
  Background background;
  background.start([](const std::atomic<bool>&) { throw std::runtime_error("no"); });
  background.wait();
  std::atomic<bool> ran{false};
  EXPECT_TRUE(background.start([&](const std::atomic<bool>&) { ran = true; }));
  background.wait();
  EXPECT_TRUE(ran);
  log().set_level(level);
}

}  // namespace
}  // namespace hanok::base
