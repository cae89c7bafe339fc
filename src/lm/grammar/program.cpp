#include "lm/grammar/program.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <queue>
#include <string>

#include "hanok/error.h"
#include "text/tokenizers/unicode.h"

namespace hanok::lm::grammar {
namespace {

constexpr size_t kInlined = 48;  // states of a rule without loops that are copied in place of a call: no token's
                                 // meaning then depends on what stands behind so small a rule

struct Digits {
  std::array<uint8_t, 4> first{}, last{};
};

// Sequences of `n` digits of base `base` whose numbers lie in [low, high], as ranges of digits.
void split_digits(uint32_t low, uint32_t high, uint32_t base, size_t n, Digits head, size_t at,
                  const std::function<void(const Digits&)>& give) {
  uint32_t unit = 1;
  for (size_t i = 0; i + 1 < n - at; ++i) unit *= base;
  const uint32_t a = low / unit, b = high / unit;
  if (n - at == 1) {
    head.first[at] = static_cast<uint8_t>(a), head.last[at] = static_cast<uint8_t>(b);
    return give(head);
  }
  const auto part = [&](uint32_t from, uint32_t to, uint32_t lower, uint32_t upper) {
    head.first[at] = static_cast<uint8_t>(from), head.last[at] = static_cast<uint8_t>(to);
    split_digits(lower, upper, base, n, head, at + 1, give);
  };
  const uint32_t most = unit - 1;
  if (a == b) return part(a, a, low % unit, high % unit);
  uint32_t from = a, to = b;
  if (low % unit != 0) part(a, a, low % unit, most), ++from;
  if (high % unit != most) part(b, b, 0, high % unit), --to;
  if (from <= to) part(from, to, 0, most);
}

}  // namespace

class Program::Builder {
 public:
  Builder(const Rules& rules, Program& out) : rules_(rules), out_(out) {}

  void run() {
    find_small();
    for (RuleId r = 0; r < rules_.size(); ++r) {
      const size_t n = rules_.automaton(r).states.size();
      firsts_.push_back(static_cast<uint32_t>(states_.size()));
      owner_ = r;
      for (size_t i = 0; i < n; ++i) add();
      accepting_[firsts_[r] + Automaton::kLast] = true;
    }
    for (RuleId r = 0; r < rules_.size(); ++r) owner_ = r, copy(r, firsts_[r]);
    find_costs();
    if (costs_[firsts_[rules_.root] + Automaton::kFirst] == kNever)
      throw Error(Code::Invalid, "grammar: no text satisfies it");
    refuse_left_recursion();
    write();
  }

 private:
  uint32_t add() {
    if (states_.size() >= 4 * kMaxStates)  // spelling out takes several states a character
      throw Error(Code::Exhausted, "grammar: more than " + std::to_string(4 * kMaxStates) + " states over bytes");
    states_.emplace_back();
    chars_.emplace_back();
    owners_.push_back(owner_);
    accepting_.push_back(false);
    return static_cast<uint32_t>(states_.size() - 1);
  }
  void byte(uint32_t from, uint32_t to, uint8_t first, uint8_t last) {
    states_[from].push_back({.kind = Program::Edge::Kind::Byte, .first = first, .last = last, .to = to});
  }
  void empty(uint32_t from, uint32_t to) { states_[from].push_back({.kind = Program::Edge::Kind::Empty, .to = to}); }

  // Rules without calls and loops, of few states.
  void find_small() {
    for (RuleId r = 0; r < rules_.size(); ++r) {
      const auto& states = rules_.automaton(r).states;
      small_.push_back(r != rules_.root && states.size() <= kInlined && without_loops(states));
    }
  }
  static bool without_loops(const std::vector<std::vector<grammar::Edge>>& states) {
    std::vector<size_t> into(states.size());
    for (const auto& s : states)
      for (const auto& e : s) {
        if (e.kind == grammar::Edge::Kind::Rule) return false;
        ++into[e.to];
      }
    std::vector<StateId> open;
    for (StateId s = 0; s < states.size(); ++s)
      if (into[s] == 0) open.push_back(s);
    size_t done = 0;
    for (; !open.empty(); ++done) {
      const StateId s = open.back();
      open.pop_back();
      for (const auto& e : states[s])
        if (--into[e.to] == 0) open.push_back(e.to);
    }
    return done == states.size();
  }

