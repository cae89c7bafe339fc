// Searching: walk, rank, and the plan for filters.
#include <algorithm>
#include <cmath>
#include <limits>
#include <queue>

#include "base/random.h"
#include "index/graph/hnsw.h"
#include "math/distance.h"

namespace hanok::index {
namespace {

constexpr size_t kDefaultEf = 64;  // about .995 of ten neighbours on the sets of bench/ann

// A thread's own memory: a search of some microseconds must not allocate.
struct Local {
  WalkScratch walk;
  Projection::Scratch projection;
  PreparedQuery query;
  std::vector<uint8_t> record;
  std::vector<uint32_t> live;  // what a walk found and nobody removed
  uint8_t* aligned_record(size_t bytes) {
    constexpr size_t kLine = 64;
    if (record.size() < bytes + kLine) record.resize(bytes + kLine);
    return record.data() + (kLine - reinterpret_cast<uintptr_t>(record.data()) % kLine) % kLine;
  }
};

Local& local() {
  thread_local Local mine;
  return mine;
}

// A damaged file may hold NaN; sorting must not meet one.
inline float sound(float distance) { return std::isnan(distance) ? std::numeric_limits<float>::infinity() : distance; }

// The k nearest of a stream; ties by id.
class Nearest {
 public:
  Nearest(size_t k, const Buffer<Id>& ids) : k_(k), ids_(ids) {}
  void offer(float distance, uint32_t slot) {
    const auto order = [this](const Item& a, const Item& b) { return less(a, b); };
    if (heap_.size() == k_ && !less({distance, slot}, heap_.front())) return;
    if (heap_.size() == k_) {
      std::pop_heap(heap_.begin(), heap_.end(), order);
      heap_.pop_back();
    }
    heap_.push_back({distance, slot});
    std::push_heap(heap_.begin(), heap_.end(), order);
  }
  template <typename Found>
  void sorted(std::vector<Found>& out) {
    std::sort_heap(heap_.begin(), heap_.end(), [this](const Item& a, const Item& b) { return less(a, b); });
    out.clear();
    for (const Item& i : heap_) out.push_back({i.distance, i.slot});
  }

