#include "text/template/parser.h"

#include <charconv>

#include "hanok/error.h"

namespace hanok::text::jinja {
namespace {

using Kind = Token::Kind;
using Expr = std::unique_ptr<Expression>;

constexpr int kMaxDepth = 200;  // of expressions and tags inside one another; real templates have 10

class Parser {
 public:
  Parser(std::vector<Token> tokens, std::string_view name) : tokens_(std::move(tokens)), name_(name) {}

  Block run() {
    std::string end;
    Block out = block({}, end);
    if (now().kind != Kind::End) fail("unexpected " + shown(now()));
    return out;
  }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    throw Error(Code::Invalid, std::string(name_) + ", line " + std::to_string(now().line) + ": " + why);
  }
  static std::string shown(const Token& t) {
    switch (t.kind) {
      case Kind::End:
        return "the end of the template";
      case Kind::CloseTag:
        return "'%}'";
      case Kind::CloseOutput:
        return "'}}'";
      default:
        return "'" + t.text + "'";
    }
  }

  const Token& now() const { return tokens_[at_]; }
  const Token& ahead() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  Token take() { return tokens_[at_ < tokens_.size() - 1 ? at_++ : at_]; }
  bool is(Kind kind, std::string_view text) const { return now().kind == kind && now().text == text; }
  bool op(std::string_view text) const { return is(Kind::Operator, text); }
  bool word(std::string_view text) const { return is(Kind::Name, text); }
  bool accept_op(std::string_view text) { return op(text) && (take(), true); }
  bool accept_word(std::string_view text) { return word(text) && (take(), true); }
  void expect_op(std::string_view text) {
    if (!accept_op(text)) fail("expected '" + std::string(text) + "', found " + shown(now()));
  }
  void expect_word(std::string_view text) {
    if (!accept_word(text)) fail("expected '" + std::string(text) + "', found " + shown(now()));
  }
  std::string name() {
    if (now().kind != Kind::Name) fail("expected a name, found " + shown(now()));
    return take().text;
  }
  void close(Kind kind) {
    if (now().kind != kind)
      fail("expected " + std::string(kind == Kind::CloseTag ? "'%}'" : "'}}'") + ", found " + shown(now()));
    take();
  }

  struct Deeper {
    explicit Deeper(Parser& p) : parser(p) {
      if (++parser.depth_ > kMaxDepth) parser.fail("nested deeper than " + std::to_string(kMaxDepth));
    }
    ~Deeper() { --parser.depth_; }
    Parser& parser;
  };

  // ---- statements ----

  // Up to a tag whose word is one of `ends`; the word is taken, the tag left open.
  Block block(std::initializer_list<std::string_view> ends, std::string& end) {
    const Deeper deeper(*this);
    Block out;
    while (true) {
      const Token& t = now();
      if (t.kind == Kind::End) {
        if (ends.size() > 0) fail("a block has no end: expected {% " + std::string(*(ends.end() - 1)) + " %}");
        return out;
      }
      if (t.kind == Kind::Text) {
        auto s = make(Statement::Kind::Text);
        s->text = take().text;
        out.push_back(std::move(s));
      } else if (t.kind == Kind::OpenOutput) {
        auto s = make(Statement::Kind::Output);
        take();
        s->expression = tuple();
        close(Kind::CloseOutput);
        out.push_back(std::move(s));
      } else {
        take();  // OpenTag
        for (const auto e : ends)
          if (word(e)) {
            end = take().text;
            return out;
          }
        out.push_back(statement());
      }
    }
  }

  std::unique_ptr<Statement> make(Statement::Kind kind) const {
    auto s = std::make_unique<Statement>();
    s->kind = kind;
    s->line = now().line;
    return s;
  }

  // The body up to {% END %}, which is taken whole.
  Block body(std::string_view end) {
    std::string found;
    close(Kind::CloseTag);
    Block out = block({end}, found);
    if (now().kind == Kind::Name) take();  // {% endmacro name %}
    close(Kind::CloseTag);
    return out;
  }

