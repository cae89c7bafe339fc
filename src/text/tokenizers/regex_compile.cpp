#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "base/ascii.h"
#include "hanok/error.h"
#include "text/tokenizers/regex.h"

namespace hanok::text::tokenizers {
namespace {

constexpr size_t kMaxInstructions = 8192;
constexpr size_t kMaxSource = 16384;
constexpr uint32_t kMaxRepeat = 1000;
constexpr uint32_t kEndless = UINT32_MAX;
constexpr int kMaxGroups = 64;  // inside one another

using Op = Instruction::Op;

struct Node {
  enum class Kind { Set, Sequence, Choice, Repeat, Group, Assert } kind = Kind::Sequence;
  Op op = Op::Match;  // of a Group: Atomic, Ahead, NotAhead, Behind; of an Assert: which
  uint32_t set = 0, low = 1, high = 1;
  enum class Mode { Greedy, Lazy, Possessive } mode = Mode::Greedy;
  bool negated = false;
  std::vector<Node> children;
};

/// Source -> tree.
class Parser {
 public:
  Parser(std::string_view source, const std::string& where, std::vector<CharSet>& sets)
      : source_(source), where_(where), sets_(sets) {}

  Node parse() {
    Node tree = choice(0);
    if (at_ < source_.size()) fail(Code::Invalid, "a ')' without '('");
    return tree;
  }

  [[noreturn]] void fail(Code code, const std::string& what) const {
    throw Error(code, where_ + ": regular expression, byte " + std::to_string(at_) + ": " + what);
  }

