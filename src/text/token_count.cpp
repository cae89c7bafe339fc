// The token counter for when no model is at hand. Close to what multilingual subword vocabularies give, and the same
// everywhere: what matters is that a budget counted today is the same tomorrow.
#include <utf8proc.h>

#include "hanok/text.h"
#include "text/utf8.h"

namespace hanok::text {
namespace {

constexpr size_t kLettersPerToken = 4;

enum class Kind { Blank, Letter, Sign };  // Sign: counts one by itself

Kind kind_of_ascii(uint32_t c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return Kind::Letter;
  return c > ' ' && c < 0x7F ? Kind::Sign : Kind::Blank;
}

Kind kind_of(uint32_t c) {
  if (c < 0x80) return kind_of_ascii(c);
  if (c == kBadByte || is_hangul(c) || is_han(c) || is_kana(c)) return Kind::Sign;
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  if (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO)
    return Kind::Letter;  // letters, marks, numbers
  if (category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_SO) return Kind::Sign;
  return Kind::Blank;
}

}  // namespace

size_t count_tokens(std::string_view text) {
  size_t tokens = 0, letters = 0;
  for (size_t i = 0; i < text.size();) {
    const Kind kind = kind_of(next_code_point(text, i));
    if (kind == Kind::Letter) {
      if (letters++ % kLettersPerToken == 0) ++tokens;
    } else {
      letters = 0;
      if (kind == Kind::Sign) ++tokens;
    }
  }
  return tokens;
}

}  // namespace hanok::text
