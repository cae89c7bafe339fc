// Whether a value satisfies a JSON schema, in words.
#pragma once

#include <string>

#include "base/json.h"

namespace hanok::chain {

/// Empty where it does; else the place and what was expected there: "#/age: a number of at least 0 was expected, found
/// -3". Knows type, enum, const, properties, required, additionalProperties, items, bounds of numbers, texts and lists
/// by itself, and every keyword of lm/grammar/json_schema.h without words of their own. Throws Invalid, Unsupported for
/// a schema that is none of those.
std::string why_not(const base::OrderedJson& schema, const base::OrderedJson& value);

}  // namespace hanok::chain
