#include "text/template/template.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "hanok/error.h"
#include "text/template/library.h"
#include "text/template/parser.h"
#include "text/template/variables.h"

namespace hanok::text {
namespace jinja {
namespace {

constexpr int kMaxCalls = 60;  // of macros inside one another

struct Scope {
  std::map<std::string, Value, std::less<>> names;
  const List* loop = nullptr;  // what the loop whose body this is walks over, and where it is
  size_t at = 0;
};
enum class Flow { Next, Break, Continue };

/// One rendering.
class Run {
 public:
  Run(const TemplateOptions& options, std::string_view name, const Dict& variables)
      : options_(options), name_(name), variables_(variables) {
    scopes_.emplace_back();
  }

  std::string all(const Block& block) {
    std::string out;
    run(block, out);
    return out;
  }

 private:
  [[noreturn]] void fail(size_t line, const std::string& why) const {
    throw Error(Code::Invalid, std::string(name_) + ", line " + std::to_string(line) + ": " + why);
  }

  void step() {
    if (++steps_ > options_.max_steps)
      throw Error(Code::Exhausted, std::string(name_) + ": needs more than " + std::to_string(options_.max_steps) +
                                       " steps; is there a loop without end?");
  }
  // Texts, lists and dictionaries cost what they are long, whenever something is done with them: a template that
  // doubles them, or walks over a long one again and again, ends soon.
  void spend(uint64_t steps) {
    steps_ += steps;
    step();
  }
  void pay(const Value& v) {
    if (v.string())
      spend(v.string()->size() / 64);
    else if (v.list())
      spend(v.list()->size() / 4);
    else if (v.dict())
      spend(v.dict()->size() / 4);
  }
  // Shared parts can make a small value long to compare.
  void pay_to_compare(const Value& a, const Value& b) {
    pay(a);
    pay(b);
    if (a.depth() > 1 && b.depth() > 1) spend(256);
  }
  void write(std::string& out, std::string_view text) {
    written_ += text.size();
    if (written_ > options_.max_output)
      throw Error(Code::Exhausted,
                  std::string(name_) + ": writes more than " + std::to_string(options_.max_output) + " bytes");
    out += text;
  }

  // ---- statements ----

  Flow run(const Block& block, std::string& out) {
    for (const auto& s : block)
      if (const Flow flow = run(*s, out); flow != Flow::Next) return flow;
    return Flow::Next;
  }

  Flow run(const Statement& s, std::string& out) {
    step();
    switch (s.kind) {
      case Statement::Kind::Text:
        write(out, s.text);
        return Flow::Next;
      case Statement::Kind::Output:
        write(out, eval(*s.expression).text());
        return Flow::Next;
      case Statement::Kind::If:
        for (const auto& [condition, body] : s.branches)
          if (!condition || eval(*condition).truthy()) return run(body, out);
        return Flow::Next;
      case Statement::Kind::For:
        loop(s, out);
        return Flow::Next;
      case Statement::Kind::Set:
        assign(s.names, eval(*s.expression), s.line);
        return Flow::Next;
      case Statement::Kind::SetBlock: {
        std::string text = inside(s.body);
        assign(s.names, s.expression ? filtered(*s.expression, std::move(text)) : Value(std::move(text)), s.line);
        return Flow::Next;
      }
      case Statement::Kind::Macro:
        scopes_.back().names[s.text] = macro(s);
        return Flow::Next;
      case Statement::Kind::CallBlock:
        write(out, call(*s.expression, macro(s)).text());
        return Flow::Next;
      case Statement::Kind::FilterBlock:
        write(out, filtered(*s.expression, inside(s.body)).text());
        return Flow::Next;
      case Statement::Kind::Break:
        return Flow::Break;
      case Statement::Kind::Continue:
        return Flow::Continue;
      case Statement::Kind::Group:
        return run(s.body, out);
    }
    return Flow::Next;
  }

