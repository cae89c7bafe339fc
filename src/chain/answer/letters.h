// What nearly every reader of a question or a sentence does with its letters.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "hanok/text.h"

namespace hanok::chain::answer {

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
inline bool has_digit(std::string_view text) { return std::any_of(text.begin(), text.end(), is_digit); }

/// ASCII letters in lower case; all others as they are.
inline std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = is_upper(c) ? static_cast<char>(c + 32) : c;
  return out;
}

inline std::string_view part(std::string_view text, const text::Span& span) {
  return text.substr(span.start, span.end - span.start);
}

}  // namespace hanok::chain::answer
