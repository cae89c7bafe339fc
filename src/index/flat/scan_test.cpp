// The integer kernels of the exact scan by themselves; what is made of them: flat_test.cpp.
#include "index/flat/scan.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace hanok::index {
namespace {

struct Tile {
  std::vector<uint8_t> block;  // [groups, 16, 4]
  std::vector<int8_t> tile;    // [groups, kScanQueries, 4]
};

/// Codes within the limits of a version; `largest`: all of them as large as may be, of one sign.
Tile make_tile(const ScanKernels& kernels, size_t groups, bool largest) {
  base::Random random(groups);
  const auto code = [&](int limit) {
    return largest ? limit : static_cast<int>(random.below(static_cast<uint64_t>(2 * limit + 1))) - limit;
  };
  Tile out{std::vector<uint8_t>(groups * kScanRows * 4), std::vector<int8_t>(groups * kScanQueries * 4)};
  for (auto& v : out.block) v = static_cast<uint8_t>(code(kernels.row_limit) + kernels.row_offset);
  for (auto& v : out.tile) v = static_cast<int8_t>(code(kernels.query_limit));
  return out;
}

TEST(Scan, EveryVersionSumsLikeTheScalar) {
  const ScanKernels scalar = math::kernels<ScanKernels>({});
  for (const math::Features cpu : math::testable_features()) {
    const ScanKernels kernels = math::kernels<ScanKernels>(cpu);
    for (const size_t groups : {4, 8, 28, 16384})  // the last: 65,536 numbers, as many as a vector may have
      for (const bool largest : {false, true}) {
        const Tile t = make_tile(kernels, groups, largest);
        for (size_t n = 1; n <= kScanQueries; ++n) {
          std::vector<int32_t> found(n * kScanRows + 1, 77), expected(n * kScanRows + 1, 77);
          kernels.dots(t.block.data(), groups, t.tile.data(), n, found.data());
          scalar.dots(t.block.data(), groups, t.tile.data(), n, expected.data());
          ASSERT_EQ(found, expected) << math::features_name(cpu) << ", " << groups << " groups, " << n << " queries";
        }
      }
  }
}

}  // namespace
}  // namespace hanok::index
