#include "text/tokenizers/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <vector>

#include "hanok/error.h"

namespace hanok::text::unicode {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

struct Range {
  char32_t first, last;
};

template <size_t N>
bool within(const std::array<Range, N>& ranges, char32_t c) {
  for (const Range& r : ranges)
    if (c >= r.first && c <= r.last) return true;
  return false;
}

constexpr CategoryMask bit(utf8proc_category_t category) { return 1u << category; }

constexpr CategoryMask kLetter = bit(UTF8PROC_CATEGORY_LU) | bit(UTF8PROC_CATEGORY_LL) | bit(UTF8PROC_CATEGORY_LT) |
                                 bit(UTF8PROC_CATEGORY_LM) | bit(UTF8PROC_CATEGORY_LO);
constexpr CategoryMask kMark = bit(UTF8PROC_CATEGORY_MN) | bit(UTF8PROC_CATEGORY_MC) | bit(UTF8PROC_CATEGORY_ME);
constexpr CategoryMask kNumber = bit(UTF8PROC_CATEGORY_ND) | bit(UTF8PROC_CATEGORY_NL) | bit(UTF8PROC_CATEGORY_NO);
constexpr CategoryMask kPunctuation = bit(UTF8PROC_CATEGORY_PC) | bit(UTF8PROC_CATEGORY_PD) |
                                      bit(UTF8PROC_CATEGORY_PS) | bit(UTF8PROC_CATEGORY_PE) |
                                      bit(UTF8PROC_CATEGORY_PI) | bit(UTF8PROC_CATEGORY_PF) | bit(UTF8PROC_CATEGORY_PO);
constexpr CategoryMask kSymbol =
    bit(UTF8PROC_CATEGORY_SM) | bit(UTF8PROC_CATEGORY_SC) | bit(UTF8PROC_CATEGORY_SK) | bit(UTF8PROC_CATEGORY_SO);
constexpr CategoryMask kSeparator = bit(UTF8PROC_CATEGORY_ZS) | bit(UTF8PROC_CATEGORY_ZL) | bit(UTF8PROC_CATEGORY_ZP);
constexpr CategoryMask kOther = bit(UTF8PROC_CATEGORY_CC) | bit(UTF8PROC_CATEGORY_CF) | bit(UTF8PROC_CATEGORY_CO);

struct Named {
  std::string_view name;
  CategoryMask mask;
};
constexpr std::array<Named, 37> kNamed{{{"L", kLetter},
                                        {"M", kMark},
                                        {"N", kNumber},
                                        {"P", kPunctuation},
                                        {"S", kSymbol},
                                        {"Z", kSeparator},
                                        {"C", kOther | bit(UTF8PROC_CATEGORY_CN) | bit(UTF8PROC_CATEGORY_CS)},
                                        {"Lu", bit(UTF8PROC_CATEGORY_LU)},
                                        {"Ll", bit(UTF8PROC_CATEGORY_LL)},
                                        {"Lt", bit(UTF8PROC_CATEGORY_LT)},
                                        {"Lm", bit(UTF8PROC_CATEGORY_LM)},
                                        {"Lo", bit(UTF8PROC_CATEGORY_LO)},
                                        {"Mn", bit(UTF8PROC_CATEGORY_MN)},
                                        {"Mc", bit(UTF8PROC_CATEGORY_MC)},
                                        {"Me", bit(UTF8PROC_CATEGORY_ME)},
                                        {"Nd", bit(UTF8PROC_CATEGORY_ND)},
                                        {"Nl", bit(UTF8PROC_CATEGORY_NL)},
                                        {"No", bit(UTF8PROC_CATEGORY_NO)},
                                        {"Pc", bit(UTF8PROC_CATEGORY_PC)},
                                        {"Pd", bit(UTF8PROC_CATEGORY_PD)},
                                        {"Ps", bit(UTF8PROC_CATEGORY_PS)},
                                        {"Pe", bit(UTF8PROC_CATEGORY_PE)},
                                        {"Pi", bit(UTF8PROC_CATEGORY_PI)},
                                        {"Pf", bit(UTF8PROC_CATEGORY_PF)},
                                        {"Po", bit(UTF8PROC_CATEGORY_PO)},
                                        {"Sm", bit(UTF8PROC_CATEGORY_SM)},
                                        {"Sc", bit(UTF8PROC_CATEGORY_SC)},
                                        {"Sk", bit(UTF8PROC_CATEGORY_SK)},
                                        {"So", bit(UTF8PROC_CATEGORY_SO)},
                                        {"Zs", bit(UTF8PROC_CATEGORY_ZS)},
                                        {"Zl", bit(UTF8PROC_CATEGORY_ZL)},
                                        {"Zp", bit(UTF8PROC_CATEGORY_ZP)},
                                        {"Cc", bit(UTF8PROC_CATEGORY_CC)},
                                        {"Cf", bit(UTF8PROC_CATEGORY_CF)},
                                        {"Cs", bit(UTF8PROC_CATEGORY_CS)},
                                        {"Co", bit(UTF8PROC_CATEGORY_CO)},
                                        {"Cn", bit(UTF8PROC_CATEGORY_CN)}}};

/// Length of the UTF-8 sequence at text[at] if it is whole and valid, else 0 and the length of its maximal valid part.
size_t sequence(std::string_view text, size_t at, size_t& bad) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  bad = 1;
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  unsigned char low = 0x80,
                high = 0xBF;  // of the second byte: no overlong forms, surrogates or code points past U+10FFFF
  if (lead == 0xE0) low = 0xA0;
  if (lead == 0xED) high = 0x9F;
  if (lead == 0xF0) low = 0x90;
  if (lead == 0xF4) high = 0x8F;
  for (size_t i = 1; i < length; ++i) {
    if (at + i >= text.size() || byte(at + i) < low || byte(at + i) > high) return bad = i, 0;
    low = 0x80, high = 0xBF;
  }
  return length;
}