  std::string inside(const Block& body) {
    std::string text;
    scopes_.emplace_back();
    run(body, text);
    scopes_.pop_back();
    return text;
  }

  // A filter (or a chain of them) around the Name "" that stands for `text`.
  Value filtered(const Expression& e, std::string text) {
    scopes_.emplace_back();
    scopes_.back().names[""] = Value(std::move(text));
    Value out = eval(e);
    scopes_.pop_back();
    return out;
  }

  void assign(const std::vector<std::string>& names, Value value, size_t line) {
    if (names.size() == 1) {
      const size_t dot = names[0].find('.');
      if (dot == std::string::npos) {
        scopes_.back().names[names[0]] = std::move(value);
        return;
      }
      const Value holder = lookup(names[0].substr(0, dot));
      if (!holder.names()) fail(line, "'" + names[0].substr(0, dot) + "' is no namespace, so it cannot be changed");
      if (value.holds_namespace()) fail(line, "a namespace cannot hold a namespace");
      holder.names()->values->set(names[0].substr(dot + 1), std::move(value));
      return;
    }
    const List list = iterate(value);
    if (list.size() != names.size())
      fail(line, std::to_string(names.size()) + " names for " + std::to_string(list.size()) + " values");
    for (size_t i = 0; i < names.size(); ++i) scopes_.back().names[names[i]] = list[i];
  }

  void loop(const Statement& s, std::string& out) {
    const Value over = eval(*s.expression);
    pay(over);
    List list = iterate(over);
    if (s.filter) {
      List kept;
      for (auto& x : list) {
        scopes_.emplace_back();
        assign(s.names, x, s.line);
        if (eval(*s.filter).truthy()) kept.push_back(x);
        scopes_.pop_back();
      }
      list = std::move(kept);
    }
    if (list.empty()) {
      scopes_.emplace_back();
      run(s.otherwise, out);
      scopes_.pop_back();
      return;
    }
    for (size_t i = 0; i < list.size(); ++i) {
      step();
      scopes_.emplace_back();
      scopes_.back().loop = &list;
      scopes_.back().at = i;
      assign(s.names, list[i], s.line);
      const Flow flow = run(s.body, out);
      scopes_.pop_back();
      if (flow == Flow::Break) break;
    }
  }

  static Value loop_value(const List& list, size_t i) {
    const auto n = static_cast<int64_t>(list.size()), at = static_cast<int64_t>(i);
    Dict d;
    d.set("index", at + 1);
    d.set("index0", at);
    d.set("revindex", n - at);
    d.set("revindex0", n - at - 1);
    d.set("first", at == 0);
    d.set("last", at + 1 == n);
    d.set("length", n);
    d.set("previtem", at > 0 ? list[i - 1] : Value(Undefined{"previtem"}));
    d.set("nextitem", at + 1 < n ? list[i + 1] : Value(Undefined{"nextitem"}));
    d.set("cycle", Function([at](const Arguments& a) -> Value {
            if (a.positional.empty()) throw Error(Code::Invalid, "template: loop.cycle needs values");
            return a.positional[static_cast<size_t>(at) % a.positional.size()];
          }));
    return d;
  }

  // A macro sees what stands at the top of the template, and its arguments.
  Value macro(const Statement& s) {
    return Function([this, &s](const Arguments& a) -> Value {
      if (++calls_ > kMaxCalls) throw Error(Code::Exhausted, std::string(name_) + ": macros call one another too deep");
      std::vector<Scope> outside;
      outside.swap(scopes_);
      scopes_.push_back(outside.front());
      scopes_.emplace_back();
      std::string text;
      try {
        bind(s, a);
        run(s.body, text);
      } catch (...) {
        scopes_.swap(outside);
        throw;
      }
      outside.swap(scopes_);
      --calls_;
      return text;
    });
  }

