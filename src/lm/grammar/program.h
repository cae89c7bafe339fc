// A grammar over bytes, ready to be followed: characters are spelled out in UTF-8 (or as JSON strings spell them), what
// cannot lead to an end is gone, and each state knows how near its rule's end is.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lm/grammar/rules.h"

namespace hanok::lm::grammar {

class Program {
 public:
  struct Edge {
    enum class Kind : uint8_t { Byte, Empty, Rule } kind = Kind::Byte;
    uint8_t first = 0, last = 0;  // bytes
    uint32_t rule = 0;
    uint32_t to = 0;
  };
  /// Characters that are written as themselves, from one state to another of the same rule.
  struct CharEdge {
    uint32_t set = 0;    // of sets(); those that are not escaped
    uint32_t label = 0;  // the same for edges that read the same, escapes and all
    uint32_t to = 0;
  };
  static constexpr uint32_t kNever = UINT32_MAX;

  /// Throws Invalid where a rule begins with itself (left recursion, with the rules on the way), where no text at all
  /// satisfies the grammar; Exhausted past kMaxStates.
  explicit Program(const Rules& rules);

  size_t states() const { return offsets_.size() - 1; }
  std::span<const Edge> edges(uint32_t state) const {
    return {edges_.data() + offsets_[state], offsets_[state + 1] - offsets_[state]};
  }
  std::span<const CharEdge> char_edges(uint32_t state) const {
    return {char_edges_.data() + char_offsets_[state], char_offsets_[state + 1] - char_offsets_[state]};
  }
  const std::vector<CharSet>& sets() const { return sets_; }
  /// Whether nothing stands behind the rule of a state: it is the root, which no rule calls.
  bool outermost(uint32_t state) const { return outermost_[state]; }
  bool accepts(uint32_t state) const { return accepting_[state]; }
  bool reads(uint32_t state) const { return reads_[state]; }
  uint32_t start(uint32_t rule) const { return starts_[rule]; }
  uint32_t root() const { return root_; }
  /// Bytes of the shortest way from a state to the end of its rule.
  uint32_t cost(uint32_t state) const { return costs_[state]; }

 private:
  class Builder;
  std::vector<uint32_t> offsets_, char_offsets_;
  std::vector<Edge> edges_;
  std::vector<CharEdge> char_edges_;
  std::vector<CharSet> sets_;
  std::vector<bool> accepting_, reads_, outermost_;
  std::vector<uint32_t> starts_, costs_;
  uint32_t root_ = 0;
};

}  // namespace hanok::lm::grammar
