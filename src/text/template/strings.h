// What templates do with texts, as Python's str does, and how arguments are read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "text/template/value.h"

namespace hanok::text::jinja {

/// Throws Invalid: "template: <why>".
[[noreturn]] void invalid(const std::string& why);

// -- arguments; `who` is the filter or method that is named where they do not fit --
const std::string& text_of(const Value& v, std::string_view who);
int64_t whole_of(const Value& v, std::string_view who);
const Value& need(const Arguments& a, std::string_view name, size_t position, std::string_view who);
/// -1 where it is not given.
int64_t count_of(const Arguments& a, std::string_view name, size_t position);
/// What strip strips; nullptr: blanks.
const std::string* chars_of(const Arguments& a, std::string_view who);

// -- texts. Throws Exhausted where the result is longer than 16 MB --
/// Strips characters of `set`, or blanks where it is null.
std::string strip(const std::string& s, const std::string* set, bool left, bool right);
/// Letters of ASCII: what templates use it for.
std::string case_of(const std::string& s, bool upper);
std::string capitalize(const std::string& s);
std::string title(const std::string& s);
/// most < 0: every one.
std::string replace(const std::string& s, const std::string& from, const std::string& to, int64_t most);
List split(const std::string& s, const Value* separator, int64_t most);
List rsplit(const std::string& s, const Value* separator, int64_t most);
std::string join(const List& list, const std::string& by);

/// A method of texts by name; nullptr where there is none.
using TextMethod = Value (*)(const std::string&, const Arguments&);
TextMethod text_method(std::string_view name);

}  // namespace hanok::text::jinja
