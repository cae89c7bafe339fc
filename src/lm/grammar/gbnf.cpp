#include "lm/grammar/gbnf.h"

#include <map>

#include "lm/grammar/source_reader.h"

namespace hanok::lm::grammar {
namespace {

bool name_character(char32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

class Parser {
 public:
  explicit Parser(std::string_view source) : in_(source, "grammar") {}

  Rules parse() {
    blanks(true);
    while (!in_.done()) definition();
    for (const auto& [name, rule] : ids_)
      if (!rule.defined) in_.fail("the rule \"" + name + "\" is used and nowhere defined");
    const auto root = ids_.find("root");
    if (root == ids_.end()) in_.fail("there is no rule \"root\", with which every text begins");
    rules_.root = root->second.id;
    return std::move(rules_);
  }

 private:
  struct Known {
    RuleId id;
    bool defined = false;
  };

  // `lines`: ends of lines count as blanks.
  void blanks(bool lines) {
    for (;;) {
      if (in_.peek() == '#' && in_.more()) {
        while (in_.more() && in_.peek() != '\n' && in_.peek() != '\r') in_.take();
      } else if (in_.peek() == ' ' || in_.peek() == '\t' || (lines && (in_.peek() == '\n' || in_.peek() == '\r'))) {
        in_.take();
      } else {
        return;
      }
    }
  }

  std::string name() {
    std::string out;
    while (name_character(in_.peek())) out += static_cast<char>(in_.take());
    if (out.empty()) in_.fail("expected a name");
    return out;
  }

  Known& known(const std::string& name) {
    if (const auto at = ids_.find(name); at != ids_.end()) return at->second;
    return ids_.emplace(name, Known{rules_.add(name)}).first->second;
  }

  void definition() {
    Known& rule = known(name());
    if (rule.defined) in_.fail("the rule \"" + rules_.name(rule.id) + "\" is defined twice");
    rule.defined = true;
    blanks(false);
    in_.expect(':');
    in_.expect(':');
    in_.expect('=');
    blanks(true);
    const auto body = choices(0);
    rules_.expression(rule.id, Automaton::kFirst, Automaton::kLast, *body);
    if (!in_.done() && in_.peek() != '\n' && in_.peek() != '\r') in_.fail("expected the end of the line");
    blanks(true);
  }

  // Within brackets, and behind a |, a rule goes on in the next line.
  ExpressionPtr choices(int depth) {
    if (depth > kMaxNesting) in_.fail("brackets nested too deeply", Code::Exhausted);
    std::vector<ExpressionPtr> out{branch(depth)};
    for (;;) {
      const size_t before = in_.place();
      blanks(true);  // a | may stand at the head of the next line
      if (!in_.accept('|')) {
        if (depth == 0) in_.go_back(before);
        return choice(std::move(out));
      }
      blanks(true);
      out.push_back(branch(depth));
    }
  }

  ExpressionPtr branch(int depth) {
    std::vector<ExpressionPtr> out;
    for (;;) {
      blanks(depth > 0);
      const char32_t c = in_.peek();
      if (!in_.more() || c == '|' || c == ')' || c == '\n' || c == '\r') return sequence(std::move(out));
      out.push_back(repeated(atom(depth)));
    }
  }

  ExpressionPtr repeated(ExpressionPtr out) {
    for (;;) {
      size_t least = 0, most = kUnbounded;
      if (in_.accept('*')) {
      } else if (in_.accept('+')) {
        least = 1;
      } else if (in_.accept('?')) {
        most = 1;
      } else if (in_.accept('{')) {
        blanks(false);
        least = most = in_.number();
        blanks(false);
        if (in_.accept(',')) {
          blanks(false);
          most = in_.peek() == '}' ? kUnbounded : in_.number();
          blanks(false);
        }
        in_.expect('}');
        if (most < least) in_.fail("a repetition whose most is below its least");
      } else {
        return out;
      }
      out = repeat(std::move(out), least, most);
    }
  }

  ExpressionPtr atom(int depth) {
    const char32_t c = in_.peek();
    if (c == '"') return literal();
    if (c == '[') return bracket();
    if (c == '<' || c == '!') in_.fail("tokens by number or name", Code::Unsupported);
    if (in_.accept('.')) return chars(CharSet::any());
    if (in_.accept('(')) {
      auto out = choices(depth + 1);
      in_.expect(')');
      return out;
    }
    return rule_reference(known(name()).id);
  }

  char32_t character() {
    const char32_t c = in_.take();
    if (c != '\\') return c;
    switch (const char32_t d = in_.take()) {
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 't':
        return '\t';
      case 'x':
        return in_.hex(2);
      case 'u':
        return in_.hex(4);
      case 'U':
        return in_.hex(8);
      case '\\':
      case '"':
      case '[':
      case ']':
      case '-':
      case '^':
      case '/':
      case '\'':
        return d;
      default:
        in_.fail("this escape");
    }
  }

  ExpressionPtr literal() {
    in_.take();
    std::vector<ExpressionPtr> out;
    while (!in_.accept('"')) {
      if (in_.peek() == '\n' || in_.done()) in_.fail("a \" without its end");
      out.push_back(chars(CharSet::one(character())));
    }
    return sequence(std::move(out));
  }

  ExpressionPtr bracket() {
    in_.take();
    const bool negated = in_.accept('^');
    std::vector<CharRange> ranges;
    while (!in_.accept(']')) {
      if (in_.done()) in_.fail("a [ without ]");
      const char32_t first = character();
      char32_t last = first;
      if (in_.peek() == '-' && in_.more(1) && in_.peek(1) != ']') {
        in_.take();
        last = character();
        if (last < first) in_.fail("a range whose end lies before its beginning");
      }
      ranges.push_back({first, last});
    }
    const CharSet set(std::move(ranges));
    return chars(negated ? set.negated() : set);
  }

  SourceReader in_;
  Rules rules_;
  std::map<std::string, Known> ids_;
};

}  // namespace

Rules parse_gbnf(std::string_view source) { return Parser(source).parse(); }

}  // namespace hanok::lm::grammar
