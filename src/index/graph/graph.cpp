#include "index/graph/graph.h"

#include "base/random.h"
#include "math/distance.h"

namespace hanok::index {
namespace {

// Two lines of neighbours are on their way while the node before is being measured.
inline void prefetch_row(const Graph& graph, uint32_t node) {
  const uint32_t* row = graph.row(node);
  for (size_t at = 0; at < graph.degree; at += 16) __builtin_prefetch(row + at);
}

}  // namespace

size_t Graph::row_length(uint32_t node) const {
  size_t n = 0;
  while (n < degree && row(node)[n] != kNoNode) ++n;
  return n;
}

void walk(const Graph& graph, const uint8_t* query_record, size_t ef, WalkScratch& s) {
  const auto scan = math::distance().scan_records;
  const size_t lines = graph.projection.lines(), degree = graph.degree;
  const auto nodes = static_cast<uint32_t>(graph.size);
  s.visited.fit(graph.size);
  s.pool.reset(ef);
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
      if (s.pool.accepts(s.distances[i])) s.pool.insert(s.distances[i], fresh[i]);
    if (!s.pool.has_next()) break;
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