  void copy(RuleId r, uint32_t base) {
    const auto& states = rules_.automaton(r).states;
    for (StateId s = 0; s < states.size(); ++s)
      for (const auto& e : states[s]) {
        const uint32_t from = base + s, to = base + e.to;
        if (e.kind == grammar::Edge::Kind::Empty) {
          empty(from, to);
        } else if (e.kind == grammar::Edge::Kind::Chars) {
          spell(from, to, rules_.sets()[e.what], e.spelling);
        } else if (small_[e.what]) {
          const size_t n = rules_.automaton(e.what).states.size();
          const auto inner = static_cast<uint32_t>(states_.size());
          for (size_t i = 0; i < n; ++i) add();
          empty(from, inner + Automaton::kFirst);
          empty(inner + Automaton::kLast, to);
          copy(e.what, inner);
        } else {
          states_[from].push_back({.kind = Program::Edge::Kind::Rule, .rule = e.what, .to = to});
        }
      }
  }

  void as_they_are(uint32_t from, uint32_t to, const CharSet& set, const CharSet& all, Spelling spelling) {
    utf8(from, to, set);
    const auto [at, fresh] = known_sets_.emplace(set, static_cast<uint32_t>(out_.sets_.size()));
    if (fresh) out_.sets_.push_back(set);
    const auto label = labels_.emplace(std::pair(all, spelling), static_cast<uint32_t>(labels_.size())).first->second;
    chars_[from].push_back({at->second, label, to});
  }

  void spell(uint32_t from, uint32_t to, const CharSet& set, Spelling spelling) {
    if (spelling == Spelling::Plain) return as_they_are(from, to, set, set, spelling);
    static const CharSet escaped({{0, 0x1F}, {'"', '"'}, {'\\', '\\'}});
    as_they_are(from, to, set.without(escaped), set, spelling);
    static const CharSet numbered({{0, 0x1F}, {0x7F, 0x10FFFF}});
    const CharSet by_number = set.both(numbered);
    static constexpr std::pair<char, char> kShort[] = {{'"', '"'},  {'\\', '\\'}, {'/', '/'},  {'b', '\b'},
                                                       {'f', '\f'}, {'n', '\n'},  {'r', '\r'}, {'t', '\t'}};
    std::string letters;
    for (const auto& [letter, c] : kShort)
      if (set.contains(static_cast<unsigned char>(c))) letters += letter;
    if (by_number.empty() && letters.empty()) return;
    const uint32_t slash = add();
    byte(from, slash, '\\', '\\');
    for (const char c : letters) byte(slash, to, static_cast<uint8_t>(c), static_cast<uint8_t>(c));
    if (by_number.empty()) return;
    const uint32_t u = add();
    byte(slash, u, 'u', 'u');
    for (auto [first, last] : by_number.ranges()) {
      if (first <= 0xFFFF) hex(u, to, first, std::min<char32_t>(last, 0xFFFF));
      if (last > 0xFFFF) surrogates(u, to, std::max<char32_t>(first, 0x10000), last);
    }
  }

  // Four hexadecimal digits of either case.
  void hex(uint32_t from, uint32_t to, uint32_t low, uint32_t high) {
    split_digits(low, high, 16, 4, {}, 0, [&](const Digits& d) {
      uint32_t at = from;
      for (size_t i = 0; i < 4; ++i) {
        const uint32_t next = i == 3 ? to : add();
        const uint8_t a = d.first[i], b = d.last[i];
        if (a <= 9) byte(at, next, static_cast<uint8_t>('0' + a), static_cast<uint8_t>('0' + std::min<uint8_t>(b, 9)));
        if (b >= 10)
          for (const char letter : {'a', 'A'})
            byte(at, next, static_cast<uint8_t>(letter + std::max<int>(a, 10) - 10),
                 static_cast<uint8_t>(letter + b - 10));
        at = next;
      }
    });
  }

