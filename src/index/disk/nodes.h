// How vectors and their neighbours lie in a file of kind "disk": a node is its row and its links side by side, and no
// node crosses a page that it need not cross, so that looking at one is a read of 4 KiB (as in DiskANN, Subramanya et
// al. 2019).
//
//   node: int64 id, float 1 / length (cosine), uint32 links there are, uint32 links [degree], row; padded to 8 bytes
//   page: as many nodes as fit; a node larger than a page begins one and takes several
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/pages.h"
#include "hanok/index.h"

namespace hanok::index {

struct NodeLayout {
  static constexpr size_t kPage = 4096;
  static constexpr size_t kHead = 16;

  size_t degree = 0, row_bytes = 0;

  size_t node_bytes() const { return (kHead + degree * sizeof(uint32_t) + row_bytes + 7) / 8 * 8; }
  size_t nodes_a_page() const { return std::max<size_t>(1, kPage / node_bytes()); }
  size_t pages_a_node() const { return (node_bytes() + kPage - 1) / kPage; }
  uint64_t place(uint64_t node) const {
    const uint64_t each = nodes_a_page();
    return node / each * pages_a_node() * kPage + node % each * node_bytes();
  }
  /// Of n nodes.
  uint64_t bytes(uint64_t n) const {
    const uint64_t each = nodes_a_page();
    return (n + each - 1) / each * pages_a_node() * kPage;
  }
};

/// The nodes of a file. Whatever the bytes hold, reading stays inside; links may name nodes that are not there.
class Nodes {
 public:
  Nodes() = default;
  /// bytes: layout.bytes(n), aligned to 8.
  Nodes(NodeLayout layout, std::span<const std::byte> bytes, size_t n) : layout_(layout), bytes_(bytes), n_(n) {}

  const NodeLayout& layout() const { return layout_; }
  size_t size() const { return n_; }
  std::span<const std::byte> bytes() const { return bytes_; }

  Id id(uint32_t node) const { return load<Id>(node, 0); }
  float inverse_length(uint32_t node) const { return load<float>(node, 8); }
  std::span<const uint32_t> links(uint32_t node) const {
    const auto* first = reinterpret_cast<const uint32_t*>(at(node) + NodeLayout::kHead);
    return {first, std::min<size_t>(load<uint32_t>(node, 12), layout_.degree)};
  }
  const uint8_t* row(uint32_t node) const { return at(node) + NodeLayout::kHead + layout_.degree * sizeof(uint32_t); }
  /// Of the nodes from first to last.
  std::span<const std::byte> bytes_of(uint32_t first, uint32_t last) const {
    const auto begin = static_cast<size_t>(layout_.place(first)), end = static_cast<size_t>(layout_.place(last));
    return bytes_.subspan(begin, end + layout_.node_bytes() - begin);
  }
  /// Begins to read the node.
  void will_need(uint32_t node) const { base::will_need(bytes_of(node, node)); }

 private:
  const uint8_t* at(uint32_t node) const {
    return reinterpret_cast<const uint8_t*>(bytes_.data()) + layout_.place(node);
  }
  template <typename T>
  T load(uint32_t node, size_t offset) const {
    T value;
    std::memcpy(&value, at(node) + offset, sizeof(T));
    return value;
  }

  NodeLayout layout_;
  std::span<const std::byte> bytes_;
  size_t n_ = 0;
};

/// Writes the head and the links of a node at `to`, aligned to 8; the row goes to row_of(layout, to).
inline void put_node(Id id, float inverse_length, std::span<const uint32_t> links, uint8_t* to) {
  const auto count = static_cast<uint32_t>(links.size());
  std::memcpy(to, &id, sizeof(id));
  std::memcpy(to + 8, &inverse_length, sizeof(float));
  std::memcpy(to + 12, &count, sizeof(count));
  std::copy(links.begin(), links.end(), reinterpret_cast<uint32_t*>(to + NodeLayout::kHead));
}
inline uint8_t* row_of(const NodeLayout& layout, uint8_t* node) {
  return node + NodeLayout::kHead + layout.degree * sizeof(uint32_t);
}

}  // namespace hanok::index
