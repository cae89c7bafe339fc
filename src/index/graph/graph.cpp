#include "index/graph/graph.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "math/distance.h"

namespace hanok::index {
namespace {

// Two lines of neighbours are on their way while the node before is being measured.
inline void prefetch_row(const Graph& graph, uint32_t node) {
  const uint32_t* row = graph.row(node);
  for (size_t at = 0; at < graph.degree; at += 16) __builtin_prefetch(row + at);
}

// When a walk is done, and what it need not keep.
class Stop {
 public:
  Stop(Reach reach, double growth)
      : k_(growth > 0 ? reach.k : 0),
        least_(k_ ? std::max(reach.k, reach.ef / kLeastShare) : SIZE_MAX),
        factor_(k_ ? walk_factor(reach, growth) : 0) {}

  bool keeps(const Pool& pool, int32_t distance) const {
    return pool.accepts(distance) && (distance <= limit_ || pool.size() < least_);
  }
  /// Before each expansion.
  bool reached(const Pool& pool) {
    if (!pool.has_next()) return true;
    if (k_ == 0 || pool.size() < k_) return false;
    const double kth = std::max(0, pool.distance(k_ - 1));
    limit_ = static_cast<int32_t>(std::min<double>(INT32_MAX, std::max(pool.distance(k_ - 1) + 0.0, factor_ * kth)));
    return pool.next_position() >= least_ && pool.distance(pool.next_position()) > limit_;
  }

 private:
  static constexpr size_t kLeastShare = 4;
  size_t k_, least_;
  double factor_;
  int32_t limit_ = INT32_MAX;
};

}  // namespace

double walk_factor(Reach reach, double growth) {
  return std::pow(std::max(1.0, static_cast<double>(reach.ef) / static_cast<double>(reach.k)), growth);
}

size_t Graph::row_length(uint32_t node) const {
  size_t n = 0;
  while (n < degree && row(node)[n] != kNoNode) ++n;
  return n;
}

void walk(const Graph& graph, const uint8_t* query_record, Reach reach, WalkScratch& s) {
  const auto scan = math::distance().scan_records;
  const size_t lines = graph.projection.lines(), degree = graph.degree;
  const auto nodes = static_cast<uint32_t>(graph.size);
  s.visited.fit(graph.size);
  Stop stop(reach, graph.growth);
  s.pool.reset(reach.k && graph.growth > 0 ? kWalkMost * reach.ef : reach.ef);
  s.touched.clear();
  if (s.fresh.size() < std::max(degree, graph.entries.size())) {
    s.fresh.resize(std::max(degree, graph.entries.size()));
    s.distances.resize(s.fresh.size());
  }
  uint32_t* fresh = s.fresh.data();
  size_t n = 0;
  for (const uint32_t node : graph.entries)
    if (node < nodes && s.visited.insert(node)) fresh[n++] = node;
  for (;;) {
    scan(query_record, graph.records.data(), lines, fresh, n, s.distances.data());
    s.touched.insert(s.touched.end(), fresh, fresh + n);
    for (size_t i = 0; i < n; ++i)
      if (stop.keeps(s.pool, s.distances[i])) s.pool.insert(s.distances[i], fresh[i]);
    if (stop.reached(s.pool)) break;
    const uint32_t* row = graph.row(s.pool.take_next());
    if (s.pool.has_next()) prefetch_row(graph, s.pool.peek_next());
    n = 0;
    for (size_t i = 0; i < degree; ++i) {
      const uint32_t node = row[i];
      if (node >= nodes) {
        if (node == kNoNode) break;
        continue;
      }
      if (s.visited.insert(node)) fresh[n++] = node;
    }
  }
  s.visited.clear(s.touched);
}

std::vector<uint32_t> choose_entries(size_t nodes, uint64_t seed) {
  constexpr size_t kEntries = 64;
  base::Random random(seed);
  std::vector<uint32_t> out;
  for (size_t i = 0; i < std::min(nodes, kEntries); ++i) out.push_back(static_cast<uint32_t>(random.below(nodes)));
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace hanok::index