  // Beyond the first plane: \uD8xx\uDCxx.
  void surrogates(uint32_t from, uint32_t to, char32_t first, char32_t last) {
    const uint32_t low = first - 0x10000, high = last - 0x10000;
    const auto part = [&](uint32_t a, uint32_t b, uint32_t lower, uint32_t upper) {
      const uint32_t one = add(), slash = add(), u = add();
      hex(from, one, 0xD800 + a, 0xD800 + b);
      byte(one, slash, '\\', '\\');
      byte(slash, u, 'u', 'u');
      hex(u, to, 0xDC00 + lower, 0xDC00 + upper);
    };
    uint32_t a = low >> 10, b = high >> 10;
    if (a == b) return part(a, a, low & 1023, high & 1023);
    if ((low & 1023) != 0) part(a, a, low & 1023, 1023), ++a;
    if ((high & 1023) != 1023) part(b, b, 0, high & 1023), --b;
    if (a <= b) part(a, b, 0, 1023);
  }

  void utf8(uint32_t from, uint32_t to, const CharSet& set) {
    struct Width {
      char32_t first, last;
      size_t bytes;
      uint8_t lead;
    };
    static constexpr Width kWidths[] = {
        {0, 0x7F, 1, 0}, {0x80, 0x7FF, 2, 0xC0}, {0x800, 0xFFFF, 3, 0xE0}, {0x10000, 0x10FFFF, 4, 0xF0}};
    for (const auto& [first, last] : set.ranges())
      for (const Width& w : kWidths) {
        const char32_t a = std::max(first, w.first), b = std::min(last, w.last);
        if (a > b) continue;
        if (w.bytes == 1) {
          byte(from, to, static_cast<uint8_t>(a), static_cast<uint8_t>(b));
          continue;
        }
        split_digits(a, b, 64, w.bytes, {}, 0, [&](const Digits& d) {
          uint32_t at = from;
          for (size_t i = 0; i < w.bytes; ++i) {
            const uint8_t mark = i == 0 ? w.lead : 0x80;
            const uint32_t next = i + 1 == w.bytes ? to : add();
            byte(at, next, static_cast<uint8_t>(mark | d.first[i]), static_cast<uint8_t>(mark | d.last[i]));
            at = next;
          }
        });
      }
  }

  // The shortest way to the end of a state's rule (Knuth 1977, a generalisation of Dijkstra's algorithm): a call costs
  // what the called rule's shortest text does.
  void find_costs() {
    struct Back {
      uint32_t from, rule;  // rule: kNever where no rule is called
      uint32_t bytes;
    };
    std::vector<std::vector<Back>> back(states_.size());
    std::vector<std::vector<std::pair<uint32_t, uint32_t>>> calls(rules_.size());  // (from, to) by called rule
    for (uint32_t s = 0; s < states_.size(); ++s)
      for (const Program::Edge& e : states_[s]) {
        const bool call = e.kind == Program::Edge::Kind::Rule;
        back[e.to].push_back({s, call ? e.rule : kNever, e.kind == Program::Edge::Kind::Byte ? 1u : 0u});
        if (call) calls[e.rule].emplace_back(s, e.to);
      }
    costs_.assign(states_.size(), kNever);
    std::vector<uint32_t> rule_of(states_.size(), kNever);
    for (RuleId r = 0; r < rules_.size(); ++r) rule_of[firsts_[r] + Automaton::kFirst] = r;
    using Entry = std::pair<uint32_t, uint32_t>;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> open;
    for (uint32_t s = 0; s < states_.size(); ++s)
      if (accepting_[s]) open.emplace(0, s);
    const auto plus = [](uint32_t a, uint32_t b) { return a > kNever - 1 - b ? kNever - 1 : a + b; };
    while (!open.empty()) {
      const auto [cost, s] = open.top();
      open.pop();
      if (costs_[s] != kNever) continue;
      costs_[s] = cost;
      for (const Back& b : back[s]) {
        if (costs_[b.from] != kNever) continue;
        if (b.rule == kNever) {
          open.emplace(plus(cost, b.bytes), b.from);
        } else if (const uint32_t inner = costs_[firsts_[b.rule]]; inner != kNever) {
          open.emplace(plus(cost, inner), b.from);
        }
      }
      if (rule_of[s] != kNever)
        for (const auto& [from, to] : calls[rule_of[s]])
          if (costs_[from] == kNever && costs_[to] != kNever) open.emplace(plus(cost, costs_[to]), from);
    }
  }

  bool lives(const Program::Edge& e) const {
    return costs_[e.to] != kNever && (e.kind != Program::Edge::Kind::Rule || costs_[firsts_[e.rule]] != kNever);
  }