int decomposition(Form form) {
  const int options = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE;
  if (form == Form::NfkcCasefold) return options | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD;
  return form == Form::Nfkc || form == Form::Nfkd ? options | UTF8PROC_COMPAT : options;
}

std::vector<utf8proc_int32_t> decompose(std::string_view text, int options) {
  std::vector<utf8proc_int32_t> points;
  points.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    std::array<utf8proc_int32_t, 32> parts;  // the longest decomposition of one code point has 18
    const auto c = static_cast<utf8proc_int32_t>(next(text, at));
    const auto n =
        utf8proc_decompose_char(c, parts.data(), parts.size(), static_cast<utf8proc_option_t>(options), nullptr);
    if (n < 0 || n > static_cast<utf8proc_ssize_t>(parts.size()))
      throw Error(Code::Internal, "Unicode normalisation: a code point decomposes into more than 32");
    points.insert(points.end(), parts.begin(), parts.begin() + n);
  }
  return points;
}

/// Canonical order of combining marks. utf8proc's own ordering takes quadratic time on a long run of marks; this does
/// not.
void order_marks(std::vector<utf8proc_int32_t>& points) {
  const auto rank = [](utf8proc_int32_t c) { return c < 0x300 ? 0 : utf8proc_get_property(c)->combining_class; };
  for (size_t begin = 0; begin < points.size(); ++begin) {
    if (rank(points[begin]) == 0) continue;
    size_t end = begin + 1;
    while (end < points.size() && rank(points[end]) != 0) ++end;
    std::stable_sort(points.begin() + static_cast<std::ptrdiff_t>(begin),
                     points.begin() + static_cast<std::ptrdiff_t>(end),
                     [&](auto a, auto b) { return rank(a) < rank(b); });
    begin = end;
  }
}

}  // namespace

size_t length_of(unsigned char lead) { return lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4; }

char32_t next(std::string_view text, size_t& at) {
  const unsigned char lead = static_cast<unsigned char>(text[at]);
  if (lead < 0x80) return ++at, lead;
  size_t bad = 1;
  const size_t length = sequence(text, at, bad);
  if (length == 0) return at += bad, kReplacement;
  char32_t c = lead & (0x7F >> length);
  for (size_t i = 1; i < length; ++i) c = c << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3F);
  at += length;
  return c;
}

size_t previous(std::string_view text, size_t end) {
  size_t at = end - 1;
  for (int i = 0; i < 3 && at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80; ++i) --at;
  return at;
}

