#include "text/analysis/letters.h"

#include <utf8proc.h>

#include <array>
#include <string>

#include "hanok/error.h"

namespace hanok::text::analysis {
namespace {

constexpr char32_t kBadByte = 0xFFFD;
// Marks on one sign; more begin another. No language has as many (Unicode's stream-safe text format, UAX 15, sets the
// same limit), and utf8proc sorts marks in quadratic time.
constexpr int kMostJoined = 30;

struct Decoded {
  char32_t code;
  uint32_t length;
};

Decoded decode(std::string_view text, size_t at) {
  utf8proc_int32_t code = 0;
  const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + at,
                                       static_cast<utf8proc_ssize_t>(text.size() - at), &code);
  if (length <= 0) return {kBadByte, 1};
  return {static_cast<char32_t>(code), static_cast<uint32_t>(length)};
}

bool between(char32_t c, char32_t low, char32_t high) { return c >= low && c <= high; }

bool is_dense_script(char32_t c) {
  return between(c, 0x3040, 0x30FF) || between(c, 0x31F0, 0x31FF) ||                                // Kana
         between(c, 0x3400, 0x4DBF) || between(c, 0x4E00, 0x9FFF) || between(c, 0xF900, 0xFAFF) ||  // Han
         between(c, 0x20000, 0x3FFFF) || c == 0x3005 || c == 0x3007 || between(c, 0x1B000, 0x1B16F) ||
         between(c, 0x0E00, 0x0EFF) || between(c, 0x1000, 0x109F) || between(c, 0x1780, 0x17DD);  // Thai .. Khmer
}

bool is_hangul(char32_t c) {
  return between(c, 0xAC00, 0xD7A3) || between(c, 0x1100, 0x11FF) || between(c, 0x3131, 0x318E) ||
         between(c, 0xA960, 0xA97C) || between(c, 0xD7B0, 0xD7FB);
}

Kind kind_by_category(char32_t c) {
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
      if (is_hangul(c)) return Kind::Hangul;
      return is_dense_script(c) ? Kind::Dense : Kind::Word;
    case UTF8PROC_CATEGORY_NL:
      return c == 0x3007 ? Kind::Dense : Kind::Word;
    case UTF8PROC_CATEGORY_ND:
      return Kind::Digit;
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_CF:
      return Kind::Blank;
    case UTF8PROC_CATEGORY_CC:
      return c == '\n' || c == '\t' || c == '\r' || c == '\f' || c == '\v' || c == 0x85 ? Kind::Blank : Kind::Mark;
    default:
      return Kind::Mark;
  }
}

// ASCII is folded and classed by table.
struct Ascii {
  std::array<Kind, 128> kind;
  std::array<char32_t, 128> folded;
};

constexpr Ascii make_ascii() {
  Ascii t{};
  for (char32_t c = 0; c < 128; ++c) {
    const bool upper = c >= 'A' && c <= 'Z', lower = c >= 'a' && c <= 'z', digit = c >= '0' && c <= '9';
    const bool blank = c == ' ' || (c >= '\t' && c <= '\r');
    t.kind[c] = upper || lower ? Kind::Word : digit ? Kind::Digit : blank ? Kind::Blank : Kind::Mark;
    t.folded[c] = upper ? c + 32 : c;
  }
  return t;
}
constexpr Ascii kAscii = make_ascii();

/// True when `c` may melt into the sign before it under NFKC: combining marks, Hangul vowels and finals, half-width
/// voicing marks, joiners.
bool joins(char32_t c) {
  if (c < 0x300) return false;
  if (between(c, 0x1160, 0x11FF) || between(c, 0xD7B0, 0xD7FB) || c == 0xFF9E || c == 0xFF9F) return true;
  if (between(c, 0xAC00, 0xD7A3) || between(c, 0x4E00, 0x9FFF)) return false;
  return utf8proc_get_property(static_cast<utf8proc_int32_t>(c))->combining_class != 0;
}

/// One sign with what joins it, through utf8proc.
void fold_slowly(std::string_view sign, uint32_t start, std::vector<Letter>& out) {
  utf8proc_uint8_t* folded = nullptr;
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT |
                                                      UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
  const auto size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(sign.data()),
                                 static_cast<utf8proc_ssize_t>(sign.size()), &folded, options);
  if (size < 0) throw Error(Code::Internal, std::string("analyze: utf8proc: ") + utf8proc_errmsg(size));
  const uint32_t end = start + static_cast<uint32_t>(sign.size());
  const std::string_view text(reinterpret_cast<const char*>(folded), static_cast<size_t>(size));
  for (size_t at = 0; at < text.size();) {
    const auto [code, length] = decode(text, at);
    out.push_back({code, code < 128 ? kAscii.kind[code] : kind_by_category(code), start, end});
    at += length;
  }
  free(folded);
}

}  // namespace

void read_letters(std::string_view text, std::vector<Letter>& out) {
  if (text.size() > UINT32_MAX) throw Error(Code::Invalid, "analyze: the text is over 4 GiB; split it into chunks");
  const size_t size = text.size();
  out.reserve(out.size() + size / 2 + 8);
  for (size_t at = 0; at < size;) {
    const auto start = static_cast<uint32_t>(at);
    const auto [code, length] = static_cast<unsigned char>(text[at]) < 128
                                    ? Decoded{static_cast<unsigned char>(text[at]), 1}
                                    : decode(text, at);
    at += length;
    // What joins starts with a byte >= 0xCC: looking at one byte settles nearly every sign.
    bool alone = at >= size || static_cast<unsigned char>(text[at]) < 0xCC;
    if (!alone) alone = !joins(decode(text, at).code);
    if (alone && code < 128) {
      out.push_back({kAscii.folded[code], kAscii.kind[code], start, start + 1});
    } else if (alone && between(code, 0xAC00, 0xD7A3)) {
      out.push_back({code, Kind::Hangul, start, start + length});
    } else if (code == kBadByte) {
      out.push_back({code, Kind::Mark, start, start + length});
    } else {
      for (int joined = 0; at < size && joined < kMostJoined; ++joined) {
        const Decoded next = decode(text, at);
        if (!joins(next.code)) break;
        at += next.length;
      }
      fold_slowly(text.substr(start, at - start), start, out);
    }
  }
}

void append_utf8(std::string& out, char32_t code) {
  const auto tail = [code](int shift) { return static_cast<char>(0x80 | (code >> shift & 0x3F)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out.append({static_cast<char>(0xC0 | code >> 6), tail(0)});
  } else if (code < 0x10000) {
    out.append({static_cast<char>(0xE0 | code >> 12), tail(6), tail(0)});
  } else if (code <= 0x10FFFF) {
    out.append({static_cast<char>(0xF0 | code >> 18), tail(12), tail(6), tail(0)});
  }
}

}  // namespace hanok::text::analysis
