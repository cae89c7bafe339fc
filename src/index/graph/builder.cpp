#include "index/graph/builder.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <numeric>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/random.h"
#include "base/threads.h"
#include "hanok/context.h"
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

// Rings: nodes of the same code form a ring, each with the next of them in front of its row. However many there are,
// who reaches one reaches all, and the rest of a row is free for others. Pruning never takes a ring apart.
bool same_code(const Graph& graph, uint32_t a, uint32_t b) {
  return std::memcmp(graph.record(a), graph.record(b), graph.projection.record_bytes() - Projection::kBiasBytes) == 0;
}

// The next of the node's ring; kNoNode where it is alone.
uint32_t next_in_ring(const Graph& graph, uint32_t node, const uint32_t* row) {
  return row[0] < graph.size && same_code(graph, node, row[0]) ? row[0] : kNoNode;  // a damaged one leads outside
}

// Each worker's own memory.
struct Worker {
  WalkMemory walk;
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

// The same for a node's row: its place in a ring is kept, its equals are left out of the rest.
size_t prune_row(const Graph& graph, uint32_t node, uint32_t ring, std::vector<Candidate>& candidates, size_t degree,
                 float alpha, uint32_t* row) {
  const int32_t bias = bias_of(graph, node);
  std::erase_if(candidates, [&](const Candidate& c) {
    const int32_t equal = plus(bias_of(graph, c.node), bias);  // what the distance is if no code differs
    return c.node == node || (c.distance == equal && same_code(graph, node, c.node));
  });
  if (ring == kNoNode) return prune(graph, candidates, degree, alpha, row);
  row[0] = ring;
  return 1 + prune(graph, candidates, degree - 1, alpha, row + 1);
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
  n = prune_row(graph, node, next_in_ring(graph, node, graph.row(node)), w.candidates, keep, alpha, row);
  std::fill(row + n, row + graph.degree, kNoNode);
}

size_t length_of(const uint32_t* row, size_t degree) {
  return static_cast<size_t>(std::find(row, row + degree, kNoNode) - row);
}

// Puts a node into a row, in place of the last edge where it is full; that edge is returned.
uint32_t put_last(uint32_t* row, size_t degree, uint32_t node) {
  const size_t n = length_of(row, degree);
  return std::exchange(row[n == degree ? n - 1 : n], node);
}

uint32_t put_first(uint32_t* row, size_t degree, uint32_t node) {
  const uint32_t last = row[degree - 1];
  std::copy_backward(row, row + degree - 1, row + degree);
  row[0] = node;
  return last;
}

/// The rows that a patch writes, found by node; one that is not there yet is taken over from the graph.
class PatchRows {
 public:
  PatchRows(const Graph& graph, Patch& patch) : graph_(graph), patch_(patch) {
    for (size_t i = 0; i < patch.nodes.size(); ++i) place_.emplace(patch.nodes[i], i);
  }
  uint32_t* row(uint32_t node) {
    const auto [at, fresh] = place_.emplace(node, patch_.nodes.size());
    if (fresh) {
      patch_.nodes.push_back(node);
      patch_.rows.insert(patch_.rows.end(), graph_.row(node), graph_.row(node) + patch_.degree);
    }
    return &patch_.rows[at->second * patch_.degree];
  }

