// Searching: walk and rank. Filters: hnsw_filter.cpp.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/threads.h"
#include "index/graph/hnsw.h"
#include "index/graph/search_memory.h"
#include "math/distance.h"

namespace hanok::index {
namespace {

constexpr size_t kDefaultEf = 64;  // about .995 of ten neighbours on the sets of bench/ann

bool is_filter(const IdFilter* filter) { return filter && !filter->is_everything(); }

}  // namespace

// Candidates ranked by code that are worth an exact distance. Codes mistake the order of near candidates only, so a
// pool of usual width needs 5/8 of it ranked anew; who asks for a wide one wants the last thousandth, which those
// mistakes would cost.
size_t Hnsw::default_rerank(size_t k, size_t ef) {
  constexpr size_t kAlways = 3, kUsual = 96, kWide = 256;
  const size_t more = std::clamp(ef, kUsual, kWide) - kUsual;
  return std::max(std::min(ef, kAlways * k), ef * 5 / 8 + ef * 3 / 8 * more / (kWide - kUsual));
}

size_t Hnsw::ef_for(size_t k, const SearchOptions& options) const {
  return std::max(options.ef ? options.ef : ef_ ? ef_ : std::max(kDefaultEf, 2 * k), k);
}

std::vector<Match> Hnsw::matches(const std::vector<Found>& found) const {
  std::vector<Match> out;
  out.reserve(found.size());
  for (const Found& f : found) out.push_back({state_->ids[f.slot], metric() == Metric::L2 ? f.distance : -f.distance});
  return out;
}

// Up to k live neighbours; fewer where the pool held too many removed ones. rerank 0: by what the walk expanded.
void Hnsw::rank_pool(const PreparedQuery& query, size_t k, size_t rerank, Local& memory,
                     std::vector<Found>& out) const {
  const HnswState& s = *state_;
  const Pool& pool = memory.walk.pool;
  if (rerank == 0) rerank = default_rerank(k, pool.next_position());
  std::vector<uint32_t>& live = memory.live;
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
  std::partial_sort(out.begin(), out.begin() + static_cast<ptrdiff_t>(keep), out.end(),
                    [&](const Found& a, const Found& b) {
                      return a.distance != b.distance ? a.distance < b.distance : s.ids[a.slot] < s.ids[b.slot];
                    });
  out.resize(keep);
}

void Hnsw::walk_and_rank(const PreparedQuery& query, size_t k, size_t ef, size_t rerank,
                         std::vector<Found>& out) const {
  const HnswState& s = *state_;
  Local& mine = local();
  uint8_t* record = mine.aligned_record(s.graph->projection.record_bytes());
  s.graph->projection.encode_query(query.floats.data(), record, mine.projection);
  walk(*s.graph, record, {.ef = ef, .k = k, .removed = s.dead_count ? s.dead.data() : nullptr}, mine.walk);
  rank_pool(query, k, rerank, mine, out);
}

std::vector<Match> Hnsw::search(std::span<const float> query, size_t k, const SearchOptions& options) const {
  // The fast checks; check_query says what is wrong.
  if (query.size() != dim() || !math::distance().all_finite(query.data(), dim())) check_query(query);
  constexpr float kLeast = std::numeric_limits<float>::min();
  if (metric() == Metric::Cosine &&
      std::all_of(query.begin(), query.end(), [](float x) { return std::abs(x) < kLeast; }))
    check_query(query);
  Gate::Reader reader(gate_);
  const HnswState& s = *state_;
  k = std::min(k, s.live());
  if (k == 0) return {};
  Local& mine = local();
  s.vectors.prepare(query, mine.query);
  std::vector<Found> found;
  if (is_filter(options.filter)) {
    filtered(mine.query, k, options, found);
  } else if (!s.graph) {
    exact(mine.query, k, nullptr, found);
  } else {
    const size_t rerank = options.rerank ? options.rerank : rerank_;
    size_t ef = ef_for(k, options);
    ef += ef * s.dead_count / s.slots();
    for (;; ef *= 4) {
      ef = std::min(ef, s.slots());
      walk_and_rank(mine.query, k, ef, rerank, found);
      if (found.size() == k || ef == s.slots()) break;
    }
    if (found.size() < k) exact(mine.query, k, nullptr, found);
  }
  return matches(found);
}

// Walks that take turns: what one waits for from memory comes while the others measure. Returns how many of the
// queries, from the first on, were answered; search() answers the rest: no graph, or too many removed near them.
size_t Hnsw::search_together(std::span<const float> queries, size_t k, const SearchOptions& options,
                             std::span<std::vector<Match>> out) const {
  Gate::Reader reader(gate_);
  const HnswState& s = *state_;
  k = std::min(k, s.live());
  if (k == 0 || !s.graph || s.dead_count > 0) return 0;
  const size_t ef = std::min(ef_for(k, options), s.slots()), rerank = options.rerank ? options.rerank : rerank_;
  std::array<Local, kTogether>& memory = locals();
  for (size_t i = 0; i < out.size(); ++i) {
    Local& mine = memory[i];
    s.vectors.prepare(queries.subspan(i * dim(), dim()), mine.query);
    uint8_t* record = mine.aligned_record(s.graph->projection.record_bytes());
    s.graph->projection.encode_query(mine.query.floats.data(), record, mine.projection);
    mine.steps.emplace(*s.graph, record, Reach{.ef = ef, .k = k}, mine.walk);
  }
  for (size_t walking = out.size(); walking > 0;)
    for (size_t i = 0; i < out.size(); ++i) {
      std::optional<Walk>& walk = memory[i].steps;
      if (!walk) continue;
      if (walk->step()) {
        walk->prefetch();
      } else {
        walk.reset();
        --walking;
      }
    }
  std::vector<Found> found;
  for (size_t i = 0; i < out.size(); ++i) {
    rank_pool(memory[i].query, k, rerank, memory[i], found);
    if (found.size() < k) return i;
    out[i] = matches(found);
  }
  return out.size();
}

std::vector<std::vector<Match>> Hnsw::search_batch(std::span<const float> queries, size_t k,
                                                   const SearchOptions& options) const {
  if (is_filter(options.filter)) return BaseIndex::search_batch(queries, k, options);
  check_queries(queries);
  std::vector<std::vector<Match>> out(queries.size() / dim());
  base::parallel_for(
      out.size(), kTogether,
      [&](size_t begin, size_t end, size_t) {
        const auto part = queries.subspan(begin * dim(), (end - begin) * dim());
        const size_t done = search_together(part, k, options, std::span(out).subspan(begin, end - begin));
        for (size_t i = begin + done; i < end; ++i) out[i] = search(queries.subspan(i * dim(), dim()), k, options);
      },
      options.threads);
  return out;
}

// Pools grow until the farthest of one lies outside the radius, so that none inside is cut off by ef alone.
std::vector<Match> Hnsw::range_search(std::span<const float> query, float radius, const SearchOptions& options) const {
  check_range(query, radius);
  constexpr size_t kFirst = 128;
  constexpr size_t kListedShare = 100;  // fewer listed ids than a hundredth are looked at one by one
  Gate::Reader reader(gate_);
  const HnswState& s = *state_;
  if (s.live() == 0) return {};
  Local& mine = local();
  s.vectors.prepare(query, mine.query);
  const float limit = metric() == Metric::L2 ? radius : -radius;
  std::vector<Found> found;
  if (options.filter && options.filter->listed() && options.filter->listed()->size() <= s.live() / kListedShare) {
    rank(mine.query, slots_of(*options.filter), s.live(), found);
  } else {
    size_t ef = std::max(options.ef, kFirst);
    while (s.graph && ef < s.slots()) {
      walk_and_rank(mine.query, ef, ef, ef, found);
      if (!found.empty() && found.back().distance > limit) break;
      ef *= 2;
    }
    if (!s.graph || ef >= s.slots()) exact(mine.query, s.live(), nullptr, found);
  }
  std::erase_if(found, [&](const Found& f) {
    return !(f.distance <= limit) || (options.filter && !options.filter->accepts(s.ids[f.slot]));
  });
  return matches(found);
}

}  // namespace hanok::index
