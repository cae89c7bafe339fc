#include "store/script_means.h"

#include <algorithm>

#include "store/snapshot.h"

namespace hanok::store {
namespace {

std::vector<ChunkId> evenly_spread(const Bitmap& set, size_t most) {
  const uint64_t n = set.cardinality();
  if (n <= most) return {set.begin(), set.end()};
  std::vector<ChunkId> out(most);
  for (size_t i = 0; i < most; ++i) set.select(static_cast<uint32_t>((2 * i + 1) * n / (2 * most)), &out[i]);
  return out;
}

const StoredSnapshot& stored(const Snapshot& snapshot) {
  if (const auto* out = dynamic_cast<const StoredSnapshot*>(&snapshot)) return *out;
  throw Error(Code::Unsupported, "collection '" + snapshot.name() + "': its store does not know passages by script");
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

std::vector<ScriptMean> script_means(const Snapshot& snapshot) {
  const auto means = stored(snapshot).scripts();
  return {means->means().begin(), means->means().end()};
}

std::vector<text::Script> scripts(const Snapshot& snapshot) {
  const auto means = stored(snapshot).scripts();
  std::vector<text::Script> out;
  for (size_t s = 0; s < text::kScripts; ++s)
    if (!means->scripts().of(static_cast<text::Script>(s)).isEmpty()) out.push_back(static_cast<text::Script>(s));
  return out;
}

std::vector<text::Script> scripts_of(const Snapshot& snapshot, std::span<const ChunkId> ids) {
  const auto means = stored(snapshot).scripts();
  std::vector<text::Script> out;
  for (const ChunkId id : ids) out.push_back(means->scripts().of(id));
  return out;
}

std::vector<Match> search_dense(const Snapshot& snapshot, std::span<const float> query, size_t k, const Filter& filter,
                                text::Script script) {
  return stored(snapshot).search_dense(query, k, filter, script);
}

}  // namespace hanok::store
