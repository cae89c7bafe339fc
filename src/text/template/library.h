// What templates may call: filters, tests, methods of values and global functions, as Jinja and Python have them.
#pragma once

#include <optional>
#include <string_view>

#include "text/template/value.h"

namespace hanok::text::jinja {

/// A filter by name applied to arguments.positional[0]; nothing where there is none of that name.
std::optional<Value> apply_filter(std::string_view name, const Arguments& arguments);
/// The name in full: "d" is "default", "==" is "eq".
std::string_view full_name(std::string_view name);
/// The same for tests: `positional[0] is name`.
std::optional<bool> apply_test(std::string_view name, const Arguments& arguments);
/// object.name where that is a method: "strip" of a text, "items" of a dictionary. Methods that change their object
/// (append, update) are refused, as in a sandbox.
std::optional<Value> method(const Value& object, std::string_view name);
/// range, dict, namespace, raise_exception.
const Dict& globals();

/// A dictionary's pairs, as tuples.
List items(const Dict& d);
/// object[key] or object.key as data; undefined where there is none.
Value item(const Value& object, const Value& key);
Value slice(const Value& object, const Value* from, const Value* to, const Value* step);
/// What a for loop walks over: a list's items, a dictionary's keys, a text's characters. Throws Invalid for others.
List iterate(const Value& value);
/// The characters of a text, each as a text.
std::vector<std::string> characters(std::string_view text);

/// What raise_exception throws: the template's own words.
inline constexpr std::string_view kRaised = "raise_exception: ";

}  // namespace hanok::text::jinja
