// The one form that JSON schemas, regular expressions and GBNF become: rules, each an automaton whose edges read a
// character of a set or another rule.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lm/grammar/char_set.h"

namespace hanok::lm::grammar {

using StateId = uint32_t;
using RuleId = uint32_t;

constexpr size_t kMaxStates = 200'000;  // of a whole grammar: beyond, compiling and masks cost seconds and gigabytes
constexpr int kMaxNesting = 128;        // of brackets and of schemas: parsers recurse

/// How a character of a set is written: itself, or as in a JSON string (quotes, backslashes and controls escaped;
/// characters beyond ASCII also as \uXXXX).
enum class Spelling : uint8_t { Plain, Json };

struct Edge {
  enum class Kind : uint8_t { Empty, Chars, Rule } kind = Kind::Empty;
  Spelling spelling = Spelling::Plain;
  uint32_t what = 0;  // index into Rules::sets, or a RuleId
  StateId to = 0;
};

/// Non-deterministic, with one first and one last state.
struct Automaton {
  static constexpr StateId kFirst = 0, kLast = 1;
  std::vector<std::vector<Edge>> states{2};
};

/// A regular expression over characters and rules.
struct Expression;
using ExpressionPtr = std::shared_ptr<const Expression>;
constexpr size_t kUnbounded = SIZE_MAX;
struct Expression {
  enum class Kind { Chars, Sequence, Choice, Repeat, Rule, Begin, End } kind = Kind::Sequence;
  CharSet set;
  std::vector<ExpressionPtr> parts;
  size_t least = 0, most = kUnbounded;
  RuleId rule = 0;
};
ExpressionPtr chars(CharSet set);
ExpressionPtr text(std::string_view utf8);
ExpressionPtr sequence(std::vector<ExpressionPtr> parts);
ExpressionPtr choice(std::vector<ExpressionPtr> parts);
ExpressionPtr repeat(ExpressionPtr part, size_t least, size_t most);
ExpressionPtr rule_reference(RuleId rule);

class Rules {
 public:
  RuleId add(std::string name);
  size_t size() const { return rules_.size(); }
  const std::string& name(RuleId rule) const { return rules_[rule].name; }
  const Automaton& automaton(RuleId rule) const { return rules_[rule].automaton; }
  const std::vector<CharSet>& sets() const { return sets_; }
  RuleId root = 0;

  /// Throws Exhausted past kMaxStates.
  StateId state(RuleId rule);
  void empty(RuleId rule, StateId from, StateId to);
  void chars(RuleId rule, StateId from, StateId to, const CharSet& set, Spelling spelling = Spelling::Plain);
  void call(RuleId rule, StateId from, StateId to, RuleId called);
  void text(RuleId rule, StateId from, StateId to, std::string_view utf8, Spelling spelling = Spelling::Plain);
  void expression(RuleId rule, StateId from, StateId to, const Expression& e, Spelling spelling = Spelling::Plain);
  /// A copy of another automaton, which calls no rule.
  void automaton(RuleId rule, StateId from, StateId to, const Automaton& a, const std::vector<CharSet>& sets,
                 Spelling spelling);

 private:
  struct Rule {
    std::string name;
    Automaton automaton;
  };
  uint32_t intern(const CharSet& set);
  std::vector<Rule> rules_;
  std::vector<CharSet> sets_;
  std::map<CharSet, uint32_t> known_;
  size_t states_ = 0;
};

/// A language of characters alone: for constraints that must hold together.
struct Language {
  Automaton automaton;
  std::vector<CharSet> sets;

  static Language of(const Expression& e);
  static Language any() { return length(0, kUnbounded); }
  static Language length(size_t least, size_t most);
  /// Every text but these.
  static Language except(const std::vector<std::string>& texts);
  /// Texts of both. Throws Exhausted past kMaxStates.
  Language both(const Language& other) const;
  bool empty() const;
  bool contains(std::string_view utf8) const;
};

}  // namespace hanok::lm::grammar
