#include "index/graph/builder.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <numeric>

#include "base/random.h"
#include "base/threads.h"
#include "math/distance.h"

namespace hanok::index {
namespace {

constexpr size_t kMostDegree = 256;

struct Candidate {
  int32_t distance;
  uint32_t node;
  bool operator<(const Candidate& o) const { return distance != o.distance ? distance < o.distance : node < o.node; }
};

struct Edge {
  uint32_t to, from;
  int32_t distance;
  bool operator<(const Edge& o) const {
    return to != o.to ? to < o.to : distance != o.distance ? distance < o.distance : from < o.from;
  }
};

int32_t bias_of(const Graph& graph, uint32_t node) {
  int32_t bias;
  std::memcpy(&bias, graph.record(node) + graph.projection.record_bytes() - Projection::kBiasBytes, sizeof(bias));
  return bias;
}

// A damaged file may hold any bias: sums wrap by definition.
int32_t plus(int32_t distance, int32_t bias) {
  return static_cast<int32_t>(static_cast<uint32_t>(distance) + static_cast<uint32_t>(bias));
}

// Each worker's own memory.
struct Worker {
  WalkScratch walk;
  std::vector<Candidate> candidates;
  std::vector<uint32_t> ids;
  std::vector<int32_t> distances;
};

// Robust prune (Subramanya et al. 2019, algorithm 2) of sorted candidates; distances between codes count both cut-off
// parts.
size_t prune(const Graph& graph, std::span<const Candidate> candidates, size_t degree, float alpha, uint32_t* kept) {
  constexpr size_t kStep = 4;  // most candidates are ruled out by one of the first kept
  const auto scan = math::distance().scan_records;
  const size_t lines = graph.projection.lines();
  size_t n = 0;
  int32_t kept_bias[kMostDegree];
  for (const Candidate& c : candidates) {
    if (n == degree) break;
    const auto limit = static_cast<float>(c.distance);
    const int32_t bias = bias_of(graph, c.node);
    bool ruled_out = false;
    for (size_t i = 0; i < n && !ruled_out; i += kStep) {
      int32_t distance[kStep];
      const size_t step = std::min(kStep, n - i);
      scan(graph.record(c.node), graph.records.data(), lines, kept + i, step, distance);
      for (size_t k = 0; k < step; ++k)
        ruled_out = ruled_out || alpha * static_cast<float>(plus(distance[k], bias)) < limit ||
                    distance[k] == kept_bias[i + k];  // the same code: one of many equal vectors is enough
    }
    if (ruled_out) continue;
    kept_bias[n] = bias;
    kept[n++] = c.node;
  }
  return n;
}

// Sorted candidates from a walk; distances as between nodes, the node's own cut-off part included.
void find_candidates(const Graph& graph, uint32_t node, size_t ef, Worker& w) {
  walk(graph, graph.record(node), {.ef = ef}, w.walk);
  w.candidates.clear();
  const int32_t bias = bias_of(graph, node);
  for (size_t i = 0; i < w.walk.pool.size(); ++i)
    if (w.walk.pool.node(i) != node) w.candidates.push_back({plus(w.walk.pool.distance(i), bias), w.walk.pool.node(i)});
}

void sort_unique(std::vector<Candidate>& c) {
  std::sort(c.begin(), c.end());
  c.erase(std::unique(c.begin(), c.end(), [](const auto& a, const auto& b) { return a.node == b.node; }), c.end());
}

// The row of `node` with its new neighbours: all of them while there is room, else the best by pruning.
void merge(const Graph& graph, uint32_t node, std::span<const Edge> edges, size_t keep, float alpha, uint32_t* row,
           Worker& w) {
  const size_t old = graph.row_length(node);
  std::copy(graph.row(node), graph.row(node) + old, row);
  size_t n = old;
  for (const Edge& e : edges) {
    if (std::find(row, row + old, e.from) != row + old) continue;
    if (n == graph.degree) {
      n = graph.degree + 1;
      break;
    }
    row[n++] = e.from;
  }
  if (n <= graph.degree) return;
  w.ids.assign(graph.row(node), graph.row(node) + old);
  w.distances.resize(old);
  math::distance().scan_records(graph.record(node), graph.records.data(), graph.projection.lines(), w.ids.data(), old,
                                w.distances.data());
  w.candidates.clear();
  const int32_t bias = bias_of(graph, node);
  for (size_t i = 0; i < old; ++i) w.candidates.push_back({plus(w.distances[i], bias), w.ids[i]});
  for (const Edge& e : edges) w.candidates.push_back({e.distance, e.from});
  sort_unique(w.candidates);
  n = prune(graph, w.candidates, keep, alpha, row);
  std::fill(row + n, row + graph.degree, kNoNode);
}

// Every new node must be pointed at, or no walk finds it: the nearest of its neighbours gives up its last edge.
void point_at_lost(Patch& patch, std::span<const uint32_t> batch, std::span<const Edge> nearest) {
  std::vector<uint32_t> seen;
  seen.reserve(batch.size());
  const size_t first = batch.size();  // rows of the batch come first, those that point back follow
  std::vector<uint32_t> sorted(batch.begin(), batch.end());
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = first * patch.degree; i < patch.rows.size(); ++i)
    if (patch.rows[i] != kNoNode && std::binary_search(sorted.begin(), sorted.end(), patch.rows[i]))
      seen.push_back(patch.rows[i]);
  std::sort(seen.begin(), seen.end());
  for (size_t b = 0; b < batch.size(); ++b) {
    if (std::binary_search(seen.begin(), seen.end(), batch[b]) || nearest[b].to == kNoNode) continue;
    const auto begin = patch.nodes.begin() + static_cast<ptrdiff_t>(first);
    const auto at = std::lower_bound(begin, patch.nodes.end(), nearest[b].to);
    uint32_t* row = &patch.rows[static_cast<size_t>(at - patch.nodes.begin()) * patch.degree];
    size_t n = 0;
    while (n < patch.degree && row[n] != kNoNode) ++n;
    row[n == patch.degree ? n - 1 : n] = batch[b];
  }
}

Patch link_keeping(const Graph& graph, std::span<const uint32_t> batch, const BuildPlan& plan, size_t keep) {
  const size_t threads = plan.threads ? plan.threads : base::default_threads();
  std::vector<Worker> workers(threads);
  Patch patch;
  patch.degree = graph.degree;
  patch.nodes.assign(batch.begin(), batch.end());
  patch.rows.assign(batch.size() * graph.degree, kNoNode);
  std::vector<Edge> edges(batch.size() * keep, Edge{kNoNode, 0, 0}), nearest(batch.size(), Edge{kNoNode, 0, 0});
  constexpr size_t kGrain = 16;
  base::parallel_for(
      batch.size(), kGrain,
      [&](size_t begin, size_t end, size_t worker) {
        Worker& w = workers[worker];
        for (size_t b = begin; b < end; ++b) {
          find_candidates(graph, batch[b], plan.ef, w);
          for (size_t i = 0; i < graph.row_length(batch[b]); ++i) {  // an earlier round's edges compete again
            const uint32_t node = graph.row(batch[b])[i];
            int32_t distance;
            math::distance().scan_records(graph.record(batch[b]), graph.records.data(), graph.projection.lines(), &node,
                                          1, &distance);
            w.candidates.push_back({plus(distance, bias_of(graph, batch[b])), node});
          }
          sort_unique(w.candidates);
          uint32_t* row = &patch.rows[b * graph.degree];
          const size_t n = prune(graph, w.candidates, keep, plan.alpha, row);
          std::fill(row + n, row + graph.degree, kNoNode);
          for (size_t i = 0, c = 0; i < n; ++i) {
            while (w.candidates[c].node != row[i]) ++c;
            edges[b * keep + i] = {row[i], batch[b], w.candidates[c].distance};
          }
          if (n) nearest[b] = edges[b * keep];
        }
      },
      threads);

  std::erase_if(edges, [](const Edge& e) { return e.to == kNoNode; });
  std::sort(edges.begin(), edges.end());
  std::vector<size_t> groups;
  for (size_t i = 0; i < edges.size(); ++i)
    if (i == 0 || edges[i].to != edges[i - 1].to) {
      groups.push_back(i);
      patch.nodes.push_back(edges[i].to);
    }
  groups.push_back(edges.size());
  patch.rows.resize(patch.nodes.size() * graph.degree, kNoNode);
  base::parallel_for(
      groups.size() - 1, 64,
      [&](size_t begin, size_t end, size_t worker) {
        for (size_t g = begin; g < end; ++g)
          merge(graph, edges[groups[g]].to, std::span(edges).subspan(groups[g], groups[g + 1] - groups[g]), keep,
                plan.alpha, &patch.rows[(batch.size() + g) * graph.degree], workers[worker]);
      },
      threads);
  point_at_lost(patch, batch, nearest);
  return patch;
}

std::vector<uint32_t> shuffled(size_t n, uint64_t seed) {
  std::vector<uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0u);
  base::Random random(seed);
  for (size_t i = n; i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  return order;
}

// From wide rows to the final ones.
void narrow(Graph& graph, const BuildPlan& plan) {
  Buffer<uint32_t> rows = Buffer<uint32_t>().grown(graph.size * plan.degree, 0);
  const size_t threads = plan.threads ? plan.threads : base::default_threads();
  std::vector<Worker> workers(threads);
  base::parallel_for(
      graph.size, 256,
      [&](size_t begin, size_t end, size_t worker) {
        Worker& w = workers[worker];
        for (size_t node = begin; node < end; ++node) {
          uint32_t* row = rows.writable() + node * plan.degree;
          const auto id = static_cast<uint32_t>(node);
          const size_t n = graph.row_length(id);
          std::fill(row, row + plan.degree, kNoNode);
          w.ids.assign(graph.row(id), graph.row(id) + n);
          w.distances.resize(n);
          math::distance().scan_records(graph.record(id), graph.records.data(), graph.projection.lines(), w.ids.data(),
                                        n, w.distances.data());
          w.candidates.clear();
          const int32_t bias = bias_of(graph, id);
          for (size_t i = 0; i < n; ++i) w.candidates.push_back({plus(w.distances[i], bias), w.ids[i]});
          std::sort(w.candidates.begin(), w.candidates.end());
          if (n > plan.degree) {
            prune(graph, w.candidates, plan.degree, plan.alpha, row);
          } else {
            for (size_t i = 0; i < n; ++i) row[i] = w.candidates[i].node;
          }
        }
      },
      threads);
  graph.rows.swap(rows);
  graph.degree = plan.degree;
}

void spread(const Graph& graph, std::vector<uint32_t> open, std::vector<bool>& reached) {
  for (const uint32_t node : open) reached[node] = true;
  while (!open.empty()) {
    const uint32_t node = open.back();
    open.pop_back();
    for (size_t i = 0; i < graph.row_length(node); ++i) {
      const uint32_t next = graph.row(node)[i];
      if (reached[next]) continue;
      reached[next] = true;
      open.push_back(next);
    }
  }
}

// Makes every node reachable from the entries: one that is not gets an edge from the nearest reached node with room, or
// becomes an entry itself where none has any.
void connect(Graph& graph, const BuildPlan& plan) {
  std::vector<bool> reached(graph.size, false);
  spread(graph, graph.entries, reached);
  WalkScratch scratch;
  for (uint32_t node = 0; node < graph.size; ++node) {
    if (reached[node]) continue;
    walk(graph, graph.record(node), {.ef = plan.ef}, scratch);
    bool linked = false;
    for (size_t i = 0; i < scratch.pool.size() && !linked; ++i) {
      const uint32_t from = scratch.pool.node(i);
      const size_t n = graph.row_length(from);
      if (n == graph.degree || !reached[from]) continue;
      graph.rows.writable()[from * graph.degree + n] = node;
      linked = true;
    }
    if (!linked) graph.entries.push_back(node);
    spread(graph, {node}, reached);
  }
}

}  // namespace

