#include "store/tiers.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "base/random.h"

namespace hanok::store {
namespace {

struct Simulation {
  std::vector<uint64_t> sizes;
  uint64_t written = 0, added = 0;
  size_t most = 0;

  void add(uint64_t size, const TierOptions& options) {
    sizes.push_back(size);
    added += size;
    for (;;) {
      const auto [begin, end] = pieces_to_merge(sizes, options);
      if (begin == end) break;
      const uint64_t total = std::accumulate(sizes.begin() + begin, sizes.begin() + end, uint64_t{0});
      sizes.erase(sizes.begin() + begin, sizes.begin() + end);
      sizes.insert(sizes.begin() + begin, total);
      written += total;
    }
    most = std::max(most, sizes.size());
  }
};

TEST(Tiers, EqualPiecesAreRewrittenOnceALevel) {
  Simulation s;
  for (int i = 0; i < 32'768; ++i) s.add(4000, {});
  EXPECT_LE(s.written, 8 * s.added);  // log8(32,768) = 5, and some pieces are taken early
  EXPECT_LE(s.most, 50u);
}

TEST(Tiers, AnyMixtureStaysNearLinearAndFewPieces) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    base::Random random(seed);
    Simulation s;
    for (int i = 0; i < 20'000; ++i) s.add(1ull << random.below(18), {});
    EXPECT_LE(s.written, 8 * s.added) << seed;
    EXPECT_LE(s.most, 80u) << seed;
  }
}

TEST(Tiers, LargePiecesAreLeftAlone) {
  const TierOptions options{.unit = 10, .fan = 4, .largest = 100};
  const std::vector<uint64_t> sizes{90, 90, 90, 90, 90, 90};
  const auto [begin, end] = pieces_to_merge(sizes, options);
  EXPECT_EQ(begin, end);
}

}  // namespace
}  // namespace hanok::store
