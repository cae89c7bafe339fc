#include "text/template/value.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "hanok/error.h"

namespace hanok::text::jinja {

const Value* Dict::find(std::string_view key) const {
  const auto at = index_.find(key);
  return at == index_.end() ? nullptr : &entries_[at->second].second;
}

void Dict::set(std::string key, Value value) {
  const auto [at, fresh] = index_.emplace(key, entries_.size());
  if (fresh)
    entries_.emplace_back(std::move(key), std::move(value));
  else
    entries_[at->second].second = std::move(value);
}

const Value* Arguments::find(std::string_view name, size_t position) const {
  for (const auto& [key, value] : named)
    if (key == name) return &value;
  return position < positional.size() ? &positional[position] : nullptr;
}

void Value::nest(const Value& inside) {
  depth_ = std::max<uint16_t>(depth_, inside.depth_ + 1);
  holds_namespace_ = holds_namespace_ || inside.holds_namespace_;
  if (depth_ > kMaxDepth)
    throw Error(Code::Exhausted, "template: values are nested deeper than " + std::to_string(kMaxDepth));
}

Value::Value(List list, bool tuple) : tuple_(tuple) {
  if (list.size() > kMaxItems) throw Error(Code::Exhausted, "template: a list of more than 1,048,576 items");
  for (const auto& x : list) nest(x);
  holder_ = std::make_shared<const List>(std::move(list));
}

Value::Value(Dict dict) {
  for (const auto& e : dict.entries()) nest(e.second);
  holder_ = std::make_shared<const Dict>(std::move(dict));
}

Value::Value(Function f, const Value* holds) : holder_(std::make_shared<const Function>(std::move(f))) {
  if (holds) nest(*holds);
}

Value Value::of(const base::OrderedJson& json) {
  using Type = base::OrderedJson::value_t;
  switch (json.type()) {
    case Type::boolean:
      return json.get<bool>();
    case Type::number_integer:
    case Type::number_unsigned:
      return json.get<int64_t>();
    case Type::number_float:
      return json.get<double>();
    case Type::string:
      return json.get<std::string>();
    case Type::array: {
      List out;
      for (const auto& x : json) out.push_back(of(x));
      return out;
    }
    case Type::object: {
      Dict out;
      for (const auto& [key, x] : json.items()) out.set(key, of(x));
      return out;
    }
    default:
      return None{};
  }
}

const List* Value::list() const {
  const auto* p = std::get_if<std::shared_ptr<const List>>(&holder_);
  return p ? p->get() : nullptr;
}
const Dict* Value::dict() const {
  const auto* p = std::get_if<std::shared_ptr<const Dict>>(&holder_);
  return p ? p->get() : nullptr;
}
const Function* Value::function() const {
  const auto* p = std::get_if<std::shared_ptr<const Function>>(&holder_);
  return p ? p->get() : nullptr;
}

double Value::as_double() const {
  if (const auto* i = integer()) return static_cast<double>(*i);
  if (const auto* d = real()) return *d;
  if (const auto* b = boolean()) return *b ? 1 : 0;
  return std::nan("");
}

bool Value::truthy() const {
  if (undefined() || none()) return false;
  if (const auto* b = boolean()) return *b;
  if (number()) return as_double() != 0;
  if (const auto* s = string()) return !s->empty();
  if (const auto* l = list()) return !l->empty();
  if (const auto* d = dict()) return d->size() > 0;
  return true;
}

namespace {

// The shortest digits that read back as the same number, as Python prints them.
std::string float_text(double x) {
  if (std::isnan(x)) return "nan";
  if (std::isinf(x)) return x > 0 ? "inf" : "-inf";
  char buffer[64];
  const double size = std::fabs(x);
  const bool plain = x == 0 || (size >= 1e-4 && size < 1e16);
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, x,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific);
  std::string out(buffer, end.ptr);
  if (plain && out.find('.') == std::string::npos) out += ".0";
  return out;
}

std::string quoted_repr(std::string_view s) {
  const char quote = s.find('\'') != std::string_view::npos && s.find('"') == std::string_view::npos ? '"' : '\'';
  std::string out(1, quote);
  for (const char c : s) {
    if (c == quote || c == '\\') {
      (out += '\\') += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      char hex[8];
      std::snprintf(hex, sizeof hex, "\\x%02x", static_cast<unsigned char>(c));
      out += hex;
    } else {
      out += c;
    }
  }
  return out + quote;
}

void json_string(std::string_view s, std::string& out) {
  out += '"';
  for (const char c : s) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          char hex[8];
          std::snprintf(hex, sizeof hex, "\\u%04x", static_cast<unsigned char>(c));
          out += hex;
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

// Shared parts make a small value with a text of any length: writing and comparing stop at a budget.
constexpr size_t kMostWritten = 32u << 20;  // bytes
constexpr size_t kMostCompared = 1u << 16;  // values

void spend(size_t& budget, size_t cost) {
  if (cost > budget) throw Error(Code::Exhausted, "template: a value is too large to be written or compared");
  budget -= cost;
}

struct JsonWriter {
  int indent;
  std::string out;
  size_t budget = 0;

  void line(int depth) {
    if (indent >= 0) out.append("\n").append(static_cast<size_t>(indent) * static_cast<size_t>(depth), ' ');
  }
  void separate(bool first, int depth) {
    if (!first) out += indent >= 0 ? "," : ", ";
    line(depth + 1);
  }
  void write(const Value& v, int depth) {
    if (out.size() > kMostWritten) spend(budget, out.size());
    if (const auto* s = v.string()) return json_string(*s, out);
    if (const auto* l = v.list()) {
      if (l->empty()) return void(out += "[]");
      out += '[';
      for (size_t i = 0; i < l->size(); ++i) {
        separate(i == 0, depth);
        write((*l)[i], depth + 1);
      }
      line(depth);
      out += ']';
      return;
    }
    const Dict* d = v.names() ? v.names()->values.get() : v.dict();
    if (d) {
      if (d->size() == 0) return void(out += "{}");
      out += '{';
      bool first = true;
      for (const auto& [key, value] : d->entries()) {
        separate(first, depth);
        first = false;
        json_string(key, out);
        out += ": ";
        write(value, depth + 1);
      }
      line(depth);
      out += '}';
      return;
    }
    if (v.none()) return void(out += "null");
    if (const auto* b = v.boolean()) return void(out += *b ? "true" : "false");
    if (v.integer()) return void(out += std::to_string(*v.integer()));
    if (v.real()) {
      const double x = *v.real();
      return void(out += std::isnan(x) ? "NaN" : std::isinf(x) ? (x > 0 ? "Infinity" : "-Infinity") : float_text(x));
    }
    throw Error(Code::Invalid, std::string("template: a value of type ") + v.type_name() + " cannot become JSON");
  }
};

template <class Range, class One>
std::string joined(const Range& range, const char* open, const char* close, One one) {
  std::string out = open;
  bool first = true;
  for (const auto& x : range) {
    if (!first) out += ", ";
    first = false;
    out += one(x);
  }
  return out + close;
}

std::string repr_at(const Value& v, size_t& budget) {
  spend(budget, 1 + (v.string() ? v.string()->size() : 0));
  if (const auto* s = v.string()) return quoted_repr(*s);
  if (const auto* l = v.list()) {
    const bool one = v.tuple() && l->size() == 1;
    return joined(*l, v.tuple() ? "(" : "[", v.tuple() ? (one ? ",)" : ")") : "]",
                  [&](const Value& x) { return repr_at(x, budget); });
  }
  const Dict* d = v.names() ? v.names()->values.get() : v.dict();
  if (d)
    return joined(d->entries(), "{", "}",
                  [&](const auto& e) { return quoted_repr(e.first) + ": " + repr_at(e.second, budget); });
  if (v.none()) return "None";
  if (const auto* b = v.boolean()) return *b ? "True" : "False";
  if (const auto* i = v.integer()) return std::to_string(*i);
  if (const auto* x = v.real()) return float_text(*x);
  if (v.undefined()) return "Undefined";
  return "<function>";
}

}  // namespace

std::string Value::text() const {
  if (const auto* s = string()) return *s;
  if (undefined()) return "";
  return repr();
}

std::string Value::repr() const {
  size_t budget = kMostWritten;
  return repr_at(*this, budget);
}

std::string Value::json(int indent) const {
  JsonWriter writer{.indent = indent, .out = {}};
  writer.write(*this, 0);
  return std::move(writer.out);
}

const char* Value::type_name() const {
  constexpr const char* kNames[] = {"undefined", "None", "bool", "int",      "float",
                                    "str",       "list", "dict", "function", "namespace"};
  return tuple_ ? "tuple" : kNames[holder_.index()];
}

namespace {

bool equal_within(const Value& a, const Value& b, size_t& budget) {
  spend(budget, 1);
  if (a.number() && b.number()) {
    if (a.integer() && b.integer()) return *a.integer() == *b.integer();
    return a.as_double() == b.as_double();
  }
  if (a.string() && b.string()) return *a.string() == *b.string();
  if (a.list() && b.list()) {
    if (a.list()->size() != b.list()->size() || a.tuple() != b.tuple()) return false;
    for (size_t i = 0; i < a.list()->size(); ++i)
      if (!equal_within((*a.list())[i], (*b.list())[i], budget)) return false;
    return true;
  }
  if (a.dict() && b.dict()) {
    if (a.dict()->size() != b.dict()->size()) return false;
    for (const auto& [key, value] : a.dict()->entries()) {
      const Value* other = b.dict()->find(key);
      if (!other || !equal_within(value, *other, budget)) return false;
    }
    return true;
  }
  return (a.none() && b.none()) || (a.undefined() && b.undefined());
}

}  // namespace

bool equal(const Value& a, const Value& b) {
  size_t budget = kMostCompared;
  return equal_within(a, b, budget);
}

bool less(const Value& a, const Value& b) {
  if (a.number() && b.number()) {
    if (a.integer() && b.integer()) return *a.integer() < *b.integer();
    return a.as_double() < b.as_double();
  }
  if (a.string() && b.string()) return *a.string() < *b.string();
  if (a.list() && b.list()) {
    for (size_t i = 0; i < a.list()->size() && i < b.list()->size(); ++i)
      if (!equal((*a.list())[i], (*b.list())[i])) return less((*a.list())[i], (*b.list())[i]);
    return a.list()->size() < b.list()->size();
  }
  throw Error(Code::Invalid,
              std::string("template: '<' has no meaning between ") + a.type_name() + " and " + b.type_name());
}

}  // namespace hanok::text::jinja
