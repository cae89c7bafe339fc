#include "text/width.h"

#include <utf8proc.h>

#include <algorithm>

#include "text/utf8.h"

namespace hanok::text {

size_t next_grapheme(std::string_view text, size_t i) {
  uint32_t before = next_code_point(text, i);
  if (before == kBadByte) return i;
  utf8proc_int32_t state = 0;
  while (i < text.size()) {
    size_t behind = i;
    const uint32_t c = next_code_point(text, behind);
    if (c == kBadByte || utf8proc_grapheme_break_stateful(static_cast<utf8proc_int32_t>(before),
                                                          static_cast<utf8proc_int32_t>(c), &state))
      break;
    before = c;
    i = behind;
  }
  return i;
}

size_t previous_grapheme(std::string_view text, size_t i) {
  // Rules look back without end (flags are pairs), so the line is walked from its beginning: lines are short.
  size_t from = text.substr(0, i).rfind('\n', i < 2 ? 0 : i - 2);
  from = from == text.npos ? 0 : from + 1;
  if (from >= i) from = 0;
  for (size_t end; (end = next_grapheme(text, from)) < i;) from = end;
  return from;
}

size_t grapheme_columns(std::string_view grapheme) {
  size_t widest = 0;
  for (size_t i = 0; i < grapheme.size();) {
    const uint32_t c = next_code_point(grapheme, i);
    if (c == kBadByte) return 1;
    constexpr uint32_t kAsEmoji = 0xFE0F;  // variation selector 16
    widest = std::max(
        widest, c == kAsEmoji ? size_t{2}
                              : static_cast<size_t>(std::max(0, utf8proc_charwidth(static_cast<utf8proc_int32_t>(c)))));
  }
  return widest;
}

size_t columns(std::string_view text) {
  size_t sum = 0;
  for (size_t i = 0; i < text.size();) {
    const size_t end = next_grapheme(text, i);
    sum += grapheme_columns(text.substr(i, end - i));
    i = end;
  }
  return sum;
}

}  // namespace hanok::text
