#include "lm/grammar/regex.h"

#include "lm/grammar/source_reader.h"

namespace hanok::lm::grammar {
namespace {

class Parser {
 public:
  explicit Parser(std::string_view source) : in_(source, "regex") {}
  ExpressionPtr parse() {
    auto out = choices(0);
    if (!in_.done()) in_.fail("a ) without (");
    return out;
  }

 private:
  ExpressionPtr choices(int depth) {
    if (depth > kMaxNesting) in_.fail("brackets nested too deeply", Code::Exhausted);
    std::vector<ExpressionPtr> out{branch(depth)};
    while (in_.accept('|')) out.push_back(branch(depth));
    return choice(std::move(out));
  }

  ExpressionPtr branch(int depth) {
    std::vector<ExpressionPtr> out;
    while (!in_.done() && in_.peek() != '|' && in_.peek() != ')') out.push_back(repeated(depth));
    return sequence(std::move(out));
  }

  ExpressionPtr repeated(int depth) {
    ExpressionPtr out = atom(depth);
    for (;;) {
      size_t least = 0, most = kUnbounded;
      if (in_.accept('*')) {
      } else if (in_.accept('+')) {
        least = 1;
      } else if (in_.accept('?')) {
        most = 1;
      } else if (in_.peek() == '{') {
        in_.take();
        least = most = in_.number();
        if (in_.accept(',')) most = in_.peek() == '}' ? kUnbounded : in_.number();
        in_.expect('}');
        if (most < least) in_.fail("a repetition whose most is below its least");
      } else {
        return out;
      }
      if (out->kind == Expression::Kind::Begin || out->kind == Expression::Kind::End)
        in_.fail("^ and $ cannot be repeated");
      if (!in_.accept('?') && in_.peek() == '+') in_.fail("possessive repetition", Code::Unsupported);
      out = repeat(std::move(out), least, most);
    }
  }

  static ExpressionPtr anchor(Expression::Kind kind) {
    Expression e;
    e.kind = kind;
    return std::make_shared<const Expression>(std::move(e));
  }

  ExpressionPtr atom(int depth) {
    switch (const char32_t c = in_.take()) {
      case '(':
        return group(depth);
      case '[':
        return chars(bracket());
      case '.':
        return chars(CharSet({{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}}).negated());
      case '^':
        return anchor(Expression::Kind::Begin);
      case '$':
        return anchor(Expression::Kind::End);
      case '\\':
        return chars(escape().narrow);
      case '*':
      case '+':
      case '?':
      case '{':
        in_.fail("nothing to repeat before this");
      default:
        return chars(CharSet::one(c));
    }
  }

  ExpressionPtr group(int depth) {
    if (in_.accept('?')) {
      if (in_.accept('<')) {
        if (in_.peek() == '=' || in_.peek() == '!') in_.fail("look-behind", Code::Unsupported);
        while (in_.take() != '>') {
        }
      } else if (!in_.accept(':')) {
        in_.fail("look-ahead, flags and atomic groups", Code::Unsupported);
      }
    }
    auto out = choices(depth + 1);
    in_.expect(')');
    return out;
  }

  static CharClass same(CharSet set) { return {set, set}; }

