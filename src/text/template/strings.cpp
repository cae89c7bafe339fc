#include "text/template/strings.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "hanok/error.h"
#include "text/template/library.h"
#include "text/utf8.h"

namespace hanok::text::jinja {
namespace {

constexpr size_t kMaxText = 16u << 20;  // bytes of one text made by a filter

bool blank_at(std::string_view s, size_t at, size_t& length) {
  size_t next = at;
  const uint32_t c = next_code_point(s, next);
  length = next - at;
  return c == ' ' || (c >= 9 && c <= 13) || (c >= 0x1C && c <= 0x1F) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool affix(const std::string& s, const Value& what, bool front) {
  const auto one = [&](const Value& v) {
    const std::string& t = text_of(v, front ? "startswith" : "endswith");
    return front ? s.starts_with(t) : s.ends_with(t);
  };
  if (const auto* list = what.list()) return std::any_of(list->begin(), list->end(), one);
  return one(what);
}

}  // namespace

void invalid(const std::string& why) { throw Error(Code::Invalid, "template: " + why); }

const std::string& text_of(const Value& v, std::string_view who) {
  if (!v.string()) invalid(std::string(who) + " needs a text, found " + v.type_name());
  return *v.string();
}

int64_t whole_of(const Value& v, std::string_view who) {
  if (const auto* i = v.integer()) return *i;
  if (const auto* b = v.boolean()) return *b;
  invalid(std::string(who) + " needs a whole number, found " + v.type_name());
}

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
  std::string out = s;
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

TextMethod text_method(std::string_view name) {
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
  const auto at = table.find(name);
  return at == table.end() ? nullptr : at->second;
}

}  // namespace hanok::text::jinja
