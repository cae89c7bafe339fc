// Building the graph: nodes go in by batches that double until they are a small share of the whole, each batch searched
// and pruned in parallel on a frozen graph (ParlayANN, Manohar et al. 2024), so that the result does not depend on
// threads.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "index/graph/graph.h"

namespace hanok::index {

struct BuildPlan {
  size_t degree = 32;
  size_t ef = 128;     // pool of the search for candidates
  float alpha = 1.2f;  // > 1 keeps longer edges: a candidate goes when alpha * d(kept, candidate) < d(node, candidate)
  uint64_t seed = 1;
  size_t threads = 0;
  bool raise = true;  // raise_in_degree(); not for inner products, whose answers are the nodes that most rows hold
};

/// New rows for some nodes.
struct Patch {
  size_t degree = 0;
  std::vector<uint32_t> nodes;
  std::vector<uint32_t> rows;  // [nodes, degree]
};

/// What inserting `batch` changes: rows of the batch itself and of the nodes that point back. Reads the graph, writes
/// nothing; records of the batch are in place, and none of the batch is linked yet or all are (then their edges are
/// found anew).
Patch link(const Graph& graph, std::span<const uint32_t> batch, const BuildPlan& plan);

/// Pruning is fair to the node whose row it is, not to those that would be in it: among near-duplicates some nodes stay
/// in very few rows (of 30,000 overlapping windows of text every tenth in 12 or fewer rows of 44), and most neighbours
/// that a wide walk misses are among them. Such a node goes into the rows of its own neighbours, nearest first, in
/// place of the edge to the node that most rows hold. Takes a look at every edge.
Patch raise_in_degree(const Graph& graph);

/// What makes every node reachable from the entries: one that is not gets an edge from the nearest that is, in place of
/// its last, which goes on from the new one. Takes a look at every edge.
Patch connect(const Graph& graph, size_t ef);

/// Writes a patch into graph.rows.
void apply(Graph& graph, const Patch& patch);

/// Links all graph.size nodes, whose records are in place; sets degree, rows and entries.
void build(Graph& graph, const BuildPlan& plan);

}  // namespace hanok::index