 private:
  struct Item {
    float distance;
    uint32_t slot;
  };
  bool less(const Item& a, const Item& b) const {
    return a.distance != b.distance ? a.distance < b.distance : ids_[a.slot] < ids_[b.slot];
  }
  size_t k_;
  const Buffer<Id>& ids_;
  std::vector<Item> heap_;
};

bool passes(const IdFilter& filter, Id id) {
  if (filter.accepts) return filter.accepts(id);
  if (filter.ids.empty()) return filter.expected_matches != size_t{0};  // a set that is known to be empty
  return std::binary_search(filter.ids.begin(), filter.ids.end(), id);
}

bool is_filter(const IdFilter* filter) { return filter && (filter->accepts || !filter->ids.empty() || filter->expected_matches == 0); }

// Candidates ranked by code that are worth an exact distance. Codes mistake the order of near candidates only, so a pool of
// usual width needs 5/8 of it ranked anew; who asks for a wide one wants the last thousandth, which those mistakes would cost.
size_t default_rerank(size_t k, size_t ef) {
  constexpr size_t kAlways = 3, kUsual = 96, kWide = 256;
  const size_t more = std::clamp(ef, kUsual, kWide) - kUsual;
  return std::max(std::min(ef, kAlways * k), ef * 5 / 8 + ef * 3 / 8 * more / (kWide - kUsual));
}

}  // namespace

size_t Hnsw::ef_for(size_t k, const SearchOptions& options) const {
  return std::max(options.ef ? options.ef : ef_ ? ef_ : std::max(kDefaultEf, 2 * k), k);
}

std::vector<Match> Hnsw::matches(const std::vector<Found>& found) const {
  std::vector<Match> out;
  out.reserve(found.size());
  for (const Found& f : found) out.push_back({state_->ids[f.slot], metric() == Metric::L2 ? f.distance : -f.distance});
  return out;
}

template <typename Accepts>
void Hnsw::exact(const PreparedQuery& query, size_t k, const Accepts& accepts, std::vector<Found>& out) const {
  const HnswState& s = *state_;
  Nearest nearest(k, s.ids);
  for (uint32_t slot = 0; slot < s.slots(); ++slot)
    if (!s.dead[slot] && accepts(s.ids[slot])) nearest.offer(sound(s.vectors.distance(query, slot)), slot);
  nearest.sorted(out);
}

void Hnsw::exact_of(const PreparedQuery& query, size_t k, std::span<const Id> ids, const IdFilter& filter,
                    std::vector<Found>& out) const {
  constexpr size_t kAhead = 4;
  const HnswState& s = *state_;
  const std::span<const Id> known(s.ids.data(), s.slots());
  std::vector<uint32_t> slots;
  slots.reserve(ids.size());
  const IdMap& map = this->map();
  for (const Id id : ids) {
    const uint32_t slot = map.find(id, known);
    if (slot != IdMap::kNone && (!filter.accepts || filter.accepts(id))) slots.push_back(slot);
  }
  Nearest nearest(k, s.ids);
  for (size_t i = 0; i < slots.size(); ++i) {
    if (i + kAhead < slots.size()) s.vectors.prefetch(slots[i + kAhead]);
    nearest.offer(sound(s.vectors.distance(query, slots[i])), slots[i]);
  }
  nearest.sorted(out);
}

// Up to k live neighbours; fewer where the pool held too many removed ones.
void Hnsw::walk_and_rank(const PreparedQuery& query, std::span<const float>, size_t k, size_t ef, size_t rerank,
                         std::vector<Found>& out) const {
  const HnswState& s = *state_;
  Local& mine = local();
  uint8_t* record = mine.aligned_record(s.graph->projection.record_bytes());
  s.graph->projection.encode_query(query.floats.data(), record, mine.projection);
  walk(*s.graph, record, ef, mine.walk);
  const Pool& pool = mine.walk.pool;
  std::vector<uint32_t>& live = mine.live;
  live.clear();
  for (size_t i = 0; i < pool.size() && live.size() < std::max(k, rerank); ++i)
    if (!s.dead[pool.node(i)]) live.push_back(pool.node(i));
  constexpr size_t kAhead = 4;
  for (size_t i = 0; i < std::min(kAhead, live.size()); ++i) s.vectors.prefetch(live[i]);
  out.clear();
  for (size_t i = 0; i < live.size(); ++i) {
    if (i + kAhead < live.size()) s.vectors.prefetch(live[i + kAhead]);
    out.push_back({sound(s.vectors.distance(query, live[i])), live[i]});
  }
  const size_t keep = std::min(k, out.size());
  std::partial_sort(out.begin(), out.begin() + static_cast<ptrdiff_t>(keep), out.end(), [&](const Found& a, const Found& b) {
    return a.distance != b.distance ? a.distance < b.distance : s.ids[a.slot] < s.ids[b.slot];
  });
  out.resize(keep);
}

std::vector<Match> Hnsw::search(std::span<const float> query, size_t k, const SearchOptions& options) const {
  // The fast checks; check_query says what is wrong.
  if (query.size() != dim() || !math::distance().all_finite(query.data(), dim())) check_query(query);
  if (metric() == Metric::Cosine && std::all_of(query.begin(), query.end(), [](float x) { return x == 0; })) check_query(query);
  Gate::Reader reader(gate_);
  const HnswState& s = *state_;
  k = std::min(k, s.live());
  if (k == 0) return {};
  Local& mine = local();
  s.vectors.prepare(query, mine.query);
  std::vector<Found> found;
  if (is_filter(options.filter)) {
    filtered(mine.query, query, k, options, found);
  } else if (!s.graph) {
    exact(mine.query, k, [](Id) { return true; }, found);
  } else {
    const size_t rerank = options.rerank ? options.rerank : rerank_;
    size_t ef = ef_for(k, options);
    ef += ef * s.dead_count / s.slots();
    for (;; ef *= 4) {
      ef = std::min(ef, s.slots());
      walk_and_rank(mine.query, query, k, ef, rerank ? rerank : default_rerank(k, ef), found);
      if (found.size() == k || ef == s.slots()) break;
    }
    if (found.size() < k) exact(mine.query, k, [](Id) { return true; }, found);
  }
  return matches(found);
}

// How many live vectors the filter lets through: told, counted, or estimated from a sample.
size_t Hnsw::count_matches(const IdFilter& filter) const {
  if (filter.expected_matches) return *filter.expected_matches;
  if (!filter.ids.empty()) return filter.ids.size();
  constexpr size_t kSample = 200;
  const HnswState& s = *state_;
  base::Random random(options_.seed);
  size_t hits = 0;
  for (size_t i = 0; i < kSample; ++i) hits += passes(filter, s.ids[random.below(s.slots())]);
  return hits * s.slots() / kSample;
}

// The plan (ACORN's question, Patel et al. 2024, answered by counting): a walk that must see ef matches measures about
// kSteps * ef / share nodes, an exact scan measures the matches. Whichever is less; and a walk that turns out to measure more
// than the scan would is given up, so that no query, however the filter is correlated with it, costs more than about twice it.
void Hnsw::filtered(const PreparedQuery& query, std::span<const float> raw, size_t k, const SearchOptions& options,
                    std::vector<Found>& out) const {
  constexpr double kSteps = 6;       // nodes measured for each one of ef, on real sets
  constexpr double kPredicate = 0.1; // asking a predicate about one id, in measured nodes
  const HnswState& s = *state_;
  const IdFilter& filter = *options.filter;
  const size_t count = count_matches(filter);
  const auto scan = [&] {
    if (!filter.ids.empty()) return exact_of(query, k, filter.ids, filter, out);
    exact(query, k, [&](Id id) { return passes(filter, id); }, out);
  };
  if (!s.graph) return scan();
  const double n = static_cast<double>(s.slots()), matching = static_cast<double>(std::max<size_t>(count, 1));
  const double scan_cost = matching + (filter.ids.empty() ? n * kPredicate : matching * kPredicate);
  const size_t ef = ef_for(k, options);
  const double walk_cost = kSteps * static_cast<double>(ef) * n / matching;
  if (scan_cost <= walk_cost) return scan();
  if (!filtered_walk(query, raw, k, ef, filter, static_cast<size_t>(scan_cost), out)) scan();
}

// Best-first over all nodes, while ef results are kept among those that pass; ends when the nearest node left is farther than
// the worst of them. False when `budget` nodes did not suffice, or fewer than k passed.
bool Hnsw::filtered_walk(const PreparedQuery& query, std::span<const float>, size_t k, size_t ef, const IdFilter& filter,
                         size_t budget, std::vector<Found>& out) const {
  const HnswState& s = *state_;
  const Graph& graph = *s.graph;
  Local& mine = local();
  WalkScratch& w = mine.walk;
  uint8_t* record = mine.aligned_record(graph.projection.record_bytes());
  graph.projection.encode_query(query.floats.data(), record, mine.projection);
  const auto nodes = static_cast<uint32_t>(graph.size);
  using Entry = std::pair<int32_t, uint32_t>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> open;
  w.visited.fit(graph.size);
  w.pool.reset(ef);
  w.touched.clear();
  std::vector<uint32_t> fresh;
  std::vector<int32_t> distances;
  for (const uint32_t node : graph.entries)
    if (node < nodes && w.visited.insert(node)) fresh.push_back(node);
  bool enough = true;
  for (;;) {
    distances.resize(fresh.size());
    math::distance().scan_records(record, graph.records.data(), graph.projection.lines(), fresh.data(), fresh.size(), distances.data());
    w.touched.insert(w.touched.end(), fresh.begin(), fresh.end());
    for (size_t i = 0; i < fresh.size(); ++i) {
      if (!w.pool.accepts(distances[i])) continue;
      open.emplace(distances[i], fresh[i]);
      if (!s.dead[fresh[i]] && passes(filter, s.ids[fresh[i]])) w.pool.insert(distances[i], fresh[i]);
    }
    if (w.touched.size() > budget) enough = false;
    if (!enough || open.empty() || !w.pool.accepts(open.top().first)) break;
    const uint32_t* row = graph.row(open.top().second);
    open.pop();
    fresh.clear();
    for (size_t i = 0; i < graph.degree && row[i] != kNoNode; ++i)
      if (row[i] < nodes && w.visited.insert(row[i])) fresh.push_back(row[i]);
  }
  w.visited.clear(w.touched);
  if (!enough || w.pool.size() < k) return false;
  Nearest nearest(k, s.ids);
  const size_t rank = std::min(w.pool.size(), default_rerank(k, ef));
  for (size_t i = 0; i < rank; ++i) nearest.offer(sound(s.vectors.distance(query, w.pool.node(i))), w.pool.node(i));
  nearest.sorted(out);
  return true;
}

// Pools grow until the farthest of one lies outside the radius, so that none inside is cut off by ef alone.
std::vector<Match> Hnsw::range_search(std::span<const float> query, float radius, const SearchOptions& options) const {
  check_query(query);
  if (std::isnan(radius)) throw Error(Code::Invalid, "range search: radius is NaN, expected a number");
  constexpr size_t kFirst = 128;
  Gate::Reader reader(gate_);
  const HnswState& s = *state_;
  if (s.live() == 0) return {};
  Local& mine = local();
  s.vectors.prepare(query, mine.query);
  const float limit = metric() == Metric::L2 ? radius : -radius;
  const bool filter = is_filter(options.filter);
  std::vector<Found> found;
  size_t ef = std::max(options.ef, kFirst);
  while (s.graph && ef < s.slots()) {
    walk_and_rank(mine.query, query, ef, ef, ef, found);
    if (!found.empty() && found.back().distance > limit) break;
    ef *= 2;
  }
  if (!s.graph || ef >= s.slots()) exact(mine.query, s.live(), [](Id) { return true; }, found);
  std::erase_if(found, [&](const Found& f) {
    return !(f.distance <= limit) || (filter && !passes(*options.filter, s.ids[f.slot]));
  });
  return matches(found);
}

}  // namespace hanok::index
