// Where walks start: nodes spread over the set, whose codes lie once more side by side, so that all are measured in
// half a microsecond, and the nearest few of them begin. In a set of many small clusters that is mostly the right one;
// it does the work of HNSW's upper layers (Malkov and Yashunin 2016) at a fraction of the memory.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "index/graph/buffer.h"
#include "index/graph/projection.h"

namespace hanok::index {

class Entries {
 public:
  static constexpr size_t kMost = 16;  // of the nearest that are found

  Entries() = default;
  /// records: projection.record_bytes() a node, in place for all `nodes`. Nodes of `size` and more (a damaged file) are
  /// left out.
  Entries(std::vector<uint32_t> nodes, const Projection& projection, const uint8_t* records, size_t size);

  const std::vector<uint32_t>& nodes() const { return nodes_; }
  size_t size() const { return nodes_.size(); }
  size_t bytes_resident() const;

  /// Up to `count` <= kMost of the nodes that are near to a query's record, nearest first, by the first line of their
  /// codes; the nearest by that is among them. Writes them to `out`, returns how many. A node may come twice where it
  /// is twice among the entries.
  size_t nearest(const uint8_t* query_record, size_t count, uint32_t* out) const;

 private:
  std::vector<uint32_t> nodes_;
  size_t groups_ = 0;          // of four codes, of each node
  Buffer<uint8_t> panel_;      // as the kernel nearest_of_panel wants it
  std::vector<int32_t> bias_;  // [whole blocks of 16]
};

}  // namespace hanok::index
