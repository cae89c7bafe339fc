// A template's text -> tokens, with Jinja's rules for blanks around tags.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hanok::text::jinja {

struct Token {
  enum class Kind { Text, OpenOutput, CloseOutput, OpenTag, CloseTag, Name, String, Integer, Float, Operator, End };
  Kind kind = Kind::End;
  std::string text;  // String: unescaped
  size_t line = 1;
};

struct LexOptions {
  bool trim_blocks = true;    // the line break behind a tag goes with it
  bool lstrip_blocks = true;  // blanks before a tag that begins its line go with it
};

/// Throws Invalid with the line.
std::vector<Token> lex(std::string_view source, std::string_view name, const LexOptions& options = {});

}  // namespace hanok::text::jinja
