#include "base/near_keys.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "base/random.h"

namespace hanok::base {
namespace {

TEST(NearKeys, SortAsDistancesAndThenNumbersDo) {
  constexpr float kLargest = std::numeric_limits<float>::max(), kInfinity = std::numeric_limits<float>::infinity();
  const std::vector<float> rising = {-kInfinity, -kLargest, -1, -1e-40f, 0, 1e-40f, 1, 1.0000001f, kLargest, kInfinity};
  for (size_t i = 0; i + 1 < rising.size(); ++i) EXPECT_LT(near_key(rising[i], UINT32_MAX), near_key(rising[i + 1], 0));
  EXPECT_LT(near_key(2, 3), near_key(2, 4));
  for (const float d : rising) {
    EXPECT_EQ(distance_of(near_key(d, 7)), d);
    EXPECT_EQ(number_of(near_key(d, UINT32_MAX - 1)), UINT32_MAX - 1);
  }
}

TEST(NearKeys, TheNearestStandInFront) {
  Random random(3);
  for (const size_t n : {0, 1, 2, 9, 24, 25, 100, 1000, 5000})
    for (const size_t k : {0, 1, 2, 10, 24, 99, 100, 999, 6000})
      for (const uint64_t kinds : {1, 3, 1'000'000}) {  // of distances: many ties, few, hardly any
        std::vector<uint64_t> keys(n);
        for (size_t i = 0; i < n; ++i)
          keys[i] = near_key(static_cast<float>(random.below(kinds)) - 5, static_cast<uint32_t>(i));
        if (kinds == 3) std::sort(keys.begin(), keys.end(), std::greater<>());
        auto sorted = keys;
        std::sort(sorted.begin(), sorted.end());
        nearest_first(keys.data(), n, k);
        const auto front = static_cast<std::ptrdiff_t>(std::min(n, k));
        std::sort(keys.begin(), keys.begin() + front);
        EXPECT_TRUE(std::equal(keys.begin(), keys.begin() + front, sorted.begin())) << n << " " << k << " " << kinds;
        std::sort(keys.begin(), keys.end());
        EXPECT_EQ(keys, sorted);
      }
}

}  // namespace
}  // namespace hanok::base
