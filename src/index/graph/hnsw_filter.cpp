// Search with a filter. Costs are counted in measured nodes.
//
// A walk that pays no heed to the filter is fast, and where the filter lets through much, or just what lies near the
// query, its pool holds enough that pass. So a small one is tried first. The share of its pool that passes, which is
// the share near this query and not that of the whole set, says how wide a walk must be to hold enough; it is taken
// where it costs less than half of a scan of all that pass. The scan ranks by code as the walk does. Whatever the
// filter, no query costs more than about 1.2 scans: that much is spent on trying.
#include "base/random.h"
#include "index/graph/hnsw.h"
#include "index/graph/search_memory.h"
#include "math/distance.h"

namespace hanok::index {
namespace {

constexpr double kSteps = 6;         // nodes measured for each one of ef, on real sets
constexpr double kPredicate = 0.25;  // asking a predicate about one id
constexpr double kListed = 0.75;     // finding the slot of a listed id and measuring it, in order of memory
constexpr double kTrying = 0.2;      // of a scan
constexpr size_t kExactPerEf = 4;    // lists up to so many times ef are ranked by exact distance at once

class Spread {
 public:
  void add(double x) {
    ++n_;
    sum_ += x;
    squares_ += x * x;
  }
  double mean() const { return sum_ / static_cast<double>(n_); }
  double deviation() const { return std::sqrt(std::max(0.0, squares_ / static_cast<double>(n_) - mean() * mean())); }