  std::unique_ptr<Statement> statement() {
    const std::string tag = name();
    if (tag == "if") return if_tag();
    if (tag == "for") return for_tag();
    if (tag == "set") return set_tag();
    if (tag == "macro") return macro_tag();
    if (tag == "call") return call_tag();
    if (tag == "filter") return filter_tag();
    if (tag == "generation") {  // marks what a trainer learns from; nothing to do when rendering
      auto s = make(Statement::Kind::Group);
      s->body = body("endgeneration");
      return s;
    }
    if (tag == "break" || tag == "continue") {
      auto s = make(tag == "break" ? Statement::Kind::Break : Statement::Kind::Continue);
      if (loops_ == 0) fail("'" + tag + "' stands outside of a loop");
      close(Kind::CloseTag);
      return s;
    }
    if (tag == "include" || tag == "import" || tag == "from" || tag == "extends")
      throw Error(Code::Unsupported, std::string(name_) + ", line " + std::to_string(now().line) + ": {% " + tag +
                                         " %} reaches for another file, which templates here may not");
    fail("there is no tag '" + tag + "'");
  }

  std::unique_ptr<Statement> if_tag() {
    auto s = make(Statement::Kind::If);
    Expr condition = tuple();
    while (true) {
      close(Kind::CloseTag);
      std::string end;
      Block inside = block({"elif", "else", "endif"}, end);
      s->branches.emplace_back(std::move(condition), std::move(inside));
      if (end == "elif") {
        condition = tuple();
      } else if (end == "else") {
        close(Kind::CloseTag);
        s->branches.emplace_back(nullptr, block({"endif"}, end));
        break;
      } else {
        break;
      }
    }
    close(Kind::CloseTag);
    return s;
  }

  std::unique_ptr<Statement> for_tag() {
    auto s = make(Statement::Kind::For);
    targets(s->names);
    expect_word("in");
    s->expression = tuple(false);
    if (accept_word("if")) s->filter = expression();
    accept_word("recursive");
    close(Kind::CloseTag);
    std::string end;
    ++loops_;
    s->body = block({"else", "endfor"}, end);
    --loops_;
    if (end == "else") {
      close(Kind::CloseTag);
      s->otherwise = block({"endfor"}, end);
    }
    close(Kind::CloseTag);
    return s;
  }

  // a, b, (c)
  void targets(std::vector<std::string>& names) {
    const bool bracket = accept_op("(");
    do {
      if (op(")") || word("in") || op("=")) break;
      names.push_back(name());
    } while (accept_op(","));
    if (bracket) expect_op(")");
    if (names.empty()) fail("expected a name, found " + shown(now()));
  }

  std::unique_ptr<Statement> set_tag() {
    auto s = make(Statement::Kind::Set);
    targets(s->names);
    if (s->names.size() == 1 && accept_op(".")) s->names[0] += "." + name();
    if (accept_op("=")) {
      s->expression = tuple();
      close(Kind::CloseTag);
      return s;
    }
    if (s->names.size() != 1) fail("expected '=', found " + shown(now()));
    s->kind = Statement::Kind::SetBlock;
    if (op("|")) s->expression = filters(nothing());
    s->body = body("endset");
    return s;
  }

  void parameters(Statement& s) {
    expect_op("(");
    while (!op(")")) {
      s.names.push_back(name());
      s.defaults.push_back(accept_op("=") ? expression() : nullptr);
      if (!accept_op(",")) break;
    }
    expect_op(")");
  }

  std::unique_ptr<Statement> macro_tag() {
    auto s = make(Statement::Kind::Macro);
    s->text = name();
    parameters(*s);
    const int outside = std::exchange(loops_, 0);
    s->body = body("endmacro");
    loops_ = outside;
    return s;
  }

  std::unique_ptr<Statement> call_tag() {
    auto s = make(Statement::Kind::CallBlock);
    if (op("(")) parameters(*s);
    s->expression = expression();
    if (s->expression->kind != Expression::Kind::Call) fail("expected a call behind 'call'");
    const int outside = std::exchange(loops_, 0);
    s->body = body("endcall");
    loops_ = outside;
    return s;
  }

  std::unique_ptr<Statement> filter_tag() {
    auto s = make(Statement::Kind::FilterBlock);
    s->expression = filter(nothing());
    if (op("|")) s->expression = filters(std::move(s->expression));
    s->body = body("endfilter");
    return s;
  }

  Expr nothing() const {  // stands for the text of a block
    Expr e = node(Expression::Kind::Name);
    return e;
  }

  // ---- expressions ----

  Expr node(Expression::Kind kind) const {
    auto e = std::make_unique<Expression>();
    e->kind = kind;
    e->line = now().line;
    return e;
  }
  Expr node(Expression::Kind kind, std::string text, Expr a, Expr b = nullptr) const {
    Expr e = node(kind);
    e->text = std::move(text);
    e->parts.push_back(std::move(a));
    if (b) e->parts.push_back(std::move(b));
    return e;
  }

