// Which tokens may come next, under a grammar.
//
// A grammar is followed as a pushdown automaton over bytes. What may hold after some text is a set of items, each a
// state and the stack of states to return to; sets and stacks are interned, and a set's step by a byte is remembered,
// so that a byte costs one look-up once it has been seen. The mask of a state is found once (after Dong et al. 2024,
// XGrammar): most tokens are allowed or refused whatever the stack holds; the few that leave the state's rule are kept
// in a list and followed with the stack at hand.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lm/grammar/program.h"
#include "lm/grammar/vocabulary.h"

namespace hanok::lm::grammar {

/// A grammar with a vocabulary and what has been found out about the two. Safe to call from several threads.
class Engine {
 public:
  Engine(const Rules& rules, std::shared_ptr<const Vocabulary> vocabulary);
  const Vocabulary& vocabulary() const { return *vocabulary_; }
  size_t states() const { return program_.states(); }

 private:
  friend class Matcher;
  static constexpr uint32_t kDead = 0;            // the set without items, from which nothing comes
  static constexpr uint32_t kEnd = 0, kOpen = 1;  // stacks: nothing is left to do; what is left is not known
  static constexpr uint32_t kUnset = UINT32_MAX;

  struct Item {
    uint32_t state, stack;
    auto operator<=>(const Item&) const = default;
  };
  struct Stack {
    uint32_t state, below;
    uint64_t cost;  // bytes of the shortest way out of it
  };
  struct Set {
    std::vector<Item> items;  // their states read bytes
    bool ends = false;        // the text may end here
    bool leaves = false;      // the stack kOpen was reached: the rest depends on what it stands for
    std::vector<std::pair<uint8_t, uint32_t>> few;  // steps taken; past kFew of them a table
    std::unique_ptr<uint32_t[]> table;
  };
  struct Key {
    std::vector<Item> items;
    bool ends, leaves;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key& k) const;
  };
  // What a walk over tokens from a state found: those that it allows whatever its stack.
  struct Walked {
    std::vector<uint64_t> bits;  // empty where the few of `ids` say it shorter
    std::vector<int32_t> ids;
    std::vector<uint32_t> open;  // nodes of the vocabulary whose tokens, all below too, depend on the stack
  };
  // Of a state that begins runs of characters: whole tokens of these by their length; the others, as far as its chain
  // is longer than what they begin with, as from every state of the same shape; the rest from it alone.
  struct Local {
    std::shared_ptr<const Slice> slice;
    size_t run = 0;  // index into slice->up_to
    std::shared_ptr<const Walked> shared;
    Walked own;
  };
  // States in a chain that counts characters: the same set, the same ways out.
  struct Shape {
    uint32_t label = 0;
    std::vector<uint32_t> exits;
    bool accepts = false;
    auto operator<=>(const Shape&) const = default;
  };

  void reset();
  uint32_t push(uint32_t state, uint32_t below);
  uint32_t close(std::vector<Item> open);
  uint32_t intern(Key key);
  uint32_t step(uint32_t set, uint8_t byte);
  void remember(uint32_t set, uint8_t byte, uint32_t to);
  const Local& local(uint32_t state);
  // The tokens of the kinds that are asked for; `whole_from`: Whole ones of at least so many characters.
  Walked walk(uint32_t state, const Slice* slice, bool shorts, bool longs, size_t whole_from);
  size_t run_length(uint32_t state, uint32_t set, size_t most) const;
  std::optional<Shape> shape(uint32_t state) const;
  bool in_long_chain(uint32_t state, const Shape& shape, size_t states) const;
  bool only_counts(uint32_t state, uint32_t set) const;
  const std::vector<uint64_t>& followed(const Walked& shared, const Item& item);
  void follow(uint32_t set, const std::vector<uint32_t>& nodes, std::vector<uint64_t>& bits);
  std::shared_ptr<const std::vector<uint64_t>> mask(uint32_t set);
  uint64_t cost(uint32_t set) const;
  void work(size_t amount);

  Program program_;
  std::shared_ptr<const Vocabulary> vocabulary_;
  std::mutex mutex_;
  uint64_t epoch_ = 0;  // counts the times that everything was forgotten for its size
  uint32_t first_ = 0;
  std::vector<Stack> stacks_;
  std::unordered_map<uint64_t, uint32_t> known_stacks_;
  std::vector<Set> sets_;
  std::unordered_map<Key, uint32_t, KeyHash> known_sets_;
  std::unordered_map<uint32_t, Local> locals_;
  std::map<std::pair<Shape, bool>, std::shared_ptr<const Walked>> shared_;  // the bool: with long tokens
  // What a shared walk's open nodes allow in front of a stack.
  std::map<std::pair<const Walked*, uint32_t>, std::shared_ptr<const std::vector<uint64_t>>> followed_;
  std::unordered_map<uint32_t, std::shared_ptr<const std::vector<uint64_t>>> masks_;
  size_t dense_locals_ = 0, work_ = 0;
};

/// One text under a grammar, token by token.
class Matcher {
 public:
  explicit Matcher(std::shared_ptr<Engine> engine);

  /// Bit i: token i may come next. Valid until the next call. Throws Exhausted where the grammar is too ambiguous to
  /// follow, Cancelled.
  std::span<const uint64_t> mask();
  /// Goes on by a token's bytes, or by bytes; false, and nothing has changed, where they are not allowed.
  bool accept(int32_t token);
  bool accept(std::string_view bytes);
  /// Whether the text may end here; whether it must.
  bool may_end();
  bool must_end();
  /// Bytes of the shortest text that completes this one: now, and behind a token (nothing: it is not allowed).
  uint64_t bytes_to_end();
  std::optional<uint64_t> bytes_to_end(int32_t token);

 private:
  uint32_t now();
  std::optional<uint32_t> walk(uint32_t set, std::string_view bytes);
  std::shared_ptr<Engine> engine_;
  std::string text_;  // followed anew when the engine has forgotten its sets
  uint64_t epoch_ = 0;
  uint32_t set_ = 0;
  std::shared_ptr<const std::vector<uint64_t>> mask_;
};

}  // namespace hanok::lm::grammar