 private:
  bool more() const { return at_ < source_.size(); }
  bool eat(std::string_view token) {
    if (!source_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  char32_t take() {
    if (!more()) fail(Code::Invalid, "ends too early");
    return unicode::next(source_, at_);
  }

  Node choice(int depth) {
    if (depth > kMaxGroups) fail(Code::Unsupported, "groups nested too deeply");
    const bool outer_case = ignore_case_;
    Node node{.kind = Node::Kind::Choice};
    do node.children.push_back(sequence(depth));
    while (eat("|"));
    ignore_case_ = outer_case;
    if (node.children.size() > 1) return node;
    Node only = std::move(node.children.front());
    return only;
  }

  Node sequence(int depth) {
    Node node{.kind = Node::Kind::Sequence};
    while (more() && source_[at_] != '|' && source_[at_] != ')') {
      if (eat("(?i)")) {
        ignore_case_ = true;
        continue;
      }
      Node part = atom(depth);
      while (quantifier(part)) {
      }
      node.children.push_back(std::move(part));
    }
    return node;
  }

  bool quantifier(Node& part) {
    uint32_t low = 0, high = kEndless;
    const size_t before = at_;
    bool braces = false;
    if (eat("+"))
      low = 1;
    else if (eat("?"))
      high = 1;
    else if (eat("{")) {
      braces = true;
      if (!counts(low, high)) return at_ = before, false;
    } else if (!eat("*"))
      return false;
    Node repeat{.kind = Node::Kind::Repeat, .low = low, .high = high};
    if (eat("?"))
      repeat.mode = Node::Mode::Lazy;
    else if (!braces && eat("+"))
      repeat.mode = Node::Mode::Possessive;
    if (part.kind == Node::Kind::Assert) fail(Code::Unsupported, "an assertion repeated");
    repeat.children.push_back(std::move(part));
    part = std::move(repeat);
    return true;
  }

  bool number(uint32_t& n) {
    const size_t before = at_;
    for (n = 0; more() && source_[at_] >= '0' && source_[at_] <= '9'; ++at_) {
      n = n * 10 + static_cast<uint32_t>(source_[at_] - '0');
      if (n > kMaxRepeat) fail(Code::Unsupported, "more than " + std::to_string(kMaxRepeat) + " repetitions");
    }
    return at_ > before;
  }

  /// Behind '{'. False when it was a plain brace.
  bool counts(uint32_t& low, uint32_t& high) {
    const bool has_low = number(low);
    high = low;
    if (eat(",")) {
      if (!number(high)) {
        if (!has_low) return false;
        high = kEndless;
      }
    } else if (!has_low) {
      return false;
    }
    if (!eat("}")) return false;
    if (low > high) fail(Code::Invalid, "a repetition whose least number is above its most");
    return true;
  }

  Node atom(int depth) {
    if (source_[at_] == '(') return group(depth);
    if (source_[at_] == '[') return set_node(char_class());
    if (eat("^")) return Node{.kind = Node::Kind::Assert, .op = Op::LineStart};
    if (eat("$")) return Node{.kind = Node::Kind::Assert, .op = Op::LineEnd};
    if (eat(".")) {
      CharSet set;
      set.add('\n', '\n');
      set.finish(true, false);
      return set_node(std::move(set));
    }
    if (source_[at_] == '*' || source_[at_] == '+' || source_[at_] == '?') fail(Code::Invalid, "nothing to repeat");
    for (const auto& [token, op] : kAsserts)
      if (eat(token)) return Node{.kind = Node::Kind::Assert, .op = op};
    CharSet set;
    if (eat("\\"))
      set.add(escape());
    else {
      const char32_t c = take();
      set.add(c, c);
    }
    set.finish(false, ignore_case_);
    return set_node(std::move(set));
  }

  Node group(int depth) {
    static constexpr std::array<std::pair<std::string_view, Op>, 5> kGroups{
        {{"(?:", Op::Jump}, {"(?i:", Op::Jump}, {"(?>", Op::Atomic}, {"(?=", Op::Ahead}, {"(?!", Op::NotAhead}}};
    const bool outer_case = ignore_case_;
    Node node{.kind = Node::Kind::Group, .op = Op::Jump};
    if (eat("(?<=") || source_.substr(at_).starts_with("(?<!")) {
      node.negated = eat("(?<!");
      node.op = Op::Behind;
    } else {
      bool known = false;
      for (const auto& [token, op] : kGroups) {
        if (known || !source_.substr(at_).starts_with(token)) continue;
        at_ += token.size();
        node.op = op;
        known = true;
        if (token == "(?i:") ignore_case_ = true;
      }
      if (!known && source_.substr(at_).starts_with("(?")) fail(Code::Unsupported, "a group of this kind");
      if (!known) eat("(");
    }
    node.children.push_back(choice(depth + 1));
    ignore_case_ = outer_case;
    if (!eat(")")) fail(Code::Invalid, "a '(' without ')'");
    if (node.op == Op::Behind) one_character(node);
    if (node.op != Op::Jump) return node;
    Node inner = std::move(node.children.front());
    return inner;
  }

  void one_character(Node& behind) const {
    const Node& body = behind.children.front();
    if (body.kind != Node::Kind::Sequence || body.children.size() != 1 || body.children[0].kind != Node::Kind::Set)
      fail(Code::Unsupported, "a look behind for more than one character");
    behind.set = body.children[0].set;
  }

  Node set_node(CharSet set) {
    sets_.push_back(std::move(set));
    if (sets_.size() > kMaxInstructions) fail(Code::Unsupported, "too long a pattern");
    return Node{.kind = Node::Kind::Set, .set = static_cast<uint32_t>(sets_.size() - 1)};
  }

  CharSet char_class() {
    CharSet set;
    eat("[");
    const bool negated = eat("^");
    while (!eat("]")) {
      if (!more()) fail(Code::Invalid, "a '[' without ']'");
      if (eat("[:")) {
        set.add(posix());
        continue;
      }
      if (source_.substr(at_).starts_with("[") || source_.substr(at_).starts_with("&&"))
        fail(Code::Unsupported, "a class within a class");
      CharSet::Item item = class_item();
      const auto rest = source_.substr(at_);
      if (item.kind == CharSet::Item::Kind::Range && !item.negated && item.first == item.last &&
          rest.starts_with("-") && !rest.starts_with("-]")) {
        eat("-");
        const CharSet::Item upper = class_item();
        if (upper.kind != CharSet::Item::Kind::Range || upper.first < item.first)
          fail(Code::Invalid, "a range whose end is no character behind its start");
        item.last = upper.first;
      }
      set.add(item);
    }
    set.finish(negated, ignore_case_);
    return set;
  }

  CharSet::Item class_item() {
    if (eat("\\")) return escape();
    const char32_t c = take();
    return {.first = c, .last = c};
  }

  CharSet::Item posix() {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kMasks{
        {{"alpha:]", "L"}, {"digit:]", "Nd"}, {"upper:]", "Lu"}, {"lower:]", "Ll"}}};
    const bool negated = eat("^");
    for (const auto& [name, mask] : kMasks)
      if (eat(name)) return category(unicode::category_mask(mask), negated);
    if (eat("alnum:]")) return category(unicode::category_mask("L") | unicode::category_mask("Nd"), negated);
    if (eat("punct:]")) return category(unicode::category_mask("P") | unicode::category_mask("S"), negated);
    if (eat("space:]")) return {.kind = CharSet::Item::Kind::Space, .negated = negated};
    if (eat("word:]")) return {.kind = CharSet::Item::Kind::Word, .negated = negated};
    fail(Code::Unsupported, "a POSIX class of this name");
  }

  static CharSet::Item category(unicode::CategoryMask mask, bool negated) {
    return {.kind = CharSet::Item::Kind::Category, .mask = mask, .negated = negated};
  }

  /// Behind a backslash.
  CharSet::Item escape() {
    using Kind = CharSet::Item::Kind;
    const char32_t c = take();
    switch (c) {
      case 's':
        return {.kind = Kind::Space};
      case 'S':
        return {.kind = Kind::Space, .negated = true};
      case 'w':
        return {.kind = Kind::Word};
      case 'W':
        return {.kind = Kind::Word, .negated = true};
      case 'd':
        return category(unicode::category_mask("Nd"), false);
      case 'D':
        return category(unicode::category_mask("Nd"), true);
      case 'p':
      case 'P':
        return property(c == 'P');
      case 'x':
        return hex();
      case 'u':
        return code_point(4);
      case 'n':
        return one('\n');
      case 'r':
        return one('\r');
      case 't':
        return one('\t');
      case 'f':
        return one('\f');
      case 'v':
        return one('\v');
      case '0':
        return one(0);
      default:
        break;
    }
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
      fail(Code::Unsupported, std::string("the escape \\") + static_cast<char>(c));
    return one(c);
  }

  static CharSet::Item one(char32_t c) { return {.first = c, .last = c}; }

  CharSet::Item property(bool negated) {
    if (!eat("{")) fail(Code::Invalid, "\\p without {name}");
    if (eat("^")) negated = !negated;
    const size_t end = source_.find('}', at_);
    if (end == std::string_view::npos) fail(Code::Invalid, "\\p{ without }");
    const auto name = source_.substr(at_, end - at_);
    at_ = end + 1;
    if (name == "Han" || name == "Script=Han") return {.kind = CharSet::Item::Kind::Han, .negated = negated};
    const auto mask = unicode::category_mask(name);
    if (mask == 0) fail(Code::Unsupported, "the property \\p{" + std::string(name.substr(0, 40)) + "}");
    return category(mask, negated);
  }

  CharSet::Item hex() {
    if (!eat("{")) return code_point(2);
    const auto item = code_point(6);
    if (!eat("}")) fail(Code::Invalid, "\\x{ without }");
    return item;
  }

  CharSet::Item code_point(int digits) {
    char32_t c = 0;
    int n = 0;
    for (; n < digits && more(); ++n, ++at_) {
      const int v = base::hex_digit(source_[at_]);
      if (v < 0) break;
      c = c << 4 | static_cast<char32_t>(v);
    }
    if (n == 0 || c > 0x10FFFF) fail(Code::Invalid, "no code point");
    return one(c);
  }

  static constexpr std::array<std::pair<std::string_view, Op>, 5> kAsserts{{{"\\b", Op::WordEdge},
                                                                            {"\\B", Op::NoWordEdge},
                                                                            {"\\A", Op::TextStart},
                                                                            {"\\z", Op::TextEnd},
                                                                            {"\\Z", Op::TextEndOrNewline}}};
  std::string_view source_;
  const std::string& where_;
  std::vector<CharSet>& sets_;
  size_t at_ = 0;
  bool ignore_case_ = false;
};

/// Tree -> program.
class Emitter {
 public:
  Emitter(Program& program, const Parser& parser) : code_(program.code), parser_(parser) {}

  void emit(const Node& node) {
    if (++visits_ > 4 * kMaxInstructions) parser_.fail(Code::Unsupported, "the pattern is too long");
    switch (node.kind) {
      case Node::Kind::Set:
        add({.op = Op::Set, .a = node.set});
        break;
      case Node::Kind::Assert:
        add({.op = node.op});
        break;
      case Node::Kind::Sequence:
        for (const Node& child : node.children) emit(child);
        break;
      case Node::Kind::Choice:
        choice(node);
        break;
      case Node::Kind::Group:
        group(node);
        break;
      case Node::Kind::Repeat:
        repeat(node);
        break;
    }
  }

  uint32_t add(const Instruction& i) {
    if (code_.size() >= kMaxInstructions) parser_.fail(Code::Unsupported, "the pattern is too long");
    code_.push_back(i);
    return here() - 1;
  }

 private:
  uint32_t here() const { return static_cast<uint32_t>(code_.size()); }

  void choice(const Node& node) {
    std::vector<uint32_t> jumps;
    for (size_t i = 0; i + 1 < node.children.size(); ++i) {
      const uint32_t split = add({.op = Op::Split, .a = here() + 1});
      emit(node.children[i]);
      jumps.push_back(add({.op = Op::Jump}));
      code_[split].b = here();
    }
    emit(node.children.back());
    for (const uint32_t j : jumps) code_[j].a = here();
  }

  void group(const Node& node) {
    if (node.op == Op::Behind) {
      add({.op = Op::Behind, .a = node.set, .c = node.negated});
      return;
    }
    const uint32_t begin = add({.op = node.op});
    emit(node.children.front());
    add({.op = Op::End});
    code_[begin].a = here();
  }

  void repeat(const Node& node) {
    const Node& body = node.children.front();
    if (body.kind == Node::Kind::Set && node.mode != Node::Mode::Lazy) {
      add({.op = node.mode == Node::Mode::Greedy ? Op::Loop : Op::Possessive,
           .a = body.set,
           .b = node.low,
           .c = node.high});
      return;
    }
    if (least(body) == 0 && node.high == kEndless)
      parser_.fail(Code::Unsupported, "an endless repetition of something that may be empty");
    const uint32_t atomic = node.mode == Node::Mode::Possessive ? add({.op = Op::Atomic}) : 0;
    for (uint32_t i = 0; i < node.low; ++i) emit(body);
    const bool lazy = node.mode == Node::Mode::Lazy;
    node.high == kEndless ? endless(body, lazy) : optional(body, node.high - node.low, lazy);
    if (node.mode != Node::Mode::Possessive) return;
    add({.op = Op::End});
    code_[atomic].a = here();
  }

  void endless(const Node& body, bool lazy) {
    const uint32_t split = add({.op = Op::Split});
    emit(body);
    add({.op = Op::Jump, .a = split});
    aim(split, split + 1, here(), lazy);
  }

  void optional(const Node& body, uint32_t times, bool lazy) {
    std::vector<uint32_t> splits;
    for (uint32_t i = 0; i < times; ++i) {
      splits.push_back(add({.op = Op::Split}));
      emit(body);
    }
    for (const uint32_t s : splits) aim(s, s + 1, here(), lazy);
  }

  void aim(uint32_t split, uint32_t in, uint32_t out, bool lazy) {
    code_[split].a = lazy ? out : in;
    code_[split].b = lazy ? in : out;
  }

  /// Fewest code points that a node matches (0 or more; exact zero is what matters).
  static uint32_t least(const Node& node) {
    uint32_t n = node.kind == Node::Kind::Choice ? 1 : 0;
    switch (node.kind) {
      case Node::Kind::Set:
        return 1;
      case Node::Kind::Assert:
        return 0;
      case Node::Kind::Group:
        return node.op == Op::Atomic ? least(node.children.front()) : 0;
      case Node::Kind::Repeat:
        return node.low == 0 ? 0 : least(node.children.front());
      case Node::Kind::Sequence:
        for (const Node& child : node.children) n = std::max(n, least(child));
        return n;
      case Node::Kind::Choice:
        for (const Node& child : node.children) n = std::min(n, least(child));
        return n;
    }
    return 0;
  }

  std::vector<Instruction>& code_;
  const Parser& parser_;
  size_t visits_ = 0;  // repetitions of nothing emit nothing, but take time
};

}  // namespace

Program compile_regex(std::string_view source, const std::string& where) {
  if (source.size() > kMaxSource) throw Error(Code::Unsupported, where + ": a regular expression of more than 16 KiB");
  Program program;
  Parser parser(source, where, program.sets);
  const Node tree = parser.parse();
  Emitter emitter(program, parser);
  emitter.emit(tree);
  emitter.add({.op = Op::Match});
  return program;
}

}  // namespace hanok::text::tokenizers
