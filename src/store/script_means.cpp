#include "store/script_means.h"

#include <algorithm>

namespace hanok::store {
namespace {

std::vector<ChunkId> evenly_spread(const Bitmap& set, size_t most) {
  const uint64_t n = set.cardinality();
  if (n <= most) return {set.begin(), set.end()};
  std::vector<ChunkId> out(most);
  for (size_t i = 0; i < most; ++i) set.select(static_cast<uint32_t>((2 * i + 1) * n / (2 * most)), &out[i]);
  return out;
}

}  // namespace

std::span<const ScriptMean> ScriptMeans::means() const {
  std::call_once(once_, [&] {
    for (size_t s = 0; vectors_ && s < text::kScripts; ++s) {
      const auto script = static_cast<text::Script>(s);
      const auto sample = evenly_spread(scripts_.of(script), kMeanSample);
      auto [rows, mean] = vectors_->mean(sample);
      if (rows > 0)
        means_.push_back({script, rows * scripts_.of(script).cardinality() / sample.size(), std::move(mean)});
    }
  });
  return means_;
}

}  // namespace hanok::store
