// Reading UTF-8 in place, forwards and backwards, without a table and without trusting it.
#pragma once

#include <cstddef>
#include <string_view>

namespace hanok::text::scan {

/// A code point and how many bytes it takes. A byte that starts no valid sequence is one code point, U+FFFD.
struct CodePoint {
  char32_t value = 0;
  size_t bytes = 0;
};

inline bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// The code point at `at` < text.size().
inline CodePoint code_point_at(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  if (lead < 0x80) return {lead, 1};
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
  if (length == 0 || lead > 0xF4 || at + length > text.size()) return {0xFFFD, 1};
  char32_t value = lead & (0x7F >> length);
  for (size_t i = 1; i < length; ++i) {
    if (!is_continuation(text[at + i])) return {0xFFFD, 1};
    value = (value << 6) | (byte(at + i) & 0x3F);
  }
  return {value, length};
}

/// The code point that ends at `end` > 0.
inline CodePoint code_point_before(std::string_view text, size_t end) {
  size_t start = end - 1;
  while (start > 0 && end - start < 4 && is_continuation(text[start])) --start;
  const CodePoint c = code_point_at(text, start);
  return start + c.bytes == end ? c : CodePoint{0xFFFD, 1};
}

/// The nearest boundary between code points at or before `at` <= text.size().
inline size_t snap_back(std::string_view text, size_t at) {
  for (int i = 0; i < 3 && at > 0 && at < text.size() && is_continuation(text[at]); ++i) --at;
  return at;
}

inline bool is_blank(char32_t c) {
  return (c <= 0x20) || c == 0x7F || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200B) ||
         c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000 || c == 0xFEFF;
}
inline bool is_hangul(char32_t c) { return c >= 0xAC00 && c <= 0xD7A3; }
inline bool is_loose_jamo(char32_t c) { return c >= 0x3131 && c <= 0x3163; }  // ㅋ ㅎ ㅠ
inline bool is_kana(char32_t c) { return c >= 0x3040 && c <= 0x30FF; }
inline bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }
inline bool is_lower(char32_t c) { return (c >= 'a' && c <= 'z') || (c >= 0xDF && c <= 0xFF && c != 0xF7); }
inline bool is_upper(char32_t c) { return (c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7); }
inline bool is_latin(char32_t c) { return is_lower(c) || is_upper(c); }

/// The vowel (0..20) and the final consonant (0 = none .. 27) of a Hangul syllable (Unicode 3.12).
inline int hangul_vowel(char32_t c) { return static_cast<int>((c - 0xAC00) / 28 % 21); }
inline int hangul_coda(char32_t c) { return static_cast<int>((c - 0xAC00) % 28); }
inline constexpr int kCodaN = 4, kCodaL = 8, kCodaB = 17, kCodaSs = 20;

}  // namespace hanok::text::scan
