// Reading the JSON of a request: every fault is a 400 that names the field, what was expected and what was found.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "server/http/message.h"

namespace hanok::server {

/// The body, an object. Throws Refusal 400 where it is no JSON (NaN, 1e999, bad UTF-8 and deep nesting among that) or
/// something else.
base::Json json_body(const Request& request);

/// 400 with the field's name.
[[noreturn]] void wrong_field(const std::string& name, const std::string& expected, const base::Json& found);

// A field of an object; what is missing or null is `otherwise`, or without one a fault.
std::string text_field(const base::Json& object, const char* name);
std::optional<std::string> text_field_or_none(const base::Json& object, const char* name);
bool flag_field(const base::Json& object, const char* name, bool otherwise);
std::optional<double> number_field(const base::Json& object, const char* name, double least, double most);
std::optional<int64_t> whole_field(const base::Json& object, const char* name, int64_t least, int64_t most);
/// A string, or a list of strings.
std::vector<std::string> texts_field(const base::Json& object, const char* name);
/// The field where it is there and not null; else nullptr.
const base::Json* field(const base::Json& object, const char* name);

}  // namespace hanok::server