  // A rule that calls itself before it has read a byte would be followed for ever. A rule of cost 0 may read nothing.
  void refuse_left_recursion() const {
    std::vector<std::vector<RuleId>> begins(rules_.size());
    std::vector<RuleId> seen(states_.size(), kNever);
    for (RuleId r = 0; r < rules_.size(); ++r) {
      std::vector<uint32_t> open{firsts_[r]};
      const auto visit = [&](uint32_t s) {
        if (seen[s] != r) seen[s] = r, open.push_back(s);
      };
      seen[firsts_[r]] = r;
      while (!open.empty()) {
        const uint32_t s = open.back();
        open.pop_back();
        for (const Program::Edge& e : states_[s]) {
          if (!lives(e)) continue;
          if (e.kind == Program::Edge::Kind::Empty) visit(e.to);
          if (e.kind != Program::Edge::Kind::Rule) continue;
          begins[r].push_back(e.rule);
          if (costs_[firsts_[e.rule]] == 0) visit(e.to);
        }
      }
    }
    enum class Mark : uint8_t { New, Open, Done };
    std::vector<Mark> marks(rules_.size(), Mark::New);
    for (RuleId r = 0; r < rules_.size(); ++r) {
      std::vector<std::pair<RuleId, size_t>> way;  // a rule and which of those it begins with comes next
      if (marks[r] == Mark::New) way.emplace_back(r, 0), marks[r] = Mark::Open;
      while (!way.empty()) {
        const auto [rule, next] = way.back();
        if (next == begins[rule].size()) {
          marks[rule] = Mark::Done;
          way.pop_back();
          continue;
        }
        ++way.back().second;
        const RuleId to = begins[rule][next];
        if (marks[to] == Mark::Open) left_recursion(way, to);
        if (marks[to] == Mark::New) way.emplace_back(to, 0), marks[to] = Mark::Open;
      }
    }
  }
  [[noreturn]] void left_recursion(const std::vector<std::pair<RuleId, size_t>>& way, RuleId to) const {
    std::string names;
    bool on = false;
    for (const auto& [rule, next] : way) {
      on = on || rule == to;
      if (on) names += rules_.name(rule) + " -> ";
    }
    throw Error(Code::Invalid, "grammar: left recursion (" + names + rules_.name(to) +
                                   "): a rule begins with itself; put what it reads first before the recursion");
  }

  void write() {
    bool called = false;
    for (const auto& edges : states_)
      for (const Program::Edge& e : edges)
        called = called || (e.kind == Program::Edge::Kind::Rule && e.rule == rules_.root);
    for (const RuleId owner : owners_) out_.outermost_.push_back(!called && owner == rules_.root);
    for (uint32_t s = 0; s < states_.size(); ++s) {
      out_.offsets_.push_back(static_cast<uint32_t>(out_.edges_.size()));
      bool reads = false;
      for (const Program::Edge& e : states_[s]) {
        if (!lives(e)) continue;
        reads = reads || e.kind == Program::Edge::Kind::Byte;
        out_.edges_.push_back(e);
      }
      out_.reads_.push_back(reads);
      out_.char_offsets_.push_back(static_cast<uint32_t>(out_.char_edges_.size()));
      for (const Program::CharEdge& e : chars_[s])
        if (costs_[e.to] != kNever) out_.char_edges_.push_back(e);
    }
    out_.char_offsets_.push_back(static_cast<uint32_t>(out_.char_edges_.size()));
    out_.offsets_.push_back(static_cast<uint32_t>(out_.edges_.size()));
    out_.accepting_ = std::move(accepting_);
    out_.costs_ = std::move(costs_);
    out_.starts_ = std::move(firsts_);
    out_.root_ = rules_.root;
  }

  const Rules& rules_;
  Program& out_;
  std::vector<std::vector<Program::Edge>> states_;
  std::vector<std::vector<Program::CharEdge>> chars_;
  std::map<CharSet, uint32_t> known_sets_;
  std::map<std::pair<CharSet, Spelling>, uint32_t> labels_;
  std::vector<bool> accepting_, small_;
  std::vector<uint32_t> firsts_, costs_;
  std::vector<RuleId> owners_;  // the rule that a state belongs to
  RuleId owner_ = 0;            // of the states that are being added
};

Program::Program(const Rules& rules) { Builder(rules, *this).run(); }

}  // namespace hanok::lm::grammar
