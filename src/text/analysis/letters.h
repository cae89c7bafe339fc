// The letters of a text as keyword search sees them: NFKC, case-folded, each with the bytes it came from.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace hanok::text::analysis {

enum class Kind : uint8_t {
  Blank,   // white space and what is ignored (soft hyphen, zero width joiners)
  Mark,    // punctuation, symbols, invalid bytes
  Word,    // letters of scripts that put blanks between words, and their combining marks
  Digit,   // decimal digits of any script
  Hangul,  // syllables and letters
  Dense,   // scripts written without blanks: Han, Kana, Thai, Lao, Khmer, Burmese
};

struct Letter {
  char32_t code;
  Kind kind;
  uint32_t start, end;  // bytes of the text; the letters of one compatibility sign (U+FB01, fi) share their bytes
};

/// Appends the letters of `text` to `out`. Bytes that are not UTF-8 become one Mark each. Texts over 4 GiB: Invalid.
void read_letters(std::string_view text, std::vector<Letter>& out);

/// Appends `code` to `out` as UTF-8.
void append_utf8(std::string& out, char32_t code);

}  // namespace hanok::text::analysis