  void bind(const Statement& s, const Arguments& a) {
    if (a.positional.size() > s.names.size())
      fail(s.line, "macro '" + s.text + "' takes " + std::to_string(s.names.size()) + " arguments, found " +
                       std::to_string(a.positional.size()));
    for (size_t i = 0; i < s.names.size(); ++i) {
      const Value* given = a.find(s.names[i], i);
      scopes_.back().names[s.names[i]] = given           ? *given
                                         : s.defaults[i] ? eval(*s.defaults[i])
                                                         : Value(Undefined{s.names[i]});
    }
    for (const auto& [name, value] : a.named) {
      if (name == "caller")
        scopes_.back().names["caller"] = value;
      else if (std::find(s.names.begin(), s.names.end(), name) == s.names.end())
        fail(s.line, "macro '" + s.text + "' has no argument '" + name + "'");
    }
  }

  // ---- expressions ----

  Value lookup(std::string_view name) const {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      if (const auto at = scope->names.find(name); at != scope->names.end()) return at->second;
      if (scope->loop && name == "loop") return loop_value(*scope->loop, scope->at);
    }
    if (const Value* v = variables_.find(name)) return *v;
    if (const Value* v = globals().find(name)) return *v;
    return Undefined{std::string(name)};
  }

  Value eval(const Expression& e) {
    step();
    try {
      return eval_kind(e);
    } catch (const Error& error) {  // what the library throws knows no line
      const std::string what = error.what();
      constexpr std::string_view kPlain = "template: ";
      if (what.starts_with(kPlain))
        throw Error(error.code(),
                    std::string(name_) + ", line " + std::to_string(e.line) + ": " + what.substr(kPlain.size()));
      throw;
    }
  }

  Value eval_kind(const Expression& e) {
    using Kind = Expression::Kind;
    switch (e.kind) {
      case Kind::Constant:
        return e.value;
      case Kind::Name:
        return lookup(e.text);
      case Kind::List:
      case Kind::Tuple: {
        List out;
        for (const auto& p : e.parts) out.push_back(eval(*p));
        return Value(std::move(out), e.kind == Kind::Tuple);
      }
      case Kind::Dict: {
        Dict out;
        for (size_t i = 0; i < e.parts.size(); i += 2) {
          const Value key = eval(*e.parts[i]);
          if (key.undefined()) fail(e.line, "'" + key.as_undefined().name + "' is undefined");
          out.set(key.text(), eval(*e.parts[i + 1]));
        }
        return out;
      }
      case Kind::Unary:
        return unary(e, eval(*e.parts[0]));
      case Kind::Binary:
        return binary(e);
      case Kind::Compare:
        return compare(e);
      case Kind::Conditional:
        if (eval(*e.parts[0]).truthy()) return eval(*e.parts[1]);
        return e.parts[2] ? eval(*e.parts[2]) : Value(Undefined{"the value of an inline 'if' without 'else'"});
      case Kind::Attribute:
        return attribute(eval(*e.parts[0]), e.text, e.line);
      case Kind::Item: {
        const Value object = eval(*e.parts[0]), key = eval(*e.parts[1]);
        if (object.string()) pay(object);
        Value found = item(object, key);
        if (found.undefined() && key.string())
          if (auto m = method(object, *key.string())) return *std::move(m);
        return found;
      }
      case Kind::Slice: {
        Value parts[3];
        for (size_t i = 0; i < 3; ++i)
          if (e.parts[i + 1]) parts[i] = eval(*e.parts[i + 1]);
        const auto given = [&](size_t i) { return e.parts[i + 1] ? &parts[i] : nullptr; };
        const Value object = eval(*e.parts[0]);
        pay(object);
        return slice(object, given(0), given(1), given(2));
      }
      case Kind::Call:
        return call(e, std::nullopt);
      case Kind::Filter: {
        const Arguments a = arguments(e, 0);
        for (const auto& v : a.positional) pay(v);
        auto out = apply_filter(e.text, a);
        if (!out) fail(e.line, "there is no filter '" + e.text + "'");
        pay(*out);
        return *std::move(out);
      }
      case Kind::Test: {
        const Arguments a = arguments(e, 0);
        pay_to_compare(a.positional[0], a.positional.back());
        const auto out = apply_test(e.text, a);
        if (!out) fail(e.line, "there is no test '" + e.text + "'");
        return *out;
      }
    }
    return {};
  }

