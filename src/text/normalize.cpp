// Unicode normal forms, behind a check that lets text already in NFC (nearly all of it) pass untouched.
#include <utf8proc.h>

#include "hanok/text.h"
#include "text/tokenizers/unicode.h"
#include "text/utf8.h"

namespace hanok::text {
namespace {

// Code points that are in NFC whatever stands beside them, by ranges that cover Latin, Hangul, Han and common
// punctuation. Anything else only means that utf8proc has to look.
bool surely_nfc(uint32_t c) {
  return c < 0x300 || (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x2010 && c <= 0x2027) ||
         (c >= 0x3001 && c <= 0x3029) || (c >= 0x3041 && c <= 0x3094) || (c >= 0xFF01 && c <= 0xFFDC);
}

bool surely_nfc(std::string_view text) {
  for (size_t i = 0; i < text.size();)
    if (!surely_nfc(next_code_point(text, i))) return false;  // a bad byte is far above every range
  return true;
}

std::string normalise(std::string_view text, unicode::Form form) {
  return valid_utf8(text) ? unicode::normalize(text, form) : unicode::normalize(replace_invalid(text), form);
}

bool is_letter(uint32_t c) {
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

}  // namespace

std::string nfc(std::string_view text) {
  if (surely_nfc(text)) return std::string(text);
  return normalise(text, unicode::Form::Nfc);
}

std::string nfkc_casefold(std::string_view text) { return normalise(text, unicode::Form::NfkcCasefold); }

double hangul_share(std::string_view text) {
  size_t letters = 0, hangul = 0;
  for (size_t i = 0; i < text.size();) {
    const uint32_t c = next_code_point(text, i);
    if (c == kBadByte || !is_letter(c)) continue;
    ++letters;
    hangul += is_hangul(c);
  }
  return letters == 0 ? 0 : static_cast<double>(hangul) / static_cast<double>(letters);
}

}  // namespace hanok::text
