// The bytes of a model's tokens, as a tree: what grammars are matched against.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "text/tokenizers/tokenizer.h"

namespace hanok::lm::grammar {

/// Nodes stand in the order of a walk that visits a node before what hangs below it, children by their byte; node 0 is
/// the root. Tokens without text (special ones) are not in it.
class Vocabulary {
 public:
  /// bytes[i]: what token i adds to a text; empty: nothing that a grammar could allow.
  explicit Vocabulary(std::vector<std::string> bytes);
  static Vocabulary of(const text::Tokenizer& tokenizer, size_t size);

  size_t size() const { return bytes_.size(); }
  const std::string& bytes(int32_t id) const { return bytes_[static_cast<size_t>(id)]; }

  struct Node {
    uint8_t byte = 0;
    uint16_t depth = 0;   // bytes from the root
    uint32_t end = 0;     // behind the last node below this one
    uint32_t tokens = 0;  // of tokens(): the first one here; those below follow
  };
  std::span<const Node> nodes() const { return nodes_; }
  /// Tokens that end at a node; and those at it or below it.
  std::span<const int32_t> tokens_at(uint32_t node) const { return tokens(node, node + 1); }
  std::span<const int32_t> tokens_from(uint32_t node) const { return tokens(node, nodes_[node].end); }

 private:
  std::span<const int32_t> tokens(uint32_t first, uint32_t end) const {
    const uint32_t a = nodes_[first].tokens,
                   b = end < nodes_.size() ? nodes_[end].tokens : static_cast<uint32_t>(ids_.size());
    return {ids_.data() + a, b - a};
  }
  std::vector<std::string> bytes_;
  std::vector<Node> nodes_;
  std::vector<int32_t> ids_;  // in the order of their bytes
};

}  // namespace hanok::lm::grammar
