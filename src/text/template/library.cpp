#include "text/template/library.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "hanok/error.h"
#include "text/utf8.h"

namespace hanok::text::jinja {
namespace {

constexpr int64_t kMaxRange = 100'000;  // items of range()
constexpr size_t kMaxText = 16u << 20;  // bytes of one text made by a filter

[[noreturn]] void invalid(const std::string& why) { throw Error(Code::Invalid, "template: " + why); }

const std::string& text_of(const Value& v, std::string_view who) {
  if (!v.string()) invalid(std::string(who) + " needs a text, found " + v.type_name());
  return *v.string();
}

int64_t whole_of(const Value& v, std::string_view who) {
  if (const auto* i = v.integer()) return *i;
  if (const auto* b = v.boolean()) return *b;
  invalid(std::string(who) + " needs a whole number, found " + v.type_name());
}

// ---- texts ----

bool blank_at(std::string_view s, size_t at, size_t& length) {
  size_t next = at;
  const uint32_t c = next_code_point(s, next);
  length = next - at;
  return c == ' ' || (c >= 9 && c <= 13) || (c >= 0x1C && c <= 0x1F) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

// Strips characters of `set`, or blanks where it is null.
std::string strip(const std::string& s, const std::string* set, bool left, bool right) {
  std::vector<std::string> of = set ? characters(*set) : std::vector<std::string>{};
  const auto strips = [&](std::string_view c) {
    size_t n;
    return set ? std::find(of.begin(), of.end(), c) != of.end() : blank_at(c, 0, n);
  };
  std::string_view rest = s;
  while (left && !rest.empty()) {
    size_t n = 0;
    next_code_point(rest, n);
    if (!strips(rest.substr(0, n))) break;
    rest.remove_prefix(n);
  }
  while (right && !rest.empty()) {
    size_t n = 1;
    while (n < rest.size() && n < 4 && (static_cast<unsigned char>(rest[rest.size() - n]) & 0xC0) == 0x80) ++n;
    if (!strips(rest.substr(rest.size() - n))) break;
    rest.remove_suffix(n);
  }
  return std::string(rest);
}

std::string case_of(const std::string& s, bool upper) {
  std::string out = s;  // ASCII: what templates use it for
  for (char& c : out)
    if (upper ? c >= 'a' && c <= 'z' : c >= 'A' && c <= 'Z') c = static_cast<char>(c ^ 0x20);
  return out;
}

std::string capitalize(const std::string& s) {
  std::string out = case_of(s, false);
  if (!out.empty()) out[0] = case_of(out.substr(0, 1), true)[0];
  return out;
}

std::string title(const std::string& s) {
  std::string out = case_of(s, false);
  bool start = true;
  for (char& c : out) {
    const bool letter = (c >= 'a' && c <= 'z') || (c & 0x80);
    if (start && letter && !(c & 0x80)) c = static_cast<char>(c ^ 0x20);
    start = !letter && c != '\'';
  }
  return out;
}

std::string replace(const std::string& s, const std::string& from, const std::string& to, int64_t most) {
  std::string out;
  size_t at = 0;
  for (int64_t n = 0; most < 0 || n < most; ++n) {
    if (from.empty()) {  // between all characters, as Python does
      for (const auto& c : characters(s)) out += to + c;
      return out + to;
    }
    const size_t found = s.find(from, at);
    if (found == std::string::npos) break;
    out.append(s, at, found - at).append(to);
    at = found + from.size();
    if (out.size() > kMaxText) throw Error(Code::Exhausted, "template: a text of more than 16 MB");
  }
  return out.append(s, at);
}

List split(const std::string& s, const Value* separator, int64_t most) {
  List out;
  if (!separator || separator->none()) {
    std::string word;
    size_t at = 0;
    while (at < s.size()) {
      size_t n;
      if (blank_at(s, at, n)) {
        if (!word.empty()) out.emplace_back(std::exchange(word, {}));
      } else {
        if (word.empty() && most >= 0 && static_cast<int64_t>(out.size()) == most) {
          out.emplace_back(strip(s.substr(at), nullptr, false, true));
          return out;
        }
        word += s.substr(at, n);
      }
      at += n;
    }
    if (!word.empty()) out.emplace_back(std::move(word));
    return out;
  }
  const std::string& by = text_of(*separator, "split");
  if (by.empty()) invalid("split by an empty text");
  size_t at = 0;
  while (most < 0 || static_cast<int64_t>(out.size()) < most) {
    const size_t found = s.find(by, at);
    if (found == std::string::npos) break;
    out.emplace_back(s.substr(at, found - at));
    at = found + by.size();
  }
  out.emplace_back(s.substr(at));
  return out;
}

List rsplit(const std::string& s, const Value* separator, int64_t most) {
  if (most < 0 || !separator || separator->none()) return split(s, separator, -1);
  const std::string& by = text_of(*separator, "rsplit");
  if (by.empty()) invalid("rsplit by an empty text");
  List out;
  size_t end = s.size();
  while (static_cast<int64_t>(out.size()) < most) {
    const size_t found = end >= by.size() ? s.rfind(by, end - by.size()) : std::string::npos;
    if (found == std::string::npos) break;
    out.emplace_back(s.substr(found + by.size(), end - found - by.size()));
    end = found;
  }
  out.emplace_back(s.substr(0, end));
  std::reverse(out.begin(), out.end());
  return out;
}

bool affix(const std::string& s, const Value& what, bool front) {
  const auto one = [&](const Value& v) {
    const std::string& t = text_of(v, front ? "startswith" : "endswith");
    return front ? s.starts_with(t) : s.ends_with(t);
  };
  if (const auto* list = what.list()) return std::any_of(list->begin(), list->end(), one);
  return one(what);
}

std::string join(const List& list, const std::string& by) {
  std::string out;
  for (size_t i = 0; i < list.size(); ++i) {
    if (i) out += by;
    out += list[i].text();
    if (out.size() > kMaxText) throw Error(Code::Exhausted, "template: a text of more than 16 MB");
  }
  return out;
}

// "a {} b {0} c {name}" is left out on purpose: format strings reach into attributes.

using TextMethod = Value (*)(const std::string&, const Arguments&);

const Value& need(const Arguments& a, std::string_view name, size_t position, std::string_view who) {
  const Value* v = a.find(name, position);
  if (!v) invalid(std::string(who) + " needs an argument '" + std::string(name) + "'");
  return *v;
}

int64_t count_of(const Arguments& a, std::string_view name, size_t position) {
  const Value* v = a.find(name, position);
  return v && !v->none() ? whole_of(*v, name) : -1;
}

const std::string* chars_of(const Arguments& a, std::string_view who) {
  const Value* v = a.find("chars", 0);
  return v && !v->none() ? &text_of(*v, who) : nullptr;
}

const std::map<std::string_view, TextMethod>& text_methods() {
  static const std::map<std::string_view, TextMethod> table = {
      {"strip",
       [](const std::string& s, const Arguments& a) -> Value { return strip(s, chars_of(a, "strip"), true, true); }},
      {"lstrip",
       [](const std::string& s, const Arguments& a) -> Value { return strip(s, chars_of(a, "lstrip"), true, false); }},
      {"rstrip",
       [](const std::string& s, const Arguments& a) -> Value { return strip(s, chars_of(a, "rstrip"), false, true); }},
      {"upper", [](const std::string& s, const Arguments&) -> Value { return case_of(s, true); }},
      {"lower", [](const std::string& s, const Arguments&) -> Value { return case_of(s, false); }},
      {"title", [](const std::string& s, const Arguments&) -> Value { return title(s); }},
      {"capitalize", [](const std::string& s, const Arguments&) -> Value { return capitalize(s); }},
      {"split",
       [](const std::string& s, const Arguments& a) -> Value {
         return split(s, a.find("sep", 0), count_of(a, "maxsplit", 1));
       }},
      {"rsplit",
       [](const std::string& s, const Arguments& a) -> Value {
         return rsplit(s, a.find("sep", 0), count_of(a, "maxsplit", 1));
       }},
      {"splitlines",
       [](const std::string& s, const Arguments&) -> Value {
         List out;
         for (size_t at = 0; at < s.size();) {
           const size_t end = std::min(s.find_first_of("\r\n", at), s.size());
           out.emplace_back(s.substr(at, end - at));
           at = end + (end + 1 < s.size() && s[end] == '\r' && s[end + 1] == '\n' ? 2 : 1);
         }
         return out;
       }},
      {"startswith",
       [](const std::string& s, const Arguments& a) -> Value {
         return affix(s, need(a, "prefix", 0, "startswith"), true);
       }},
      {"endswith",
       [](const std::string& s, const Arguments& a) -> Value {
         return affix(s, need(a, "suffix", 0, "endswith"), false);
       }},
      {"replace",
       [](const std::string& s, const Arguments& a) -> Value {
         return replace(s, text_of(need(a, "old", 0, "replace"), "replace"),
                        text_of(need(a, "new", 1, "replace"), "replace"), count_of(a, "count", 2));
       }},
      {"join",
       [](const std::string& s, const Arguments& a) -> Value {
         return join(iterate(need(a, "iterable", 0, "join")), s);
       }},
      {"find",
       [](const std::string& s, const Arguments& a) -> Value {
         const size_t at = s.find(text_of(need(a, "sub", 0, "find"), "find"));
         return at == std::string::npos ? int64_t{-1} : static_cast<int64_t>(characters(s.substr(0, at)).size());
       }},
      {"count",
       [](const std::string& s, const Arguments& a) -> Value {
         const std::string& what = text_of(need(a, "sub", 0, "count"), "count");
         int64_t n = 0;
         if (what.empty()) return static_cast<int64_t>(characters(s).size() + 1);
         for (size_t at = 0; (at = s.find(what, at)) != std::string::npos; at += what.size()) ++n;
         return n;
       }},
      {"isdigit",
       [](const std::string& s, const Arguments&) -> Value {
         return !s.empty() && std::all_of(s.begin(), s.end(), [](char c) { return c >= '0' && c <= '9'; });
       }},
      {"isspace",
       [](const std::string& s, const Arguments&) -> Value {
         return !s.empty() && strip(s, nullptr, true, true).empty();
       }},
      {"removeprefix",
       [](const std::string& s, const Arguments& a) -> Value {
         const std::string& p = text_of(need(a, "prefix", 0, "removeprefix"), "removeprefix");
         return s.starts_with(p) ? s.substr(p.size()) : s;
       }},
      {"removesuffix",
       [](const std::string& s, const Arguments& a) -> Value {
         const std::string& p = text_of(need(a, "suffix", 0, "removesuffix"), "removesuffix");
         return s.ends_with(p) && !p.empty() ? s.substr(0, s.size() - p.size()) : s;
       }},
  };
  return table;
}

// ---- dictionaries and lists ----

List items(const Dict& d) {
  List out;
  for (const auto& [key, value] : d.entries()) out.emplace_back(List{key, value}, true);
  return out;
}

Value attribute_of(const Value& object, const std::string& path) {
  Value out = object;
  size_t at = 0;
  while (true) {
    const size_t dot = path.find('.', at);
    const std::string part = path.substr(at, dot - at);
    const bool index =
        !part.empty() && std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
    out = item(out, index && part.size() < 10 ? Value(static_cast<int64_t>(std::stoll(part))) : Value(part));
    if (dot == std::string::npos) return out;
    at = dot + 1;
  }
}

bool holds(std::string_view test, const Arguments& a) {
  const auto result = apply_test(test, a);
  if (!result) invalid("there is no test '" + std::string(test) + "'");
  return *result;
}

// select, reject, selectattr, rejectattr
Value choose(const Arguments& a, bool by_attribute, bool keep) {
  List out;
  size_t next = 1;
  std::string attribute;
  if (by_attribute) attribute = text_of(need(a, "attribute", next++, "selectattr"), "selectattr");
  const Value* test = a.find("", next);
  for (const auto& x : iterate(a.positional[0])) {
    Value of = by_attribute ? attribute_of(x, attribute) : x;
    bool good;
    if (test) {
      Arguments inner;
      inner.positional.push_back(std::move(of));
      for (size_t i = next + 1; i < a.positional.size(); ++i) inner.positional.push_back(a.positional[i]);
      good = holds(text_of(*test, "select"), inner);
    } else {
      good = of.truthy();
    }
    if (good == keep) out.push_back(x);
  }
  return out;
}

Value map_filter(const Arguments& a) {
  List out;
  const Value* attribute = a.find("attribute", SIZE_MAX);
  const Value* otherwise = a.find("default", SIZE_MAX);
  for (const auto& x : iterate(a.positional[0])) {
    if (attribute) {
      Value v = attribute_of(x, attribute->text());
      out.push_back(v.undefined() && otherwise ? *otherwise : std::move(v));
      continue;
    }
    const std::string& name = text_of(need(a, "filter", 1, "map"), "map");
    Arguments inner;
    inner.positional.push_back(x);
    for (size_t i = 2; i < a.positional.size(); ++i) inner.positional.push_back(a.positional[i]);
    auto v = apply_filter(name, inner);
    if (!v) invalid("there is no filter '" + name + "'");
    out.push_back(*std::move(v));
  }
  return out;
}

Value sort_filter(const Arguments& a) {
  List list = iterate(a.positional[0]);
  const Value *reverse = a.find("reverse", 1), *cased = a.find("case_sensitive", 2),
              *attribute = a.find("attribute", 3);
  const auto key = [&](const Value& v) {
    Value k = attribute && !attribute->none() ? attribute_of(v, attribute->text()) : v;
    if (k.string() && !(cased && cased->truthy())) return Value(case_of(*k.string(), false));
    return k;
  };
  const bool down = reverse && reverse->truthy();
  std::stable_sort(list.begin(), list.end(),
                   [&](const Value& x, const Value& y) { return down ? less(key(y), key(x)) : less(key(x), key(y)); });
  return list;
}

Value dictsort(const Arguments& a) {
  const Dict* d = a.positional[0].dict();
  if (!d) invalid(std::string("dictsort needs a dictionary, found ") + a.positional[0].type_name());
  List list = items(*d);
  const Value *by = a.find("by", 2), *reverse = a.find("reverse", 3);
  const size_t which = by && by->text() == "value" ? 1 : 0;
  const auto key = [&](const Value& v) {
    const Value& k = (*v.list())[which];
    return k.string() ? Value(case_of(*k.string(), false)) : k;
  };
  const bool down = reverse && reverse->truthy();
  std::stable_sort(list.begin(), list.end(),
                   [&](const Value& x, const Value& y) { return down ? less(key(y), key(x)) : less(key(x), key(y)); });
  return list;
}

Value length_of(const Value& v) {
  if (const auto* s = v.string()) return static_cast<int64_t>(characters(*s).size());
  if (const auto* l = v.list()) return static_cast<int64_t>(l->size());
  if (const auto* d = v.dict()) return static_cast<int64_t>(d->size());
  invalid(std::string("a value of type ") + v.type_name() + " has no length");
}

Value to_json(const Arguments& a) {
  const Value* indent = a.find("indent", SIZE_MAX);
  if (!indent) indent = a.find("indent", 2);  // tojson(ensure_ascii, indent) of the model library
  return a.positional[0].json(
      indent && !indent->none() ? static_cast<int>(std::clamp<int64_t>(whole_of(*indent, "tojson"), 0, 16)) : -1);
}

Value to_int(const Arguments& a) {
  const Value& v = a.positional[0];
  const Value* otherwise = a.find("default", 1);
  if (v.integer()) return v;
  if (v.number()) return static_cast<int64_t>(v.as_double());
  if (v.string()) {
    const std::string s = strip(*v.string(), nullptr, true, true);
    char* end = nullptr;
    const double x = std::strtod(s.c_str(), &end);
    if (!s.empty() && *end == 0 && std::fabs(x) < 9e18) return static_cast<int64_t>(x);
  }
  return otherwise ? *otherwise : Value(int64_t{0});
}

Value to_float(const Arguments& a) {
  const Value& v = a.positional[0];
  const Value* otherwise = a.find("default", 1);
  if (v.number()) return v.as_double();
  if (v.string()) {
    char* end = nullptr;
    const double x = std::strtod(v.string()->c_str(), &end);
    if (!v.string()->empty() && *end == 0) return x;
  }
  return otherwise ? *otherwise : Value(0.0);
}

Value extreme(const Arguments& a, bool most) {
  const List list = iterate(a.positional[0]);
  if (list.empty()) return Undefined{"of an empty list"};
  return *(most ? std::max_element(list.begin(), list.end(), less) : std::min_element(list.begin(), list.end(), less));
}

std::string escape(const std::string& s) {
  std::string out;
  for (const char c : s) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&#34;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

Value indent_filter(const Arguments& a) {
  const Value *width = a.find("width", 1), *first = a.find("first", 2), *blank = a.find("blank", 3);
  const std::string pad =
      width && width->string()
          ? *width->string()
          : std::string(static_cast<size_t>(std::clamp<int64_t>(width ? whole_of(*width, "indent") : 4, 0, 200)), ' ');
  std::string out;
  bool start = true;
  const std::string& s = text_of(a.positional[0], "indent");
  for (size_t at = 0; at <= s.size();) {
    const size_t end = std::min(s.find('\n', at), s.size());
    const bool skip = start ? !(first && first->truthy()) : end == at && !(blank && blank->truthy());
    if (!start) out += '\n';
    if (!skip) out += pad;
    out.append(s, at, end - at);
    start = false;
    at = end + 1;
  }
  return out;
}

Value unique(const Arguments& a) {
  List out;
  std::set<std::string> seen;
  for (const auto& x : iterate(a.positional[0]))
    if (seen.insert(x.repr()).second) out.push_back(x);
  return out;
}

Value reversed(const Value& v) {
  if (v.string()) {
    auto chars = characters(*v.string());
    std::string out;
    for (auto it = chars.rbegin(); it != chars.rend(); ++it) out += *it;
    return out;
  }
  List list = iterate(v);
  std::reverse(list.begin(), list.end());
  return list;
}

using Filter = Value (*)(const Arguments&);

const std::map<std::string_view, Filter>& filters() {
  static const std::map<std::string_view, Filter> table = {
      {"abs",
       [](const Arguments& a) -> Value {
         const Value& v = a.positional[0];
         if (v.integer()) return std::abs(*v.integer());
         return std::fabs(v.as_double());
       }},
      {"capitalize", [](const Arguments& a) -> Value { return capitalize(a.positional[0].text()); }},
      {"count", [](const Arguments& a) { return length_of(a.positional[0]); }},
      {"length", [](const Arguments& a) { return length_of(a.positional[0]); }},
      {"default",
       [](const Arguments& a) -> Value {
         const Value *otherwise = a.find("default_value", 1), *also_false = a.find("boolean", 2);
         const bool use =
             a.positional[0].undefined() || (also_false && also_false->truthy() && !a.positional[0].truthy());
         return use ? (otherwise ? *otherwise : Value("")) : a.positional[0];
       }},
      {"dictsort", dictsort},
      {"escape", [](const Arguments& a) -> Value { return escape(a.positional[0].text()); }},
      {"first",
       [](const Arguments& a) -> Value {
         const List l = iterate(a.positional[0]);
         return l.empty() ? Value(Undefined{"first of an empty list"}) : l.front();
       }},
      {"last",
       [](const Arguments& a) -> Value {
         const List l = iterate(a.positional[0]);
         return l.empty() ? Value(Undefined{"last of an empty list"}) : l.back();
       }},
      {"float", to_float},
      {"indent", indent_filter},
      {"int", to_int},
      {"items",
       [](const Arguments& a) -> Value {
         if (a.positional[0].undefined()) return List{};
         if (!a.positional[0].dict()) invalid("items needs a dictionary");
         return items(*a.positional[0].dict());
       }},
      {"join",
       [](const Arguments& a) -> Value {
         List list = iterate(a.positional[0]);
         const Value *by = a.find("d", 1), *attribute = a.find("attribute", 2);
         if (attribute)
           for (auto& x : list) x = attribute_of(x, attribute->text());
         return join(list, by ? by->text() : "");
       }},
      {"list", [](const Arguments& a) -> Value { return iterate(a.positional[0]); }},
      {"lower", [](const Arguments& a) -> Value { return case_of(a.positional[0].text(), false); }},
      {"upper", [](const Arguments& a) -> Value { return case_of(a.positional[0].text(), true); }},
      {"title", [](const Arguments& a) -> Value { return title(a.positional[0].text()); }},
      {"map", map_filter},
      {"max", [](const Arguments& a) { return extreme(a, true); }},
      {"min", [](const Arguments& a) { return extreme(a, false); }},
      {"reject", [](const Arguments& a) { return choose(a, false, false); }},
      {"rejectattr", [](const Arguments& a) { return choose(a, true, false); }},
      {"select", [](const Arguments& a) { return choose(a, false, true); }},
      {"selectattr", [](const Arguments& a) { return choose(a, true, true); }},
      {"replace",
       [](const Arguments& a) -> Value {
         return replace(a.positional[0].text(), need(a, "old", 1, "replace").text(),
                        need(a, "new", 2, "replace").text(), count_of(a, "count", 3));
       }},
      {"reverse", [](const Arguments& a) { return reversed(a.positional[0]); }},
      {"round",
       [](const Arguments& a) -> Value {
         const Value* digits = a.find("precision", 1);
         const double scale = std::pow(10.0, digits ? static_cast<double>(whole_of(*digits, "round")) : 0);
         return std::nearbyint(a.positional[0].as_double() * scale) / scale;
       }},
      {"safe", [](const Arguments& a) { return a.positional[0]; }},
      {"sort", sort_filter},
      {"string", [](const Arguments& a) -> Value { return a.positional[0].text(); }},
      {"sum",
       [](const Arguments& a) -> Value {
         double total = 0;
         bool whole = true;
         const Value* attribute = a.find("attribute", 1);
         for (auto x : iterate(a.positional[0])) {
           if (attribute) x = attribute_of(x, attribute->text());
           if (!x.number()) invalid(std::string("sum needs numbers, found ") + x.type_name());
           whole = whole && !x.real();
           total += x.as_double();
         }
         return whole && std::fabs(total) < 9e15 ? Value(static_cast<int64_t>(total)) : Value(total);
       }},
      {"tojson", to_json},
      {"trim",
       [](const Arguments& a) -> Value {
         return strip(
             a.positional[0].text(),
             chars_of({.positional = {a.positional.begin() + 1, a.positional.end()}, .named = a.named}, "trim"), true,
             true);
       }},
      {"unique", unique},
      {"wordcount",
       [](const Arguments& a) -> Value {
         return static_cast<int64_t>(split(a.positional[0].text(), nullptr, -1).size());
       }},
  };
  return table;
}

// ---- tests ----

const Value& other(const Arguments& a, std::string_view who) { return need(a, "other", 1, who); }

using Test = bool (*)(const Arguments&);

const std::map<std::string_view, Test>& tests() {
  static const std::map<std::string_view, Test> table = {
      {"defined", [](const Arguments& a) { return !a.positional[0].undefined(); }},
      {"undefined", [](const Arguments& a) { return a.positional[0].undefined(); }},
      {"none", [](const Arguments& a) { return a.positional[0].none(); }},
      {"boolean", [](const Arguments& a) { return a.positional[0].boolean() != nullptr; }},
      {"true", [](const Arguments& a) { return a.positional[0].boolean() && *a.positional[0].boolean(); }},
      {"false", [](const Arguments& a) { return a.positional[0].boolean() && !*a.positional[0].boolean(); }},
      {"string", [](const Arguments& a) { return a.positional[0].string() != nullptr; }},
      {"number", [](const Arguments& a) { return a.positional[0].number(); }},
      {"integer", [](const Arguments& a) { return a.positional[0].integer() != nullptr; }},
      {"float", [](const Arguments& a) { return a.positional[0].real() != nullptr; }},
      {"mapping", [](const Arguments& a) { return a.positional[0].dict() != nullptr; }},
      {"iterable",
       [](const Arguments& a) {
         return a.positional[0].undefined() || a.positional[0].string() || a.positional[0].list() ||
                a.positional[0].dict();
       }},
      {"sequence",
       [](const Arguments& a) {
         return a.positional[0].undefined() || a.positional[0].string() || a.positional[0].list() ||
                a.positional[0].dict();
       }},
      {"callable", [](const Arguments& a) { return a.positional[0].function() != nullptr; }},
      {"odd", [](const Arguments& a) { return whole_of(a.positional[0], "odd") % 2 != 0; }},
      {"even", [](const Arguments& a) { return whole_of(a.positional[0], "even") % 2 == 0; }},
      {"divisibleby",
       [](const Arguments& a) {
         const int64_t by = whole_of(other(a, "divisibleby"), "divisibleby");
         if (by == 0) invalid("divisibleby 0");
         return by == -1 || whole_of(a.positional[0], "divisibleby") % by == 0;
       }},
      {"eq", [](const Arguments& a) { return equal(a.positional[0], other(a, "eq")); }},
      {"ne", [](const Arguments& a) { return !equal(a.positional[0], other(a, "ne")); }},
      {"lt", [](const Arguments& a) { return less(a.positional[0], other(a, "lt")); }},
      {"gt", [](const Arguments& a) { return less(other(a, "gt"), a.positional[0]); }},
      {"le", [](const Arguments& a) { return !less(other(a, "le"), a.positional[0]); }},
      {"ge", [](const Arguments& a) { return !less(a.positional[0], other(a, "ge")); }},
      {"in",
       [](const Arguments& a) {
         const Value& in = other(a, "in");
         if (in.string()) return in.string()->find(text_of(a.positional[0], "in")) != std::string::npos;
         if (in.dict()) return a.positional[0].string() && in.dict()->find(*a.positional[0].string());
         const List list = iterate(in);
         return std::any_of(list.begin(), list.end(), [&](const Value& x) { return equal(x, a.positional[0]); });
       }},
      {"sameas",
       [](const Arguments& a) {
         const Value &x = a.positional[0], &y = other(a, "sameas");
         return std::string_view(x.type_name()) == y.type_name() && equal(x, y);
       }},
      {"lower", [](const Arguments& a) { return a.positional[0].text() == case_of(a.positional[0].text(), false); }},
      {"upper", [](const Arguments& a) { return a.positional[0].text() == case_of(a.positional[0].text(), true); }},
  };
  return table;
}

std::string_view full_name(std::string_view name) {
  static const std::map<std::string_view, std::string_view> names = {
      {"d", "default"},   {"e", "escape"},       {"==", "eq"}, {"equalto", "eq"}, {"!=", "ne"}, {"<", "lt"},
      {"lessthan", "lt"}, {"greaterthan", "gt"}, {">", "gt"},  {"<=", "le"},      {">=", "ge"}};
  const auto at = names.find(name);
  return at == names.end() ? name : at->second;
}

Value bound(const Value& object, Function f) { return Value(std::move(f), &object); }

int64_t at_index(int64_t i, size_t size) { return i < 0 ? i + static_cast<int64_t>(size) : i; }

}  // namespace

std::optional<Value> apply_filter(std::string_view name, const Arguments& arguments) {
  const auto at = filters().find(full_name(name));
  if (at == filters().end()) return std::nullopt;
  return at->second(arguments);
}

std::optional<bool> apply_test(std::string_view name, const Arguments& arguments) {
  const auto at = tests().find(full_name(name));
  if (at == tests().end()) return std::nullopt;
  return at->second(arguments);
}

std::optional<Value> method(const Value& object, std::string_view name) {
  if (object.string()) {
    const auto at = text_methods().find(name);
    if (at == text_methods().end()) return std::nullopt;
    return bound(object, [object, call = at->second](const Arguments& a) { return call(*object.string(), a); });
  }
  for (const char* changes :
       {"append", "extend", "insert", "pop", "remove", "clear", "update", "setdefault", "popitem"})
    if (name == changes && (object.list() || object.dict()))
      return Function([name = std::string(name)](const Arguments&) -> Value {
        invalid("'" + name + "' would change a value, which templates may not");
      });
  if (object.dict()) {
    if (name == "items") return bound(object, [object](const Arguments&) -> Value { return items(*object.dict()); });
    if (name == "keys") return bound(object, [object](const Arguments&) -> Value { return iterate(object); });
    if (name == "values")
      return bound(object, [object](const Arguments&) -> Value {
        List out;
        for (const auto& e : object.dict()->entries()) out.push_back(e.second);
        return out;
      });
    if (name == "get")
      return bound(object, [object](const Arguments& a) -> Value {
        const Value& key = need(a, "key", 0, "get");
        const Value* found = key.string() ? object.dict()->find(*key.string()) : nullptr;
        if (found) return *found;
        const Value* otherwise = a.find("default", 1);
        return otherwise ? *otherwise : Value(None{});
      });
    if (name == "copy") return bound(object, [object](const Arguments&) { return object; });
  }
  if (object.list()) {
    if (name == "index" || name == "count")
      return bound(object, [object, count = name == "count"](const Arguments& a) -> Value {
        int64_t n = 0;
        for (size_t i = 0; i < object.list()->size(); ++i)
          if (equal((*object.list())[i], need(a, "value", 0, "index"))) {
            if (!count) return static_cast<int64_t>(i);
            ++n;
          }
        if (!count) invalid("index: the value is not in the list");
        return n;
      });
    if (name == "copy") return bound(object, [object](const Arguments&) { return object; });
  }
  return std::nullopt;
}

const Dict& globals() {
  static const Dict table = [] {
    Dict d;
    d.set("range", Function([](const Arguments& a) -> Value {
            if (a.positional.empty() || a.positional.size() > 3) invalid("range takes one to three numbers");
            int64_t from = 0, to = whole_of(a.positional[0], "range"), step = 1;
            if (a.positional.size() > 1) from = to, to = whole_of(a.positional[1], "range");
            if (a.positional.size() > 2) step = whole_of(a.positional[2], "range");
            if (step == 0) invalid("range with a step of 0");
            List out;
            for (int64_t i = from; step > 0 ? i < to : i > to; i += step) {
              if (static_cast<int64_t>(out.size()) == kMaxRange)
                throw Error(Code::Exhausted, "template: a range of more than 100,000 numbers");
              out.emplace_back(i);
              if (step > 0 ? i > INT64_MAX - step : i < INT64_MIN - step) break;
            }
            return out;
          }));
    d.set("dict", Function([](const Arguments& a) -> Value {
            Dict out;
            if (!a.positional.empty() && a.positional[0].dict()) out = *a.positional[0].dict();
            for (const auto& [key, value] : a.named) out.set(key, value);
            return out;
          }));
    d.set("namespace", Function([](const Arguments& a) -> Value {
            auto values = std::make_shared<Dict>();
            if (!a.positional.empty() && a.positional[0].dict()) *values = *a.positional[0].dict();
            for (const auto& [key, value] : a.named) {
              if (value.holds_namespace()) invalid("a namespace cannot hold a namespace");
              values->set(key, value);
            }
            return Namespace{values};
          }));
    d.set("raise_exception", Function([](const Arguments& a) -> Value {
            throw Error(Code::Invalid, std::string(kRaised) + (a.positional.empty() ? "" : a.positional[0].text()));
          }));
    return d;
  }();
  return table;
}

Value item(const Value& object, const Value& key) {
  if (object.undefined()) invalid("'" + object.as_undefined().name + "' is undefined");
  const Dict* d = object.names() ? object.names()->values.get() : object.dict();
  if (d) {
    const Value* found = key.string() ? d->find(*key.string()) : nullptr;
    return found ? *found : Value(Undefined{key.text()});
  }
  if (!key.integer()) return Undefined{key.text()};
  if (const auto* list = object.list()) {
    const int64_t i = at_index(*key.integer(), list->size());
    return i >= 0 && i < static_cast<int64_t>(list->size()) ? (*list)[static_cast<size_t>(i)]
                                                            : Value(Undefined{key.text()});
  }
  if (object.string()) {
    const auto chars = characters(*object.string());
    const int64_t i = at_index(*key.integer(), chars.size());
    return i >= 0 && i < static_cast<int64_t>(chars.size()) ? Value(chars[static_cast<size_t>(i)])
                                                            : Value(Undefined{key.text()});
  }
  return Undefined{key.text()};
}

Value slice(const Value& object, const Value* from, const Value* to, const Value* step) {
  List all;
  if (object.string())
    for (auto& c : characters(*object.string())) all.emplace_back(std::move(c));
  else if (object.list())
    all = *object.list();
  else
    invalid(std::string("a value of type ") + object.type_name() + " cannot be sliced");
  const auto size = static_cast<int64_t>(all.size());
  const int64_t by = step && !step->none() ? whole_of(*step, "a slice") : 1;
  if (by == 0) invalid("a slice with a step of 0");
  const auto bound = [&](const Value* v, int64_t otherwise) {
    if (!v || v->none()) return otherwise;
    int64_t i = whole_of(*v, "a slice");
    if (i < 0) i += size;
    return std::clamp<int64_t>(i, by > 0 ? 0 : -1, by > 0 ? size : size - 1);
  };
  const int64_t begin = bound(from, by > 0 ? 0 : size - 1), end = bound(to, by > 0 ? size : -1);
  List out;
  for (int64_t i = begin; by > 0 ? i < end : i > end; i += by) {
    out.push_back(all[static_cast<size_t>(i)]);
    if (by > size || by < -size) break;
  }
  if (!object.string()) return Value(std::move(out), object.tuple());
  return join(out, "");
}

List iterate(const Value& value) {
  if (const auto* list = value.list()) return *list;
  List out;
  if (const auto* d = value.dict()) {
    for (const auto& e : d->entries()) out.emplace_back(e.first);
    return out;
  }
  if (const auto* s = value.string()) {
    for (auto& c : characters(*s)) out.emplace_back(std::move(c));
    return out;
  }
  if (value.undefined()) return out;
  invalid(std::string("a value of type ") + value.type_name() + " cannot be walked over");
}

std::vector<std::string> characters(std::string_view text) {
  if (text.size() > kMaxItems) throw Error(Code::Exhausted, "template: a text of more than 1 MB, letter by letter");
  std::vector<std::string> out;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    next_code_point(text, at);
    out.emplace_back(text.substr(begin, at - begin));
  }
  return out;
}

}  // namespace hanok::text::jinja
