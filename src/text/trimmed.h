// A text without the blanks around it.
#pragma once

#include <string_view>

namespace hanok::text {

/// Without blanks, tabs and line breaks at both ends.
inline std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t from = text.find_first_not_of(kBlanks);
  if (from == text.npos) return {};
  return text.substr(from, text.find_last_not_of(kBlanks) + 1 - from);
}

}  // namespace hanok::text
