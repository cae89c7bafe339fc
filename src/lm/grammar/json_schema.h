// JSON schemas (draft 2020-12) as grammars: every text that the grammar allows is JSON and satisfies the schema.
//
// Known:  type, enum, const, anyOf, oneOf (where it can be shown that no two branches hold at once), allOf, $ref within
//         the document, $defs; minimum, maximum, exclusive ones, multipleOf (of whole numbers); minLength, maxLength,
//         pattern, format (date, time, date-time, uuid, ipv4, hostname, email); items, prefixItems, minItems, maxItems,
//         uniqueItems (of few values); properties, required, additionalProperties, minProperties, maxProperties.
// Not:    every other keyword that restricts: not, if, patternProperties, propertyNames, contains, dependent...,
//         unevaluated..., $dynamicRef: Unsupported, with its place. Nothing is left out silently.
//
// Texts are a choice among the valid ones: properties come in the schema's order, others behind them; numbers have at
// most 16 digits before and behind the point; between tokens stand a blank, or a line break and blanks, or nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "lm/grammar/rules.h"

namespace hanok::lm::grammar {

/// Throws Invalid (not JSON, a keyword's value of the wrong kind, no value satisfies it), Unsupported, Exhausted; the
/// message names the place, "#/properties/age/minimum".
Rules schema_rules(std::string_view json);

/// Whether a value satisfies a schema of the kind above.
bool schema_holds(const base::OrderedJson& schema, const base::OrderedJson& value);

}  // namespace hanok::lm::grammar