  Arguments arguments(const Expression& e, size_t first) {
    Arguments out;
    for (size_t i = first; i < e.parts.size(); ++i) out.positional.push_back(eval(*e.parts[i]));
    for (const auto& [name, value] : e.named) out.named.emplace_back(name, eval(*value));
    return out;
  }

  // object.name: a method first, as Python does; then what a dictionary holds under the name.
  Value attribute(const Value& object, const std::string& name, size_t line) {
    if (object.undefined())
      fail(line, "'" + object.as_undefined().name + "' is undefined, so it has no '" + name + "'");
    if (auto m = method(object, name)) {
      pay(object);
      return *std::move(m);
    }
    return item(object, name);
  }

  Value call(const Expression& e, std::optional<Value> caller) {
    const Value what = eval(*e.parts[0]);
    Arguments a = arguments(e, 1);
    if (caller) a.named.emplace_back("caller", *caller);
    if (what.undefined()) fail(e.line, "'" + what.as_undefined().name + "' is undefined, so it cannot be called");
    if (!what.function()) fail(e.line, std::string("a value of type ") + what.type_name() + " cannot be called");
    for (const auto& v : a.positional) pay(v);
    Value out = (*what.function())(a);
    pay(out);
    return out;
  }

  Value unary(const Expression& e, const Value& v) {
    if (e.text == "not") return !v.truthy();
    if (!v.number()) fail(e.line, "'" + e.text + "' needs a number, found " + v.type_name());
    if (e.text == "+") return v;
    if (v.real()) return -*v.real();
    const auto i = static_cast<int64_t>(v.as_double());
    if (v.integer() && *v.integer() == INT64_MIN) fail(e.line, "the number is too large");
    return v.integer() ? -*v.integer() : -i;
  }

  Value compare(const Expression& e) {
    Value left = eval(*e.parts[0]);
    for (size_t i = 0; i < e.texts.size(); ++i) {
      Value right = eval(*e.parts[i + 1]);
      pay_to_compare(left, right);
      if (!holds(e.texts[i], left, right)) return false;
      left = std::move(right);
    }
    return true;
  }

  static bool holds(const std::string& sign, const Value& a, const Value& b) {
    if (sign == "==") return equal(a, b);
    if (sign == "!=") return !equal(a, b);
    if (sign == "<") return less(a, b);
    if (sign == ">") return less(b, a);
    if (sign == "<=") return less(a, b) || equal(a, b);
    if (sign == ">=") return less(b, a) || equal(a, b);
    const bool in = *apply_test("in", {.positional = {a, b}, .named = {}});
    return sign == "in" ? in : !in;
  }

  Value binary(const Expression& e) {
    Value a = eval(*e.parts[0]);
    if (e.text == "and") return a.truthy() ? eval(*e.parts[1]) : a;
    if (e.text == "or") return a.truthy() ? a : eval(*e.parts[1]);
    const Value b = eval(*e.parts[1]);
    if (e.text == "~") return checked(a.text() + b.text());
    for (const Value* v : {static_cast<const Value*>(&a), &b})
      if (v->undefined()) fail(e.line, "'" + v->as_undefined().name + "' is undefined");
    if (e.text == "+") {
      if (a.string() && b.string()) return checked(*a.string() + *b.string());
      if (a.list() && b.list()) {
        List both = *a.list();
        both.insert(both.end(), b.list()->begin(), b.list()->end());
        spend(both.size());
        return Value(std::move(both), a.tuple());
      }
    }
    if (e.text == "*" && ((a.string() && b.integer()) || (b.string() && a.integer()))) {
      const std::string& s = a.string() ? *a.string() : *b.string();
      const int64_t n = std::max<int64_t>(0, a.string() ? *b.integer() : *a.integer());
      if (n > 0 && s.size() > options_.max_output / static_cast<size_t>(n)) spend(options_.max_steps);
      std::string out;
      for (int64_t i = 0; i < n && !s.empty(); ++i) out += s;
      return checked(std::move(out));
    }
    if (e.text == "%" && a.string()) fail(e.line, "formatting with '%' is not supported; use '~'");
    if (!a.number() || !b.number())
      fail(e.line, "'" + e.text + "' has no meaning between " + a.type_name() + " and " + b.type_name());
    return arithmetic(e, a, b);
  }