void append(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

bool is_valid(std::string_view text) {
  size_t bad = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t length = sequence(text, at, bad);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

std::string to_valid(std::string_view text) {
  if (is_valid(text)) return std::string(text);
  std::string out;
  for (size_t at = 0; at < text.size();) append(out, next(text, at));
  return out;
}

CategoryMask category_bit(char32_t c) { return 1u << utf8proc_category(static_cast<utf8proc_int32_t>(c)); }

CategoryMask category_mask(std::string_view name) {
  for (const Named& n : kNamed)
    if (n.name == name) return n.mask;
  return 0;
}

bool is_white_space(char32_t c) {
  if (c < 0x80) return c == ' ' || (c >= 9 && c <= 13);
  static constexpr std::array<Range, 8> kSpaces{{{0x85, 0x85},
                                                 {0xA0, 0xA0},
                                                 {0x1680, 0x1680},
                                                 {0x2000, 0x200A},
                                                 {0x2028, 0x2029},
                                                 {0x202F, 0x202F},
                                                 {0x205F, 0x205F},
                                                 {0x3000, 0x3000}}};
  return within(kSpaces, c);
}

bool is_punctuation(char32_t c) { return category_bit(c) & kPunctuation; }
bool is_other(char32_t c) { return category_bit(c) & kOther; }
bool is_nonspacing_mark(char32_t c) { return c >= 0x300 && (category_bit(c) & bit(UTF8PROC_CATEGORY_MN)); }
bool is_mark(char32_t c) { return c >= 0x300 && (category_bit(c) & kMark); }
bool is_numeric(char32_t c) { return category_bit(c) & kNumber; }

bool is_word(char32_t c) {
  constexpr CategoryMask kWord =
      kLetter | kMark | bit(UTF8PROC_CATEGORY_ND) | bit(UTF8PROC_CATEGORY_NL) | bit(UTF8PROC_CATEGORY_PC);
  static constexpr std::array<Range, 5> kMore{{{0x200C, 0x200D},  // joiners
                                               {0x24B6, 0x24E9},  // circled letters are alphabetic symbols
                                               {0x1F130, 0x1F149},
                                               {0x1F150, 0x1F169},
                                               {0x1F170, 0x1F189}}};
  return (category_bit(c) & kWord) || within(kMore, c);
}

bool is_han(char32_t c) {
  static constexpr std::array<Range, 20> kHan{
      {{0x2E80, 0x2E99},   {0x2E9B, 0x2EF3},   {0x2F00, 0x2FD5},   {0x3005, 0x3005},   {0x3007, 0x3007},
       {0x3021, 0x3029},   {0x3038, 0x303B},   {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xF900, 0xFA6D},
       {0xFA70, 0xFAD9},   {0x16FE2, 0x16FE3}, {0x16FF0, 0x16FF1}, {0x20000, 0x2A6DF}, {0x2A700, 0x2B739},
       {0x2B740, 0x2B81D}, {0x2B820, 0x2CEA1}, {0x2CEB0, 0x2EBE0}, {0x2F800, 0x2FA1D}, {0x30000, 0x323AF}}};
  return within(kHan, c);
}

bool is_bert_ideograph(char32_t c) {
  static constexpr std::array<Range, 8> kBlocks{{{0x4E00, 0x9FFF},
                                                 {0x3400, 0x4DBF},
                                                 {0x20000, 0x2A6DF},
                                                 {0x2A700, 0x2B73F},
                                                 {0x2B740, 0x2B81F},
                                                 {0x2B920, 0x2CEAF},
                                                 {0xF900, 0xFAFF},
                                                 {0x2F800, 0x2FA1F}}};
  return c >= 0x3400 && within(kBlocks, c);
}

void append_lower(std::string& out, char32_t c) {
  if (c == 0x130) {
    out += "i\xCC\x87";
    return;
  }
  append(out, c < 0x80 ? (c >= 'A' && c <= 'Z' ? c + 32 : c)
                       : static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))));
}

char32_t upper(char32_t c) { return static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(c))); }

char32_t fold(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  const auto up = utf8proc_toupper(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
  return static_cast<char32_t>(utf8proc_tolower(up));
}

std::string normalize(std::string_view text, Form form) {
  bool ascii = true;
  for (const char c : text) ascii &= static_cast<unsigned char>(c) < 0x80;
  if (ascii && form != Form::NfkcCasefold) return std::string(text);
  std::vector<utf8proc_int32_t> points = decompose(text, decomposition(form));
  order_marks(points);
  auto n = static_cast<utf8proc_ssize_t>(points.size());
  if (form != Form::Nfd && form != Form::Nfkd)
    n = utf8proc_normalize_utf32(points.data(), n, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  std::string out;
  out.reserve(text.size());
  for (utf8proc_ssize_t i = 0; i < n; ++i) append(out, static_cast<char32_t>(points[static_cast<size_t>(i)]));
  return out;
}

bool grapheme_break(char32_t a, char32_t b, int32_t& state) {
  // Nearly all neighbours in real text: settled without the tables. Nothing below U+0600 joins what comes after it,
  // nothing below U+0300 joins what is before it (but CR LF), and whole syllables and ideographs stand alone.
  const auto plain = [](char32_t c) { return (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0x30A0 && c <= 0x9FFF); };
  if ((a < 0x300 && b < 0x300 && a != '\r' && a != 0xA9 && a != 0xAD && b != 0xAD) || (plain(a) && plain(b))) {
    state = 0;
    return true;
  }
  return utf8proc_grapheme_break_stateful(static_cast<utf8proc_int32_t>(a), static_cast<utf8proc_int32_t>(b), &state);
}

}  // namespace hanok::text::unicode
