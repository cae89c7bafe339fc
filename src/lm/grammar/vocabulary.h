// The bytes of a model's tokens, as a tree: what grammars are matched against.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lm/grammar/char_set.h"
#include "text/tokenizers/tokenizer.h"

namespace hanok::lm::grammar {

/// What each token of a tokenizer adds to a text.
class TokenBytes {
 public:
  explicit TokenBytes(const text::Tokenizer& tokenizer);
  /// Empty for special tokens and for ids without a token.
  std::string of(int32_t id) const;

 private:
  enum class Alphabet { Bytes, Marks, Text };  // GPT-2's, SentencePiece's, anything else
  static Alphabet alphabet_of(const text::Tokenizer& tokenizer);
  const text::Tokenizer& tokenizer_;
  Alphabet alphabet_;
  std::optional<int32_t> anchor_;
  std::string alone_;  // the text of anchor_
};

/// The tokens that consist of whole characters of a set, and where the others are: most of a vocabulary is allowed
/// wherever any text is, and need not be walked through.
struct Slice {
  static constexpr size_t kCounted = 64;             // characters up to which masks are kept by length
  static constexpr size_t kShort = 32;               // bytes of a Short one, at most
  enum class Kind : uint8_t { Whole, Short, Long };  // Short, Long: with other characters too

  std::vector<Kind> kinds;                   // of each token
  std::vector<uint16_t> lengths;             // characters of each token that is Whole
  std::vector<std::vector<uint64_t>> up_to;  // [n]: Whole ones of at most n characters; the last: all
  size_t longest = 0;                        // of the Whole ones
  // Characters that a Short, a Long one reads of a run of the set at most, the last perhaps in part.
  size_t short_lead = 0, long_lead = 0;
  // What is at or below a node of the tree.
  struct Below {
    uint16_t longest = 0;  // of the Whole ones
    bool has_short = false, has_long = false;
  };
  std::vector<Below> below;
};

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
  /// Found once; nothing for a set of few characters, after many sets, or where it is not known and `find` is false.
  /// Safe to call from several threads.
  std::shared_ptr<const Slice> slice(const CharSet& set, bool find = true) const;
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
  struct Slices {
    std::mutex mutex;
    std::map<CharSet, std::shared_ptr<const Slice>> known;
  };
  std::unique_ptr<Slices> slices_ = std::make_unique<Slices>();
};

}  // namespace hanok::lm::grammar