  // Behind a backslash, within brackets and without.
  CharClass escape() {
    const char32_t c = in_.take();
    switch (c) {
      case 'd':
        return digits();
      case 'D':
        return digits().negated();
      case 'w':
        return word_characters();
      case 'W':
        return word_characters().negated();
      case 's':
        return blanks();
      case 'S':
        return blanks().negated();
      case 'n':
        return same(CharSet::one('\n'));
      case 'r':
        return same(CharSet::one('\r'));
      case 't':
        return same(CharSet::one('\t'));
      case 'f':
        return same(CharSet::one('\f'));
      case 'v':
        return same(CharSet::one('\v'));
      case '0':
        if (in_.peek() >= '0' && in_.peek() <= '9') in_.fail("octal escapes", Code::Unsupported);
        return same(CharSet::one(0));
      case 'x':
        return same(CharSet::one(in_.peek() == '{' ? in_.hex_in_braces() : in_.hex(2)));
      case 'u':
        return same(CharSet::one(in_.peek() == '{' ? in_.hex_in_braces() : in_.hex(4)));
      case 'p':
      case 'P':
        return property(c == 'P');
      default:
        if ((c >= '1' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
          in_.fail("this escape (back references, \\b and the like)", Code::Unsupported);
        return same(CharSet::one(c));
    }
  }

  CharClass property(bool negated) {
    std::string name;
    if (in_.accept('{'))
      for (char32_t c = in_.take(); c != '}'; c = in_.take()) text::unicode::append(name, c);
    else
      text::unicode::append(name, in_.take());
    const CharSet set = category(name);
    if (set.empty()) in_.fail("the property \"" + name + "\"; general categories are known", Code::Unsupported);
    return same(negated ? set.negated() : set);
  }

  CharSet bracket() {
    const bool negated = in_.accept('^');
    CharSet narrow, wide;
    bool first = true;
    for (; first || in_.peek() != ']'; first = false) {
      if (in_.done()) in_.fail("a [ without ]");
      if (in_.peek() == '[' && in_.peek(1) == ':') in_.fail("[:names:] of classes", Code::Unsupported);
      const char32_t c = in_.take();
      CharClass item = c == '\\' ? bracket_escape() : same(CharSet::one(c));
      if (in_.peek() == '-' && in_.more(1) && in_.peek(1) != ']') {
        in_.take();
        const char32_t d = in_.take();
        const CharClass end = d == '\\' ? bracket_escape() : same(CharSet::one(d));
        if (!single(item) || !single(end)) in_.fail("a range whose end is a class");
        const char32_t low = item.narrow.ranges()[0].first, high = end.narrow.ranges()[0].first;
        if (low > high) in_.fail("a range whose end lies before its beginning");
        item = same(CharSet::range(low, high));
      }
      narrow = narrow.with(item.narrow);
      wide = wide.with(item.wide);
    }
    in_.expect(']');
    return negated ? wide.negated() : narrow;
  }
  CharClass bracket_escape() { return in_.accept('b') ? same(CharSet::one('\b')) : escape(); }
  static bool single(const CharClass& c) {
    const auto& r = c.narrow.ranges();
    return r.size() == 1 && r[0].first == r[0].last && c.narrow == c.wide;
  }

  SourceReader in_;
};

// A branch without its anchors; `open`: what stands where it has none.
ExpressionPtr unanchored(const ExpressionPtr& branch, const ExpressionPtr& open) {
  using Kind = Expression::Kind;
  std::vector<ExpressionPtr> parts =
      branch->kind == Kind::Sequence ? branch->parts : std::vector<ExpressionPtr>{branch};
  const bool begins = !parts.empty() && parts.front()->kind == Kind::Begin;
  if (begins) parts.erase(parts.begin());
  const bool ends = !parts.empty() && parts.back()->kind == Kind::End;
  if (ends) parts.pop_back();
  if (open && !begins) parts.insert(parts.begin(), open);
  if (open && !ends) parts.push_back(open);
  return sequence(std::move(parts));
}

ExpressionPtr unanchored_all(const ExpressionPtr& whole, const ExpressionPtr& open) {
  if (whole->kind != Expression::Kind::Choice) return unanchored(whole, open);
  std::vector<ExpressionPtr> out;
  for (const auto& branch : whole->parts) out.push_back(unanchored(branch, open));
  return choice(std::move(out));
}

}  // namespace

ExpressionPtr parse_regex(std::string_view source) { return unanchored_all(Parser(source).parse(), nullptr); }
ExpressionPtr parse_pattern(std::string_view source) {
  return unanchored_all(Parser(source).parse(), repeat(chars(CharSet::any()), 0, kUnbounded));
}

}  // namespace hanok::lm::grammar
