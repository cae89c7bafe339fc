// UTF-8, one code point at a time: the smallest tools that every part of `text` shares.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hanok::text {

constexpr uint32_t kReplacement = 0xFFFD;

/// The code point at text[i], and i moved past it. A byte that starts no well-formed sequence (Unicode 15, table 3-7:
/// no overlong forms, no surrogates) gives kBadByte and moves one byte. i < text.size().
constexpr uint32_t kBadByte = 0xFFFFFFFF;
uint32_t next_code_point(std::string_view text, size_t& i);

void append_utf8(std::string& out, uint32_t code_point);
bool valid_utf8(std::string_view bytes);
/// Every byte that is not part of a well-formed sequence becomes U+FFFD.
std::string replace_invalid(std::string_view bytes);

inline bool is_hangul_syllable(uint32_t c) { return c >= 0xAC00 && c <= 0xD7A3; }
/// Syllables and jamo: conjoining, compatibility, extended, half width.
inline bool is_hangul(uint32_t c) {
  return is_hangul_syllable(c) || (c >= 0x1100 && c <= 0x11FF) || (c >= 0x3131 && c <= 0x318E) ||
         (c >= 0xA960 && c <= 0xA97C) || (c >= 0xD7B0 && c <= 0xD7FB) || (c >= 0xFFA1 && c <= 0xFFDC);
}
inline bool is_han(uint32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0x20000 && c <= 0x3FFFF) || c == 0x3005 || c == 0x3007;
}
inline bool is_kana(uint32_t c) {
  return (c >= 0x3041 && c <= 0x30FF) || (c >= 0x31F0 && c <= 0x31FF) || (c >= 0xFF66 && c <= 0xFF9D);
}

}  // namespace hanok::text
