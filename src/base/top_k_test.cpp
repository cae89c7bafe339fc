#include "base/top_k.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace hanok::base {
namespace {

TEST(TopK, IsTheHeadOfTheSortedStream) {
  Random random(1);
  for (const size_t n : {0, 1, 2, 7, 100})
    for (const size_t k : {0, 1, 2, 7, 100, 1000}) {
      std::vector<int> all(n);
      for (int& x : all) x = static_cast<int>(random.below(20));
      TopK<int, std::greater<>> top(k);
      for (const int x : all) {
        const bool open = top.open_to(x), enters = !top.full() || (k > 0 && x > top.worst());
        EXPECT_EQ(open, enters);
        top.offer(x);
      }
      std::sort(all.begin(), all.end(), std::greater<>());
      all.resize(std::min(n, k));
      EXPECT_EQ(top.take(), all);
      EXPECT_TRUE(top.found().empty());
    }
}

}  // namespace
}  // namespace hanok::base