  Value checked(std::string s) {
    if (s.size() > options_.max_output)
      throw Error(Code::Exhausted,
                  std::string(name_) + ": makes a text of more than " + std::to_string(options_.max_output) + " bytes");
    spend(s.size() / 64);
    return s;
  }

  Value arithmetic(const Expression& e, const Value& a, const Value& b) {
    const bool whole = !a.real() && !b.real();
    if (!whole || e.text == "/" || e.text == "**") {
      const double x = a.as_double(), y = b.as_double();
      if ((e.text == "/" || e.text == "//" || e.text == "%") && y == 0) fail(e.line, "division by zero");
      if (e.text == "+") return x + y;
      if (e.text == "-") return x - y;
      if (e.text == "*") return x * y;
      if (e.text == "/") return x / y;
      if (e.text == "//") return std::floor(x / y);
      if (e.text == "%") return x - y * std::floor(x / y);
      const double power = std::pow(x, y);
      if (whole && y >= 0 && std::fabs(power) < 9e15) return static_cast<int64_t>(power);
      return power;
    }
    const int64_t x = a.integer() ? *a.integer() : *a.boolean(), y = b.integer() ? *b.integer() : *b.boolean();
    int64_t out = 0;
    bool over = false;
    if (e.text == "+") {
      over = __builtin_add_overflow(x, y, &out);
    } else if (e.text == "-") {
      over = __builtin_sub_overflow(x, y, &out);
    } else if (e.text == "*") {
      over = __builtin_mul_overflow(x, y, &out);
    } else {
      if (y == 0) fail(e.line, "division by zero");
      if (y == -1) return e.text == "%" ? Value(int64_t{0}) : unary(Expression{.text = "-"}, Value(x));
      const int64_t quotient = x / y, rest = x % y;
      const bool down = rest != 0 && (rest < 0) != (y < 0);  // towards minus infinity, as Python does
      out = e.text == "//" ? quotient - down : rest + (down ? y : 0);
    }
    if (over) fail(e.line, "the number is too large");
    return out;
  }

  const TemplateOptions& options_;
  std::string_view name_;
  const Dict& variables_;
  std::vector<Scope> scopes_;
  uint64_t steps_ = 0;
  size_t written_ = 0;
  int calls_ = 0;
};

}  // namespace
}  // namespace jinja

struct Template::Impl {
  std::string name;
  TemplateOptions options;
  jinja::Block block;
};

Template::Template(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Template::~Template() = default;
Template::Template(Template&&) noexcept = default;
Template& Template::operator=(Template&&) noexcept = default;

Template Template::parse(std::string source, std::string name, const TemplateOptions& options) {
  auto impl = std::make_unique<Impl>();
  impl->block =
      jinja::parse(source, name, {.trim_blocks = options.trim_blocks, .lstrip_blocks = options.lstrip_blocks});
  impl->name = std::move(name);
  impl->options = options;
  return Template(std::move(impl));
}

std::string Template::render(const jinja::Dict& variables) const {
  return jinja::Run(impl_->options, impl_->name, variables).all(impl_->block);
}

std::vector<std::string> Template::variables() const { return jinja::free_names(impl_->block); }

}  // namespace hanok::text
