// Characters as a terminal shows them: which code points belong together, and how many columns they take.
#pragma once

#include <cstddef>
#include <string_view>

namespace hanok::text {

/// The end of the character (extended grapheme cluster, UAX #29) that begins at text[i]: a syllable with all its jamo,
/// a letter with its accents, an emoji of several code points. A byte that is not UTF-8 is one of its own. i <
/// text.size().
size_t next_grapheme(std::string_view text, size_t i);
/// Where the character that ends at text[i] begins; 0 < i <= text.size(), on a boundary.
size_t previous_grapheme(std::string_view text, size_t i);

/// Columns of one character: 2 for Hangul, Han, Kana and emoji, 0 for what is invisible. Of ambiguous width: 1.
size_t grapheme_columns(std::string_view grapheme);
/// Columns of a text without line breaks.
size_t columns(std::string_view text);

}  // namespace hanok::text