 private:
  size_t n_ = 0;
  double sum_ = 0, squares_ = 0;
};

}  // namespace

// All that pass, by exact distance.
void Hnsw::exact(const PreparedQuery& query, size_t k, const IdFilter* filter, std::vector<Found>& out) const {
  const HnswState& s = *state_;
  Nearest nearest(k, Nearer{s.ids});
  for (uint32_t slot = 0; slot < s.slots(); ++slot)
    if (!s.dead[slot] && (!filter || filter->accepts(s.ids[slot])))
      nearest.offer({sound(s.vectors.distance(query, slot)), slot});
  out = nearest.take();
}

/// Live slots that pass.
std::vector<uint32_t> Hnsw::slots_of(const IdFilter& filter) const {
  const HnswState& s = *state_;
  std::vector<uint32_t> out;
  const auto listed = filter.listed();
  if (!listed) {
    for (uint32_t slot = 0; slot < s.slots(); ++slot)
      if (!s.dead[slot] && filter.accepts(s.ids[slot])) out.push_back(slot);
    return out;
  }
  out.reserve(listed->size());
  const std::span<const Id> known(s.ids.data(), s.slots());
  const IdMap* map = nullptr;
  for (const Id id : *listed) {
    auto slot = static_cast<uint32_t>(id);  // ids that count from 0 are their own slots: no look into the map
    if (id < 0 || static_cast<size_t>(id) >= known.size() || known[static_cast<size_t>(id)] != id || s.dead[slot]) {
      if (!map) map = &this->map();
      slot = map->find(id, known);
    }
    if (slot != IdMap::kNone && filter.accepts_listed(id)) out.push_back(slot);
  }
  return out;
}

void Hnsw::rank(const PreparedQuery& query, std::span<const uint32_t> slots, size_t k, std::vector<Found>& out) const {
  constexpr size_t kAhead = 4;
  const HnswState& s = *state_;
  Nearest nearest(k, Nearer{s.ids});
  for (size_t i = 0; i < slots.size(); ++i) {
    if (i + kAhead < slots.size()) s.vectors.prefetch(slots[i + kAhead]);
    nearest.offer({sound(s.vectors.distance(query, slots[i])), slots[i]});
  }
  out = nearest.take();
}

// By code first; then the ef that look nearest by exact distance, and on until what the codes left out is too far:
// distance and code differ by an error whose mean and spread the ranked ones show. Far from the query, where a filter
// may have all its matches, distances lie close together and that takes many more than ef.
void Hnsw::scan_codes(const PreparedQuery& query, std::span<const uint32_t> slots, size_t k, size_t ef,
                      std::vector<Found>& out) const {
  const HnswState& s = *state_;
  Nearest nearest(k, Nearer{s.ids});
  const auto exactly = [&](uint32_t slot) {
    const float distance = sound(s.vectors.distance(query, slot));
    nearest.offer({distance, slot});
    return distance;
  };
  const size_t keep = std::max(ef, 2 * k);
  if (slots.size() <= std::max(kExactPerEf * ef, keep)) return rank(query, slots, k, out);
  Local& mine = local();
  const auto& codes = code_distances(slots);
  Pool& pool = mine.walk.pool;
  pool.reset(keep);
  for (size_t i = 0; i < slots.size(); ++i)
    if (codes[i] <= pool.farthest()) pool.insert(codes[i], slots[i]);
  Spread error;
  const double step = s.graph->projection.distance_step(query.floats.data());
  constexpr double kSigmas = 4;
  int64_t from = INT64_MIN, to = pool.distance(pool.size() - 1);
  while (from < to) {
    for (size_t i = 0; i < slots.size(); ++i)
      if (codes[i] > from && codes[i] <= to) error.add(exactly(slots[i]) - step * codes[i]);
    from = to;
    const double worst = nearest.full() ? nearest.worst().distance : INFINITY;
    const double reach = (worst - error.mean() + kSigmas * error.deviation()) / step;
    to = reach < INT32_MAX ? static_cast<int64_t>(std::max(reach, static_cast<double>(INT32_MIN))) : INT32_MAX;
  }
  out = nearest.take();
}

/// Of these slots, by code to the query's record; those being linked just now have no code yet and come first.
const std::vector<int32_t>& Hnsw::code_distances(std::span<const uint32_t> slots) const {
  const Graph& graph = *state_->graph;
  Local& mine = local();
  std::vector<int32_t>& out = mine.walk.distances;
  out.resize(std::max(out.size(), slots.size()));
  std::vector<uint32_t>& coded = mine.walk.fresh;
  constexpr size_t kAtOnce = 256;
  coded.resize(std::max(coded.size(), kAtOnce));
  for (size_t at = 0; at < slots.size(); at += kAtOnce) {
    const size_t n = std::min(kAtOnce, slots.size() - at);
    for (size_t i = 0; i < n; ++i) coded[i] = slots[at + i] < graph.size ? slots[at + i] : 0;
    math::distance().scan_records(mine.query_record, graph.records.data(), graph.projection.lines(), coded.data(), n,
                                  out.data() + at);
    for (size_t i = 0; i < n; ++i)
      if (slots[at + i] >= graph.size) out[at + i] = 0;
  }
  return out;
}

void Hnsw::filtered(const PreparedQuery& query, size_t k, const SearchOptions& options, std::vector<Found>& out) const {
  const HnswState& s = *state_;
  const IdFilter& filter = *options.filter;
  const size_t ef = ef_for(k, options);
  const auto listed = filter.listed();
  if (listed && (!s.graph || listed->size() <= kExactPerEf * ef)) return rank(query, slots_of(filter), k, out);
  if (!s.graph) return exact(query, k, &filter, out);
  Local& mine = local();
  mine.query_record = mine.aligned_record(s.graph->projection.record_bytes());
  s.graph->projection.encode_query(query.floats.data(), mine.query_record, mine.projection);
  const auto n = static_cast<double>(s.slots());
  const double cost = listed ? static_cast<double>(listed->size()) * kListed
                             : n * kPredicate + static_cast<double>(filter.expected_matches().value_or(0));
  if (!filtered_walk(query, k, ef, filter, cost, out)) scan_codes(query, slots_of(filter), k, ef, out);
}

// False when not enough pass near the query for what a scan costs.
bool Hnsw::filtered_walk(const PreparedQuery& query, size_t k, size_t ef, const IdFilter& filter, double scan_cost,
                         std::vector<Found>& out) const {
  const HnswState& s = *state_;
  Local& mine = local();
  const size_t need = k + k / 2 + 4;  // beyond k, as the farthest of a pool are the least certain
  double left = kTrying * scan_cost;
  for (size_t wide = ef;;) {
    const double cost = kSteps * static_cast<double>(wide);
    if (cost > left || wide >= s.slots()) return false;
    left -= cost;
    walk(*s.graph, mine.query_record, {.ef = wide}, mine.walk);
    const Pool& pool = mine.walk.pool;
    std::vector<uint32_t>& live = mine.live;
    live.clear();
    for (size_t i = 0; i < pool.size(); ++i)
      if (!s.dead[pool.node(i)] && filter.accepts(s.ids[pool.node(i)])) live.push_back(pool.node(i));
    if (live.size() >= need) break;
    const double share = (static_cast<double>(live.size()) + 0.5) / static_cast<double>(wide);
    constexpr double kMargin = 1.25, kWorthIt = 0.5;
    const double wanted = kMargin * static_cast<double>(need) / share;
    if (kSteps * wanted > kWorthIt * scan_cost) return false;
    left = std::max(left, kWorthIt * scan_cost);
    wide = std::max(2 * wide, static_cast<size_t>(wanted));
  }
  const std::span<const uint32_t> live(mine.live);
  rank(query, live.first(std::min(live.size(), default_rerank(k, live.size()))), k, out);
  return true;
}

}  // namespace hanok::index