 private:
  const Graph& graph_;
  Patch& patch_;
  std::unordered_map<uint32_t, size_t> place_;
};

// Puts each node into the ring of its equal. An edge that this pushes out of the equal's row goes on from the new node,
// which nobody needed so far.
void join_rings(const Graph& graph, std::span<const uint32_t> batch, std::span<const uint32_t> equal, Patch& patch) {
  if (std::all_of(equal.begin(), equal.end(), [](uint32_t e) { return e == kNoNode; })) return;
  const size_t degree = patch.degree;
  PatchRows rows(graph, patch);
  for (size_t b = 0; b < batch.size(); ++b) {
    if (equal[b] == kNoNode) continue;
    rows.row(equal[b]);  // in the patch before pointers into it are taken
    uint32_t *known = rows.row(equal[b]), *own = rows.row(batch[b]);
    if (const uint32_t next = next_in_ring(graph, equal[b], known); next != kNoNode) {
      known[0] = batch[b];
      put_first(own, degree, next);
    } else {
      const uint32_t lost = put_first(known, degree, batch[b]);
      put_first(own, degree, equal[b]);
      if (lost != kNoNode) put_last(own, degree, lost);
    }
  }
}

// For each of the batch an equal among those before it in the batch, or kNoNode.
std::vector<uint32_t> equals_within(const Graph& graph, std::span<const uint32_t> batch) {
  std::unordered_map<std::string_view, uint32_t> first;
  std::vector<uint32_t> out;
  for (const uint32_t node : batch) {
    const std::string_view code(reinterpret_cast<const char*>(graph.record(node)),
                                graph.projection.record_bytes() - Projection::kBiasBytes);
    const auto [at, fresh] = first.emplace(code, node);
    out.push_back(fresh ? kNoNode : at->second);
  }
  return out;
}

// Every new node must be pointed at, or no walk finds it: the nearest of its neighbours gives up its last edge, which
// goes on from the new node.
void point_at_lost(Patch& patch, std::span<const uint32_t> batch, std::span<const Edge> nearest) {
  const size_t first = batch.size();  // rows of the batch come first, those that point back follow
  // By node, from the least of the batch to the most: a search in a sorted list took a fifth of a build.
  const auto [least, most] = std::minmax_element(batch.begin(), batch.end());
  std::vector<bool> seen(batch.empty() ? 0 : size_t{*most} - *least + 1);
  for (size_t i = first * patch.degree; i < patch.rows.size(); ++i)
    if (const size_t at = size_t{patch.rows[i]} - *least; at < seen.size()) seen[at] = true;
  for (size_t b = 0; b < batch.size(); ++b) {
    if (seen[batch[b] - *least] || nearest[b].to == kNoNode) continue;
    const auto begin = patch.nodes.begin() + static_cast<ptrdiff_t>(first);
    const auto at = std::lower_bound(begin, patch.nodes.end(), nearest[b].to);
    const uint32_t lost =
        put_last(&patch.rows[static_cast<size_t>(at - patch.nodes.begin()) * patch.degree], patch.degree, batch[b]);
    if (lost != kNoNode) put_last(&patch.rows[b * patch.degree], patch.degree, lost);
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
  std::vector<uint32_t> equal = equals_within(graph, batch);
  const std::vector<uint32_t> leader = equal;  // whose row an equal of the batch takes over
  constexpr size_t kGrain = 16;
  base::parallel_for(
      batch.size(), kGrain,
      [&](size_t begin, size_t end, size_t worker) {
        Worker& w = workers[worker];
        for (size_t b = begin; b < end; ++b) {
          if (leader[b] != kNoNode) continue;
          find_candidates(graph, batch[b], plan.ef, w);
          for (size_t i = 0; i < graph.row_length(batch[b]); ++i) {  // an earlier round's edges compete again
            const uint32_t node = graph.row(batch[b])[i];
            int32_t distance;
            math::distance().scan_records(graph.record(batch[b]), graph.records.data(), graph.projection.lines(), &node,
                                          1, &distance);
            w.candidates.push_back({plus(distance, bias_of(graph, batch[b])), node});
          }
          sort_unique(w.candidates);
          for (const Candidate& c : w.candidates)
            if (same_code(graph, batch[b], c.node)) {
              equal[b] = c.node;
              break;
            }
          uint32_t* row = &patch.rows[b * graph.degree];
          const size_t n = prune_row(graph, batch[b], kNoNode, w.candidates, keep, plan.alpha, row);
          std::fill(row + n, row + graph.degree, kNoNode);
          if (equal[b] != kNoNode) continue;  // its ring points at it
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
  std::unordered_map<uint32_t, size_t> place;
  for (size_t b = 0; b < batch.size(); ++b) place.emplace(batch[b], b);
  for (size_t b = 0; b < batch.size(); ++b)
    if (leader[b] != kNoNode)
      std::copy_n(&patch.rows[place.at(leader[b]) * graph.degree], graph.degree, &patch.rows[b * graph.degree]);
  join_rings(graph, batch, equal, patch);
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
          const uint32_t ring = next_in_ring(graph, id, graph.row(id));
          if (n > plan.degree) {
            prune_row(graph, id, ring, w.candidates, plan.degree, plan.alpha, row);
          } else {
            for (size_t i = 0; i < n; ++i) row[i] = w.candidates[i].node;
            if (ring != kNoNode) std::rotate(row, std::find(row, row + n, ring), std::find(row, row + n, ring) + 1);
          }
        }
      },
      threads);
  graph.rows.swap(rows);
  graph.degree = plan.degree;
}

// Links out of a damaged file may lead outside: they are passed over, as walks do.
void spread(const Graph& graph, std::vector<uint32_t> open, std::vector<bool>& reached) {
  std::erase_if(open, [&](uint32_t node) { return node >= graph.size; });
  for (const uint32_t node : open) reached[node] = true;
  while (!open.empty()) {
    const uint32_t node = open.back();
    open.pop_back();
    for (size_t i = 0; i < graph.row_length(node); ++i) {
      const uint32_t next = graph.row(node)[i];
      if (next >= graph.size || reached[next]) continue;
      reached[next] = true;
      open.push_back(next);
    }
  }
}

}  // namespace

Patch link(const Graph& graph, std::span<const uint32_t> batch, const BuildPlan& plan) {
  return link_keeping(graph, batch, plan, std::min(plan.degree, graph.degree));
}

Patch raise_in_degree(const Graph& graph) {
  constexpr size_t kFewest = 4;
  const size_t degree = graph.degree, least = degree / 2;
  Patch patch;
  patch.degree = degree;
  if (degree < kFewest) return patch;
  PatchRows rows(graph, patch);
  std::vector<uint32_t> in(graph.size, 0);
  for (size_t i = 0; i < graph.size * degree; ++i)
    if (graph.rows[i] < graph.size) ++in[graph.rows[i]];
  for (uint32_t node = 0; node < graph.size; ++node)
    for (size_t i = 0; i < degree && in[node] < least; ++i) {
      const uint32_t neighbour = graph.row(node)[i];
      if (neighbour >= graph.size || neighbour == node) continue;  // none, or a damaged one
      uint32_t* row = rows.row(neighbour);
      if (std::find(row, row + degree, node) != row + degree) continue;
      size_t at = length_of(row, degree);
      if (at == degree) {
        const auto held = [&](size_t k) { return row[k] < graph.size ? size_t{in[row[k]]} : 0; };
        at = 1;  // the first may be a ring's
        for (size_t k = 2; k < degree; ++k)
          if (held(k) > held(at)) at = k;
        if (held(at) <= std::max(least, size_t{2} * in[node])) continue;
        --in[row[at]];
      }
      row[at] = node;
      ++in[node];
    }
  return patch;
}

Patch connect(const Graph& graph, size_t ef) {
  std::vector<bool> reached(graph.size, false);
  spread(graph, graph.entries.nodes(), reached);
  Patch patch;
  patch.degree = graph.degree;
  PatchRows rows(graph, patch);
  WalkMemory memory;
  for (uint32_t node = 0; node < graph.size; ++node) {
    if (reached[node]) continue;
    walk(graph, graph.record(node), {.ef = ef}, memory);
    uint32_t nearest = kNoNode;
    for (size_t i = 0; i < memory.pool.size() && nearest == kNoNode; ++i)
      if (reached[memory.pool.node(i)]) nearest = memory.pool.node(i);
    if (nearest == kNoNode) continue;  // a walk begins at an entry, so only a graph without any comes here
    const uint32_t lost = put_last(rows.row(nearest), graph.degree, node);
    if (lost != kNoNode) put_last(rows.row(node), graph.degree, lost);
    spread(graph, {node}, reached);
  }
  return patch;
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
  constexpr size_t kStarts = 1024;
  for (size_t done = 1; done < graph.size;) {
    graph.enter_at({order.begin(), order.begin() + static_cast<ptrdiff_t>(std::min(done, kStarts))});
    base::check_interrupt();
    const size_t batch = std::min({graph.size - done, done, std::max<size_t>(graph.size / kShare, 1)});
    apply(graph, link_keeping(graph, std::span(order).subspan(done, batch), plan, plan.degree));
    done += batch;
    Context::current().tell({done, graph.size, "index"});
  }
  graph.enter_at(final_entries);
  narrow(graph, plan);
  if (plan.raise) apply(graph, raise_in_degree(graph));
  apply(graph, connect(graph, plan.ef));
}

}  // namespace hanok::index
