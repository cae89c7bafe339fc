// JSON in hanok: nlohmann::json, parsed and printed so that outside bytes can do no harm.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace hanok::base {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;  // keeps the order of keys: for everything a user reads

/// Throws Error(Invalid): "<what>: not JSON: ... at byte N". Nesting deeper than 512 is refused (the parser recurses).
Json parse_json(std::string_view text, std::string_view what);
/// One line; bytes that are not UTF-8 become U+FFFD instead of an exception.
std::string dump_json(const Json& value, int indent = -1);
std::string dump_json(const OrderedJson& value, int indent = -1);

}  // namespace hanok::base