  bool at_end() const {
    return now().kind == Kind::CloseTag || now().kind == Kind::CloseOutput || op(")") || op("]") || op("}") ||
           op(":") || op("=");
  }

  // a, b, c without brackets; one expression alone is itself. conditional: "if" may belong to the expression.
  Expr tuple(bool conditional = true) {
    Expr first = conditional ? expression() : either();
    if (!op(",")) return first;
    Expr e = node(Expression::Kind::Tuple);
    e->parts.push_back(std::move(first));
    while (accept_op(",")) {
      if (at_end() || word("if")) break;
      e->parts.push_back(conditional ? expression() : either());
    }
    return e;
  }

  Expr expression() {
    const Deeper deeper(*this);
    Expr e = either();
    while (accept_word("if")) {
      Expr conditional = node(Expression::Kind::Conditional);
      conditional->parts.push_back(either());
      conditional->parts.push_back(std::move(e));
      conditional->parts.push_back(accept_word("else") ? expression() : nullptr);
      e = std::move(conditional);
    }
    return e;
  }

  Expr either() {
    Expr e = both();
    while (accept_word("or")) e = node(Expression::Kind::Binary, "or", std::move(e), both());
    return e;
  }
  Expr both() {
    Expr e = negation();
    while (accept_word("and")) e = node(Expression::Kind::Binary, "and", std::move(e), negation());
    return e;
  }
  Expr negation() {
    const Deeper deeper(*this);
    if (accept_word("not")) return node(Expression::Kind::Unary, "not", negation());
    return comparison();
  }

  Expr comparison() {
    Expr first = sum();
    Expr e;
    while (true) {
      std::string sign;
      for (const char* s : {"==", "!=", "<", "<=", ">", ">="})
        if (op(s)) sign = s;
      if (word("in")) sign = "in";
      if (word("not") && ahead().kind == Kind::Name && ahead().text == "in") {
        take();
        sign = "not in";
      }
      if (sign.empty()) break;
      take();
      if (!e) {
        e = node(Expression::Kind::Compare);
        e->parts.push_back(std::move(first));
      }
      e->texts.push_back(sign);
      e->parts.push_back(sum());
    }
    return e ? std::move(e) : std::move(first);
  }

  Expr sum() {
    Expr e = concatenation();
    while (op("+") || op("-")) {
      const std::string sign = take().text;
      e = node(Expression::Kind::Binary, sign, std::move(e), concatenation());
    }
    return e;
  }
  Expr concatenation() {
    Expr e = product();
    while (accept_op("~")) e = node(Expression::Kind::Binary, "~", std::move(e), product());
    return e;
  }
  Expr product() {
    Expr e = power();
    while (op("*") || op("/") || op("//") || op("%")) {
      const std::string sign = take().text;
      e = node(Expression::Kind::Binary, sign, std::move(e), power());
    }
    return e;
  }
  Expr power() {
    Expr e = unary(true);
    while (accept_op("**")) e = node(Expression::Kind::Binary, "**", std::move(e), unary(true));
    return e;
  }
  Expr unary(bool with_filters) {
    const Deeper deeper(*this);
    Expr e;
    if (op("-") || op("+")) {
      const std::string sign = take().text;
      e = node(Expression::Kind::Unary, sign, unary(false));
    } else {
      e = postfix(primary());
    }
    return with_filters ? filters(std::move(e)) : std::move(e);
  }

  Expr constant(Value value) const {
    Expr e = node(Expression::Kind::Constant);
    e->value = std::move(value);
    return e;
  }

  Expr primary() {
    const Token t = now();
    switch (t.kind) {
      case Kind::Name:
        take();
        if (t.text == "true" || t.text == "True") return constant(true);
        if (t.text == "false" || t.text == "False") return constant(false);
        if (t.text == "none" || t.text == "None") return constant(None{});
        {
          Expr e = node(Expression::Kind::Name);
          e->text = t.text;
          return e;
        }
      case Kind::String: {
        std::string all;
        while (now().kind == Kind::String) all += take().text;  // neighbours are one text, as in Python
        return constant(std::move(all));
      }
      case Kind::Integer: {
        int64_t value = 0;
        const auto [end, error] = std::from_chars(t.text.data(), t.text.data() + t.text.size(), value);
        if (error != std::errc()) fail("the number " + t.text + " is too large");
        take();
        return constant(value);
      }
      case Kind::Float:
        take();
        return constant(std::strtod(t.text.c_str(), nullptr));
      default:
        break;
    }
    if (accept_op("(")) return bracket();
    if (accept_op("[")) return list();
    if (accept_op("{")) return dict();
    fail("expected an expression, found " + shown(t));
  }

