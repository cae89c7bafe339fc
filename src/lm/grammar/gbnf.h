// GBNF, the grammar notation of llama.cpp:
//
//   root   ::= "yes" | "no" | list       # a comment
//   list   ::= "[" item ("," item){0,4} "]"
//   item   ::= [a-z]+
//
// Rules begin with `root`. "text" and [classes] with \n \r \t \\ \" \[ \] \xHH \uHHHH \UHHHHHHHH, . for any character,
// | ( ) * + ? {n} {n,} {n,m}. Tokens by number or name (<[12]>, <think>) are refused.
#pragma once

#include <string_view>

#include "lm/grammar/rules.h"

namespace hanok::lm::grammar {

/// Throws Invalid (with line and column, or the rule that is missing), Unsupported, Exhausted.
Rules parse_gbnf(std::string_view source);

}  // namespace hanok::lm::grammar
