#include "index/graph/graph.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "base/random.h"
#include "math/distance.h"

namespace hanok::index {
namespace {

constexpr size_t kLeastShare = 4;  // a walk expands a quarter of ef at least

// Two lines of neighbours are on their way while the node before is being measured.
inline void prefetch_row(const Graph& graph, uint32_t node) {
  const uint32_t* row = graph.row(node);
  for (size_t at = 0; at < graph.degree; at += 16) __builtin_prefetch(row + at);
}

}  // namespace

double walk_factor(Reach reach, Growth growth) {
  const double few = std::log(kGrowthNear), many = std::log(kGrowthFar);
  const double times = std::log(std::max(1.0, static_cast<double>(reach.ef) / static_cast<double>(reach.k)));
  if (times <= few) return std::exp(times * growth.near);
  if (times >= many) return std::exp(times * growth.far);
  const double share = (times - few) / (many - few);
  return std::exp((1 - share) * few * growth.near + share * many * growth.far);
}

size_t Graph::row_length(uint32_t node) const {
  size_t n = 0;
  while (n < degree && row(node)[n] != kNoNode) ++n;
  return n;
}

Walk::Walk(const Graph& graph, const uint8_t* query_record, Reach reach, WalkMemory& scratch)
    : graph_(graph),
      query_(query_record),
      s_(scratch),
      k_(graph.growth.far > 0 ? reach.k : 0),
      removed_(reach.removed),
      least_(k_ ? std::max(reach.k, reach.ef / kLeastShare) : SIZE_MAX),
      factor_(k_ ? walk_factor(reach, graph.growth) : 0),
      limit_(INT32_MAX) {
  s_.visited.fit(graph.size);
  s_.pool.reset(k_ ? kWalkMost * reach.ef : reach.ef);
  s_.touched.clear();
  const size_t most = std::max(graph.degree, Entries::kMost);
  if (s_.fresh.size() < most) {
    s_.fresh.resize(most);
    s_.distances.resize(most);
  }
  uint32_t first[Entries::kMost];
  const size_t n = graph.entries.nearest(query_record, starts(reach.ef), first);
  for (size_t i = 0; i < n; ++i) {
    s_.fresh[fresh_] = first[i];
    fresh_ += s_.visited.insert(first[i]);
  }
}

Walk::~Walk() {
  s_.visited.clear(s_.touched);
  for (size_t i = 0; i < fresh_; ++i) s_.visited.clear(s_.fresh[i]);
}

// Position of the k-th nearest that counts; beyond the pool where there are fewer.
size_t Walk::kth() const {
  if (!removed_) return k_ - 1;
  size_t at = 0;
  for (size_t left = k_; at < s_.pool.size(); ++at)
    if (!removed_[s_.pool.node(at)] && --left == 0) break;
  return at;
}

bool Walk::reached() {
  const Pool& pool = s_.pool;
  if (!pool.has_next()) return true;
  if (k_ == 0 || pool.size() < k_) return false;
  const size_t at = kth();
  if (at >= pool.size()) return false;
  const double distance = pool.distance(at);
  limit_ = static_cast<int32_t>(std::min<double>(INT32_MAX, std::max(distance, factor_ * std::max(0.0, distance))));
  return pool.next_position() >= least_ && pool.distance(pool.next_position()) > limit_;
}

bool Walk::step() {
  const size_t degree = graph_.degree;
  const auto nodes = static_cast<uint32_t>(graph_.size);
  uint32_t* fresh = s_.fresh.data();
  math::distance().scan_records(query_, graph_.records.data(), graph_.projection.lines(), fresh, fresh_,
                                s_.distances.data());
  s_.touched.insert(s_.touched.end(), fresh, fresh + fresh_);
  const int32_t* distances = s_.distances.data();
  int32_t most = farthest_kept();
  for (size_t i = 0; i < fresh_; ++i) {
    if (distances[i] > most) continue;
    s_.pool.insert(distances[i], fresh[i]);
    if (s_.pool.has_next() && s_.pool.peek_next() == fresh[i])
      prefetch_row(graph_, fresh[i]);  // it may well be the next
    most = farthest_kept();
  }
  if (reached()) return false;
  const uint32_t* row = graph_.row(s_.pool.take_next());
  if (s_.pool.has_next()) prefetch_row(graph_, s_.pool.peek_next());
  fresh_ = 0;
  for (size_t i = 0; i < degree; ++i) {
    const uint32_t node = row[i];
    if (node >= nodes) {
      if (node == kNoNode) break;
      continue;
    }
    fresh[fresh_] = node;
    fresh_ += s_.visited.insert(node);
  }
  return true;
}

void Walk::prefetch() const {
  constexpr size_t kLine = Projection::kLine;
  const size_t bytes = graph_.projection.record_bytes();
  for (size_t i = 0; i < fresh_; ++i)
    for (size_t at = 0; at < bytes; at += kLine) __builtin_prefetch(graph_.record(s_.fresh[i]) + at);
}

void walk(const Graph& graph, const uint8_t* query_record, Reach reach, WalkMemory& scratch) {
  Walk whole(graph, query_record, reach, scratch);
  while (whole.step()) {
  }
}

size_t starts(size_t ef) {
  constexpr size_t kLeast = 4, kShare = 4;
  return std::clamp(ef / kShare, kLeast, Entries::kMost);
}

std::vector<uint32_t> choose_entries(size_t nodes, uint64_t seed) {
  constexpr size_t kEntries = 1024;
  base::Random random(seed);
  std::vector<uint32_t> out;
  for (size_t i = 0; i < std::min(nodes, kEntries); ++i) out.push_back(static_cast<uint32_t>(random.below(nodes)));
  return out;
}

}  // namespace hanok::index
