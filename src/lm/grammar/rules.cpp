#include "lm/grammar/rules.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "hanok/error.h"
#include "text/tokenizers/unicode.h"

namespace hanok::lm::grammar {
namespace {

std::vector<char32_t> code_points(std::string_view utf8) {
  std::vector<char32_t> out;
  for (size_t at = 0; at < utf8.size();) out.push_back(text::unicode::next(utf8, at));
  return out;
}

[[noreturn]] void too_large() {
  throw Error(Code::Exhausted, "grammar: more than " + std::to_string(kMaxStates) +
                                   " states; a repetition counts too far or repetitions lie within one another");
}

// All states that `from` reaches without reading, itself among them.
void reach(const Automaton& a, StateId from, std::vector<StateId>& out) {
  std::vector<StateId> open{from};
  std::set<StateId> seen{from};
  while (!open.empty()) {
    const StateId s = open.back();
    open.pop_back();
    out.push_back(s);
    for (const Edge& e : a.states[s])
      if (e.kind == Edge::Kind::Empty && seen.insert(e.to).second) open.push_back(e.to);
  }
}

}  // namespace

ExpressionPtr chars(CharSet set) {
  Expression e;
  e.kind = Expression::Kind::Chars;
  e.set = std::move(set);
  return std::make_shared<const Expression>(std::move(e));
}
ExpressionPtr text(std::string_view utf8) {
  std::vector<ExpressionPtr> parts;
  for (const char32_t c : code_points(utf8)) parts.push_back(chars(CharSet::one(c)));
  return sequence(std::move(parts));
}
ExpressionPtr sequence(std::vector<ExpressionPtr> parts) {
  if (parts.size() == 1) return parts[0];
  Expression e;
  e.kind = Expression::Kind::Sequence;
  e.parts = std::move(parts);
  return std::make_shared<const Expression>(std::move(e));
}
ExpressionPtr choice(std::vector<ExpressionPtr> parts) {
  if (parts.size() == 1) return parts[0];
  Expression e;
  e.kind = Expression::Kind::Choice;
  e.parts = std::move(parts);
  return std::make_shared<const Expression>(std::move(e));
}
ExpressionPtr repeat(ExpressionPtr part, size_t least, size_t most) {
  Expression e;
  e.kind = Expression::Kind::Repeat;
  e.parts = {std::move(part)};
  e.least = least;
  e.most = most;
  return std::make_shared<const Expression>(std::move(e));
}
ExpressionPtr rule_reference(RuleId rule) {
  Expression e;
  e.kind = Expression::Kind::Rule;
  e.rule = rule;
  return std::make_shared<const Expression>(std::move(e));
}

RuleId Rules::add(std::string name) {
  rules_.push_back({std::move(name), {}});
  if ((states_ += 2) > kMaxStates) too_large();
  return static_cast<RuleId>(rules_.size() - 1);
}

StateId Rules::state(RuleId rule) {
  if (++states_ > kMaxStates) too_large();
  auto& states = rules_[rule].automaton.states;
  states.emplace_back();
  return static_cast<StateId>(states.size() - 1);
}

uint32_t Rules::intern(const CharSet& set) {
  const auto [at, fresh] = known_.emplace(set, static_cast<uint32_t>(sets_.size()));
  if (fresh) sets_.push_back(set);
  return at->second;
}

void Rules::empty(RuleId rule, StateId from, StateId to) {
  rules_[rule].automaton.states[from].push_back({.kind = Edge::Kind::Empty, .to = to});
}
void Rules::chars(RuleId rule, StateId from, StateId to, const CharSet& set, Spelling spelling) {
  if (set.empty()) return;
  rules_[rule].automaton.states[from].push_back(
      {.kind = Edge::Kind::Chars, .spelling = spelling, .what = intern(set), .to = to});
}
void Rules::call(RuleId rule, StateId from, StateId to, RuleId called) {
  rules_[rule].automaton.states[from].push_back({.kind = Edge::Kind::Rule, .what = called, .to = to});
}

void Rules::text(RuleId rule, StateId from, StateId to, std::string_view utf8, Spelling spelling) {
  const auto points = code_points(utf8);
  if (points.empty()) return empty(rule, from, to);
  for (size_t i = 0; i < points.size(); ++i) {
    const StateId next = i + 1 == points.size() ? to : state(rule);
    chars(rule, from, next, CharSet::one(points[i]), spelling);
    from = next;
  }
}

void Rules::expression(RuleId rule, StateId from, StateId to, const Expression& e, Spelling spelling) {
  using Kind = Expression::Kind;
  switch (e.kind) {
    case Kind::Chars:
      return chars(rule, from, to, e.set, spelling);
    case Kind::Rule:
      return call(rule, from, to, e.rule);
    case Kind::Begin:
    case Kind::End:
      throw Error(Code::Unsupported, "regex: ^ and $ stand at the very beginning and end alone");
    case Kind::Sequence: {
      for (size_t i = 0; i + 1 < e.parts.size(); ++i) {
        const StateId next = state(rule);
        expression(rule, from, next, *e.parts[i], spelling);
        from = next;
      }
      return e.parts.empty() ? empty(rule, from, to) : expression(rule, from, to, *e.parts.back(), spelling);
    }
    case Kind::Choice:
      for (const auto& part : e.parts) {
        // States of its own, so that a loop in one choice does not lead into another.
        const StateId first = state(rule);
        empty(rule, from, first);
        expression(rule, first, to, *part, spelling);
      }
      return;
    case Kind::Repeat: {
      const Expression& part = *e.parts[0];
      for (size_t i = 0; i < e.least; ++i) {
        const StateId next = state(rule);
        expression(rule, from, next, part, spelling);
        from = next;
      }
      if (e.most == kUnbounded) {
        const StateId loop = state(rule), back = state(rule);
        empty(rule, from, loop);
        expression(rule, loop, back, part, spelling);
        empty(rule, back, loop);
        return empty(rule, loop, to);
      }
      for (size_t i = e.least; i < e.most; ++i) {
        const StateId next = state(rule);
        empty(rule, from, to);
        expression(rule, from, next, part, spelling);
        from = next;
      }
      return empty(rule, from, to);
    }
  }
}

void Rules::automaton(RuleId rule, StateId from, StateId to, const Automaton& a, const std::vector<CharSet>& sets,
                      Spelling spelling) {
  std::vector<StateId> of(a.states.size());
  for (StateId s = 0; s < a.states.size(); ++s) of[s] = state(rule);
  empty(rule, from, of[Automaton::kFirst]);
  empty(rule, of[Automaton::kLast], to);
  for (StateId s = 0; s < a.states.size(); ++s)
    for (const Edge& e : a.states[s]) {
      if (e.kind == Edge::Kind::Empty)
        empty(rule, of[s], of[e.to]);
      else
        chars(rule, of[s], of[e.to], sets[e.what], spelling);
    }
}

Language Language::of(const Expression& e) {
  Rules rules;
  const RuleId r = rules.add("");
  rules.expression(r, Automaton::kFirst, Automaton::kLast, e);
  return {rules.automaton(r), rules.sets()};
}

Language Language::length(size_t least, size_t most) { return of(*repeat(chars(CharSet::any()), least, most)); }

Language Language::except(const std::vector<std::string>& texts) {
  // A trie of the texts; behind the first character that leaves it, anything.
  struct Node {
    std::map<char32_t, size_t> next;
    bool ends = false;
  };
  std::vector<Node> trie(1);
  for (const auto& t : texts) {
    size_t at = 0;
    for (const char32_t c : code_points(t)) {
      const auto [found, fresh] = trie[at].next.emplace(c, trie.size());
      const size_t to = found->second;
      if (fresh) trie.emplace_back();
      at = to;
    }
    trie[at].ends = true;
  }
  Rules rules;
  const RuleId r = rules.add("");
  const StateId free = rules.state(r);
  rules.chars(r, free, free, CharSet::any());
  rules.empty(r, free, Automaton::kLast);
  std::vector<StateId> of;
  for (size_t i = 0; i < trie.size(); ++i) of.push_back(i ? rules.state(r) : Automaton::kFirst);
  for (size_t i = 0; i < trie.size(); ++i) {
    std::vector<CharRange> known;
    for (const auto& [c, to] : trie[i].next) {
      known.push_back({c, c});
      rules.chars(r, of[i], of[to], CharSet::one(c));
    }
    rules.chars(r, of[i], free, CharSet(known).negated());
    if (!trie[i].ends) rules.empty(r, of[i], Automaton::kLast);
  }
  return {rules.automaton(r), rules.sets()};
}

Language Language::both(const Language& other) const {
  Rules rules;
  const RuleId r = rules.add("");
  std::unordered_map<uint64_t, StateId> known;
  std::vector<std::pair<StateId, StateId>> open;
  const auto pair_of = [&](StateId a, StateId b) {
    if (a == Automaton::kLast && b == Automaton::kLast) return Automaton::kLast;
    const uint64_t key = static_cast<uint64_t>(a) << 32 | b;
    if (const auto at = known.find(key); at != known.end()) return at->second;
    const StateId s = a == Automaton::kFirst && b == Automaton::kFirst ? Automaton::kFirst : rules.state(r);
    known.emplace(key, s);
    open.emplace_back(a, b);
    return s;
  };
  pair_of(Automaton::kFirst, Automaton::kFirst);
  while (!open.empty()) {
    const auto [a, b] = open.back();
    open.pop_back();
    const StateId from = known.at(static_cast<uint64_t>(a) << 32 | b);
    std::vector<StateId> left, right;
    reach(automaton, a, left);
    reach(other.automaton, b, right);
    for (const StateId x : left)
      for (const StateId y : right) {
        if (x == Automaton::kLast && y == Automaton::kLast) rules.empty(r, from, Automaton::kLast);
        for (const Edge& e : automaton.states[x])
          for (const Edge& f : other.automaton.states[y]) {
            if (e.kind != Edge::Kind::Chars || f.kind != Edge::Kind::Chars) continue;
            const CharSet set = sets[e.what].both(other.sets[f.what]);
            if (!set.empty()) rules.chars(r, from, pair_of(e.to, f.to), set);
          }
      }
  }
  return {rules.automaton(r), rules.sets()};
}

bool Language::empty() const {
  std::vector<StateId> open{Automaton::kFirst};
  std::set<StateId> seen{Automaton::kFirst};
  while (!open.empty()) {
    const StateId s = open.back();
    open.pop_back();
    if (s == Automaton::kLast) return false;
    for (const Edge& e : automaton.states[s])
      if (seen.insert(e.to).second) open.push_back(e.to);
  }
  return true;
}

bool Language::contains(std::string_view utf8) const {
  std::vector<StateId> now;
  reach(automaton, Automaton::kFirst, now);
  for (const char32_t c : code_points(utf8)) {
    std::set<StateId> next;
    for (const StateId s : now)
      for (const Edge& e : automaton.states[s])
        if (e.kind == Edge::Kind::Chars && sets[e.what].contains(c)) {
          std::vector<StateId> all;
          reach(automaton, e.to, all);
          next.insert(all.begin(), all.end());
        }
    now.assign(next.begin(), next.end());
  }
  return std::find(now.begin(), now.end(), Automaton::kLast) != now.end();
}

}  // namespace hanok::lm::grammar
