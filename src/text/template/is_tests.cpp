// Jinja's tests: `value is name(arguments)`.
#include <algorithm>
#include <map>

#include "text/template/library.h"
#include "text/template/strings.h"

namespace hanok::text::jinja {
namespace {

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

}  // namespace

std::optional<bool> apply_test(std::string_view name, const Arguments& arguments) {
  const auto at = tests().find(full_name(name));
  if (at == tests().end()) return std::nullopt;
  return at->second(arguments);
}

}  // namespace hanok::text::jinja
