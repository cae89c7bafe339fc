// One layer of neighbours over short codes. Not a hierarchy: walks start at the nearest of some nodes spread over the
// data (entries.h); edges are chosen as Vamana does (Subramanya et al. 2019).
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "index/graph/buffer.h"
#include "index/graph/entries.h"
#include "index/graph/projection.h"
#include "index/graph/walk_memory.h"

namespace hanok::index {

constexpr uint32_t kNoNode = UINT32_MAX;

/// How squared distances grow with the number of neighbours: `times` as many lie within times^near of the distance for
/// `times` up to kGrowthNear, and times^far from kGrowthFar on; in between the logarithm of the factor follows that of
/// `times` in a straight line. Where the set falls into clusters, near is small and far is large. far 0: not known.
inline constexpr double kGrowthNear = 2, kGrowthFar = 10;
struct Growth {
  double near = 0, far = 0;
};

/// Nodes are 0..size-1. rows: degree numbers a node, filled up with kNoNode; records: projection.record_bytes() a node.
/// Any number of walks may run together while nothing writes.
struct Graph {
  Projection projection;
  size_t degree = 0;
  size_t size = 0;
  Growth growth;
  double local_dimension = 0;    // Projection::local_dimension(); 0: not known
  double cluster_dimension = 0;  // Projection::cluster_dimension(); 0: no small clusters, or not known
  Buffer<uint32_t> rows;
  Buffer<uint8_t> records;
  Entries entries;  // where walks start: at the nearest starts() of them

  const uint32_t* row(uint32_t node) const { return rows.data() + node * degree; }
  const uint8_t* record(uint32_t node) const { return records.data() + node * projection.record_bytes(); }
  size_t row_length(uint32_t node) const;
  size_t bytes_resident() const {
    return size * (degree * sizeof(uint32_t) + projection.record_bytes()) + entries.bytes_resident();
  }
  void enter_at(std::vector<uint32_t> nodes) { entries = Entries(std::move(nodes), projection, records.data(), size); }
};

/// How far a walk goes: without k (or where the graph's growth is not known) until the ef nearest found are expanded;
/// with k until the next is farther than walk_factor times the k-th, which takes ef of them for a usual query, as few
/// as a quarter of ef where the k stand out, and up to kWalkMost ef where many are nearly as near.
struct Reach {
  size_t ef = 0, k = 0;
  const uint8_t* removed = nullptr;  // by node, not 0: does not count among the k; null: all count
};
inline constexpr size_t kWalkMost = 3;
double walk_factor(Reach reach, Growth growth);

/// Best-first search: afterwards scratch.pool holds the nearest found, best first, by code distance; those before
/// next_position() were expanded. scratch.touched has every node measured. Ids outside the graph (a damaged file) are
/// passed over. When to stop with k: Al-Jazzazi et al. 2025 (distance adaptive beam search).
void walk(const Graph& graph, const uint8_t* query_record, Reach reach, WalkMemory& scratch);

/// A walk that is taken step by step, so that several may take turns: while one measures, the memory that the others
/// will need is on its way. walk() is all of its steps.
class Walk {
 public:
  /// All must outlive it; a scratch serves one walk at a time.
  Walk(const Graph& graph, const uint8_t* query_record, Reach reach, WalkMemory& scratch);
  ~Walk();  // leaves scratch.visited empty, also after an exception
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;
  /// Measures what the step before found, and expands the nearest. False: the walk is done.
  bool step();
  /// Asks for the records that the next step will measure.
  void prefetch() const;

 private:
  // When to stop, and what not to keep.
  size_t kth() const;
  int32_t farthest_kept() const {
    return s_.pool.size() < least_ ? s_.pool.farthest() : std::min(limit_, s_.pool.farthest());
  }
  bool reached();

  const Graph& graph_;
  const uint8_t* query_;
  WalkMemory& s_;
  size_t k_;
  const uint8_t* removed_;
  size_t least_, fresh_ = 0;
  double factor_;
  int32_t limit_;
};

/// How many of the entries a walk begins with: more where it is to expand many, so that a wide walk also starts in
/// small heaps that few edges lead into.
size_t starts(size_t ef);

/// Some nodes that lie apart, in random order: greedy farthest-point picks (Gonzalez 1985) would choose outliers, so
/// these are a random sample.
std::vector<uint32_t> choose_entries(size_t nodes, uint64_t seed);

}  // namespace hanok::index