  Expr bracket() {
    if (accept_op(")")) return node(Expression::Kind::Tuple);
    Expr e = tuple();
    expect_op(")");
    return e;
  }
  Expr list() {
    Expr e = node(Expression::Kind::List);
    while (!op("]")) {
      e->parts.push_back(expression());
      if (!accept_op(",")) break;
    }
    expect_op("]");
    return e;
  }
  Expr dict() {
    Expr e = node(Expression::Kind::Dict);
    while (!op("}")) {
      e->parts.push_back(expression());
      expect_op(":");
      e->parts.push_back(expression());
      if (!accept_op(",")) break;
    }
    expect_op("}");
    return e;
  }

  Expr postfix(Expr e) {
    for (int links = 0;; ++links) {
      if (links > kMaxDepth) fail("a chain of more than " + std::to_string(kMaxDepth) + " calls");
      if (accept_op(".")) {
        if (now().kind == Kind::Integer) {
          e = node(Expression::Kind::Item, "", std::move(e), primary());
          continue;
        }
        e = node(Expression::Kind::Attribute, name(), std::move(e));
      } else if (accept_op("[")) {
        e = subscript(std::move(e));
      } else if (op("(")) {
        e = node(Expression::Kind::Call, "", std::move(e));
        arguments(*e);
      } else {
        return e;
      }
    }
  }

  Expr subscript(Expr of) {
    Expr bounds[3];
    size_t colons = 0;
    while (!op("]")) {
      if (accept_op(":")) {
        if (++colons > 2) fail("a slice has at most two ':'");
      } else if (!bounds[colons]) {
        bounds[colons] = tuple();
      } else {
        fail("expected ']', found " + shown(now()));
      }
    }
    if (colons == 0 && !bounds[0]) fail("expected an index, found ']'");
    expect_op("]");
    if (colons == 0) return node(Expression::Kind::Item, "", std::move(of), std::move(bounds[0]));
    Expr e = node(Expression::Kind::Slice);
    e->parts.push_back(std::move(of));
    for (auto& b : bounds) e->parts.push_back(std::move(b));
    return e;
  }

  void arguments(Expression& call) {
    expect_op("(");
    while (!op(")")) {
      if (now().kind == Kind::Name && ahead().kind == Kind::Operator && ahead().text == "=") {
        std::string key = take().text;
        take();
        call.named.emplace_back(std::move(key), expression());
      } else {
        if (!call.named.empty()) fail("an argument without a name stands behind one with a name");
        call.parts.push_back(expression());
      }
      if (!accept_op(",")) break;
    }
    expect_op(")");
  }

  // name(arguments) of a filter or test; `e` is what it is applied to.
  Expr filter(Expr e) {
    std::string text = name();
    while (accept_op(".")) text += "." + name();
    e = node(Expression::Kind::Filter, std::move(text), std::move(e));
    if (op("(")) arguments(*e);
    return e;
  }

  Expr test(Expr e) {
    const bool negated = accept_word("not");
    e = node(Expression::Kind::Test, name(), std::move(e));
    const bool follows = now().kind == Kind::Name ? !(word("else") || word("or") || word("and") || word("is") ||
                                                      word("if") || word("in") || word("not"))
                                                  : now().kind == Kind::String || now().kind == Kind::Integer ||
                                                        now().kind == Kind::Float || op("[") || op("{");
    if (op("("))
      arguments(*e);
    else if (follows)
      e->parts.push_back(postfix(primary()));
    return negated ? node(Expression::Kind::Unary, "not", std::move(e)) : std::move(e);
  }

  Expr filters(Expr e) {
    for (int links = 0;; ++links) {
      if (links > kMaxDepth) fail("a chain of more than " + std::to_string(kMaxDepth) + " filters");
      if (accept_op("|"))
        e = filter(std::move(e));
      else if (accept_word("is"))
        e = test(std::move(e));
      else if (op("("))  // a call of a filter's result
        return postfix(std::move(e));
      else
        return e;
    }
  }

  std::vector<Token> tokens_;
  std::string_view name_;
  size_t at_ = 0;
  int depth_ = 0, loops_ = 0;
};

}  // namespace

Block parse(std::string_view source, std::string_view name, const LexOptions& options) {
  return Parser(lex(source, name, options), name).run();
}

}  // namespace hanok::text::jinja
