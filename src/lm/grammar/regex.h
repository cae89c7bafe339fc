// Regular expressions as grammars.
//
// Known:  literals . [classes] | ( ) (?: ) (?<name> ) * + ? {n} {n,} {n,m} (lazy ones too: the language is the same),
//         \d \D \w \W \s \S, \n \r \t \f \v \0, \xHH \uHHHH \u{H...} \x{H...}, \p{L} \P{L} and every general category,
//         ^ and $ at the ends of the expression or of a branch at its top.
// Not:    look-around, back references, \b, possessive and atomic groups, flags: refused with Unsupported.
// \d, \w, \s and . read what all dialects agree on, so that what is written satisfies whoever checks it.
#pragma once

#include <string_view>

#include "lm/grammar/rules.h"

namespace hanok::lm::grammar {

/// The whole text must match. Throws Invalid or Unsupported with the place in the expression.
ExpressionPtr parse_regex(std::string_view source);
/// As JSON schema's "pattern": some part of the text must match, unless ^ and $ say otherwise.
ExpressionPtr parse_pattern(std::string_view source);

}  // namespace hanok::lm::grammar
