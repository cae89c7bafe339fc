// Jinja's filters: `value | name(arguments)`.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "text/template/library.h"
#include "text/template/strings.h"

namespace hanok::text::jinja {
namespace {

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

}  // namespace

std::optional<Value> apply_filter(std::string_view name, const Arguments& arguments) {
  const auto at = filters().find(full_name(name));
  if (at == filters().end()) return std::nullopt;
  return at->second(arguments);
}

}  // namespace hanok::text::jinja
