#include "hanok/context.h"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "base/background.h"
#include "base/threads.h"
#include "hanok/error.h"

namespace hanok {
namespace {

template <class Body>
Code code_of(Body body) {
  try {
    body();
  } catch (const Error& e) {
    return e.code();
  }
  return Code::Internal;
}

TEST(Context, EndsForEachReasonOnItsOwn) {
  const CancelSource first, second;
  const Context outer = Context().with_cancel(first), inner = outer.with_cancel(second);
  second.cancel();
  EXPECT_FALSE(outer.ended()) << "the inner work was cancelled alone";
  EXPECT_TRUE(inner.ended());
  second.reset();
  EXPECT_FALSE(inner.ended());
  first.cancel();
  EXPECT_EQ(code_of([&] { inner.check(); }), Code::Cancelled);
}

TEST(Context, DeadlinesPassAndTheEarliestCounts) {
  EXPECT_TRUE(std::isinf(Context().seconds_left()));
  const Context soon = Context().with_timeout(1000).with_timeout(0);
  EXPECT_EQ(soon.seconds_left(), 0);
  EXPECT_TRUE(soon.ended());
  EXPECT_EQ(code_of([&] { soon.check(); }), Code::Unavailable);
  const Context later = soon.with_timeout(1000);
  EXPECT_TRUE(later.ended()) << "an inner deadline gives no more time";
  EXPECT_GT(Context().with_timeout(1e300).seconds_left(), 1e9);
}

TEST(Context, BelongsToAThreadAndItsScope) {
  const CancelSource stop;
  stop.cancel();
  {
    const Context::Scope scope(Context().with_cancel(stop).with_threads(3));
    EXPECT_EQ(Context::current().threads(), 3u);
    std::thread([] { EXPECT_FALSE(Context::current().ended()); }).join();
    {
      const Context::Scope other((Context()));
      EXPECT_FALSE(Context::current().ended());
    }
    EXPECT_THROW(base::check_interrupt(), Error);
  }
  EXPECT_NO_THROW(base::check_interrupt());
}

TEST(Context, IsThatOfTheCallerInEveryBody) {
  const CancelSource stop;
  stop.cancel();
  const Context::Scope scope(Context().with_cancel(stop));
  std::atomic<int> ended{0};
  base::parallel_for(
      64, 1, [&](size_t, size_t, size_t) { ended += Context::current().ended(); }, 4);
  EXPECT_EQ(ended, 64);
  EXPECT_EQ(code_of([] {
              base::parallel_for(
                  64, 1, [](size_t, size_t, size_t) { base::check_interrupt(); }, 4);
            }),
            Code::Cancelled);
}

TEST(Context, TellsHowFarTheWorkIs) {
  std::vector<uint64_t> seen;
  const Context told = Context().with_progress([&](const Progress& p) { seen.push_back(p.done); });
  {
    const Context::Scope scope(told);
    EXPECT_TRUE(Context::current().tells_progress());
    Context::current().tell({1, 3, "count"});
    {
      const Context::Scope quietly(Context::current().with_progress({}));
      EXPECT_FALSE(Context::current().tells_progress());
      Context::current().tell({2, 3, "count"});
    }
    base::parallel_for(
        1, 1,
        [](size_t, size_t, size_t) {
          Context::current().tell({3, 3, "count"});
        },
        2);
  }
  Context::current().tell({4, 4, "count"});
  EXPECT_EQ(seen, (std::vector<uint64_t>{1, 3}));
  const Context::Scope scope(Context().with_progress([](const Progress&) { throw Error(Code::Cancelled, "enough"); }));
  EXPECT_EQ(code_of([] { Context::current().tell({1, 1, "count"}); }), Code::Cancelled);
}

TEST(Context, WorkInTheBackgroundOutlivesTheCallAndKeepsItsThreads) {
  base::Background background;
  std::atomic<bool> ended{true};
  std::atomic<size_t> threads{0};
  {
    const Context::Scope scope(Context().with_timeout(0).with_threads(5));
    background.start([&](const std::atomic<bool>&) {
      ended = Context::current().ended();
      threads = Context::current().threads();
    });
  }
  background.wait();
  EXPECT_FALSE(ended);
  EXPECT_EQ(threads, 5u);
  std::atomic<bool> cancelled{false};
  background.start([&](const std::atomic<bool>&) {
    while (!Context::current().ended()) std::this_thread::yield();
    cancelled = true;
  });
  background.stop();
  EXPECT_TRUE(cancelled) << "stop() ends the context too";
}

}  // namespace
}  // namespace hanok