Patch link(const Graph& graph, std::span<const uint32_t> batch, const BuildPlan& plan) {
  return link_keeping(graph, batch, plan, std::min(plan.degree, graph.degree));
}

void apply(Graph& graph, const Patch& patch) {
  for (size_t i = 0; i < patch.nodes.size(); ++i)
    std::memcpy(graph.rows.writable() + patch.nodes[i] * graph.degree, &patch.rows[i * patch.degree],
                patch.degree * sizeof(uint32_t));
}

void build(Graph& graph, const BuildPlan& plan) {
  constexpr size_t kShare = 50;        // a batch is at most 2 % of all: its nodes do not see each other
  graph.degree = plan.degree * 3 / 2;  // room for edges that point back, so that pruning comes once for many
  Buffer<uint32_t> rows = Buffer<uint32_t>().grown(graph.size * graph.degree, 0);
  std::fill(rows.writable(), rows.writable() + graph.size * graph.degree, kNoNode);
  graph.rows.swap(rows);
  const auto order = shuffled(graph.size, plan.seed);
  const auto final_entries = choose_entries(graph.size, plan.seed + 1);
  graph.entries.assign(1, order[0]);
  for (size_t done = 1; done < graph.size;) {
    base::check_interrupt();
    const size_t batch = std::min({graph.size - done, done, std::max<size_t>(graph.size / kShare, 1)});
    apply(graph, link_keeping(graph, std::span(order).subspan(done, batch), plan, plan.degree));
    done += batch;
    if (plan.on_progress) plan.on_progress(done, graph.size);
  }
  graph.entries = final_entries;
  narrow(graph, plan);
  connect(graph, plan);
}

}  // namespace hanok::index
