// What nearly every reader of a question or a sentence does with its letters.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "hanok/text.h"

namespace hanok::chain::answer {

using base::is_digit;
using base::is_upper;
using base::lower;
inline bool has_digit(std::string_view text) { return std::any_of(text.begin(), text.end(), is_digit); }

inline std::string_view part(std::string_view text, const text::Span& span) {
  return text.substr(span.start, span.end - span.start);
}

}  // namespace hanok::chain::answer
