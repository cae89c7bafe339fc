#include "text/charset.h"

#include <iconv.h>
#include <uchardet.h>
#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "base/ascii.h"
#include "text/utf8.h"

namespace hanok::text {
namespace {

struct Mark {
  std::string_view bytes, charset;
};
// UTF-32LE begins like UTF-16LE: the longer one first.
constexpr std::array<Mark, 5> kMarks{{{"\xEF\xBB\xBF", "UTF-8"},
                                      {{"\xFF\xFE\0\0", 4}, "UTF-32LE"},
                                      {{"\0\0\xFE\xFF", 4}, "UTF-32BE"},
                                      {"\xFF\xFE", "UTF-16LE"},
                                      {"\xFE\xFF", "UTF-16BE"}}};

struct Alias {
  std::string_view name, iconv;
};
// Names as found in the wild (upper case) -> the superset that browsers use for them (WHATWG Encoding, "names and
// labels").
constexpr std::array<Alias, 16> kAliases{{{"EUC-KR", "CP949"},
                                          {"KS_C_5601-1987", "CP949"},
                                          {"KS_C_5601-1989", "CP949"},
                                          {"KSC5601", "CP949"},
                                          {"UHC", "CP949"},
                                          {"MS949", "CP949"},
                                          {"WINDOWS-949", "CP949"},
                                          {"ISO-8859-1", "WINDOWS-1252"},
                                          {"LATIN1", "WINDOWS-1252"},
                                          {"US-ASCII", "WINDOWS-1252"},
                                          {"ASCII", "WINDOWS-1252"},
                                          {"GB2312", "GB18030"},
                                          {"GBK", "GB18030"},
                                          {"SHIFT_JIS", "CP932"},
                                          {"SJIS", "CP932"},
                                          {"UTF8", "UTF-8"}}};

std::string iconv_name(std::string_view name) {
  std::string upper;
  for (const char c : name) {
    // iconv reads "//TRANSLIT" and the like as options: a hostile header may not set them.
    if (static_cast<unsigned char>(c) <= ' ' || c == '/' || c == '"' || c == '\'') continue;
    upper.push_back(base::upper(c));
  }
  for (const auto& alias : kAliases)
    if (alias.name == upper) return std::string(alias.iconv);
  return upper;
}

struct Counts {
  size_t good = 0;  // well-formed sequences of more than one byte
  size_t bad = 0;
};

Counts count_utf8(std::string_view bytes) {
  Counts n;
  for (size_t i = 0; i < bytes.size();) {
    const uint32_t c = next_code_point(bytes, i);
    n.bad += c == kBadByte;
    n.good += c != kBadByte && c >= 0x80;
  }
  return n;
}

// One broken byte to ten signs is a damaged UTF-8 file; other charsets give almost no well-formed sequence.
constexpr size_t kGoodPerBad = 10;

// Latin text in UTF-16 has a NUL in nearly every other byte.
std::string latin_utf16(std::string_view bytes) {
  if (bytes.size() < 4 || bytes.size() % 2 != 0) return {};
  size_t even = 0, odd = 0;
  for (size_t i = 0; i < bytes.size(); i += 2) even += bytes[i] == 0, odd += bytes[i + 1] == 0;
  const size_t units = bytes.size() / 2;
  if (odd * 10 >= units * 7 && even * 20 <= units) return "UTF-16LE";
  if (even * 10 >= units * 7 && odd * 20 <= units) return "UTF-16BE";
  return {};
}

bool common_sign(uint32_t c) {
  return (c >= 0x20 && c < 0x7F) || c == '\n' || c == '\r' || c == '\t' || (c >= 0xA0 && c < 0x250) ||
         (c >= 0x370 && c < 0x460) || (c >= 0x2010 && c < 0x2040) || (c >= 0x3000 && c < 0x3100) ||
         is_hangul_syllable(c) || (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0xFF00 && c < 0xFF5F);
}

bool nearly_all_common(std::string_view text) {
  size_t all = 0, common = 0;
  for (size_t i = 0; i < text.size(); ++all) common += common_sign(next_code_point(text, i));
  return common * 20 >= all * 19;
}

// Korean text in UTF-16 has NULs only around blanks, digits and line ends, but it has those.
std::optional<Decoded> other_utf16(std::string_view bytes) {
  if (bytes.size() % 2 != 0 || bytes.find('\0') == bytes.npos) return std::nullopt;
  for (const char* charset : {"UTF-16LE", "UTF-16BE"})
    if (auto text = convert(bytes, charset); text && nearly_all_common(*text)) return Decoded{*text, charset};
  return std::nullopt;
}

// GB2312 and EUC-JP text decodes as CP949 too, but into Hanja, jamo and at most two thirds of syllables.
bool mostly_syllables(std::string_view text) {
  size_t letters = 0, syllables = 0;
  for (size_t i = 0; i < text.size();) {
    const uint32_t c = next_code_point(text, i);
    if (c < 0x80) continue;
    const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
    letters += category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;
    syllables += is_hangul_syllable(c);
  }
  return syllables > 0 && syllables * 10 >= letters * 8;
}

std::string guess(std::string_view bytes) {
  const std::unique_ptr<uchardet, decltype(&uchardet_delete)> detector(uchardet_new(), &uchardet_delete);
  constexpr size_t kEnough = 1 << 20;  // more does not change its mind
  const std::string_view head = bytes.substr(0, kEnough);
  if (uchardet_handle_data(detector.get(), head.data(), head.size()) != 0) return {};
  uchardet_data_end(detector.get());
  return iconv_name(uchardet_get_charset(detector.get()));
}

bool mostly_ascii(std::string_view bytes) {
  const auto high = std::count_if(bytes.begin(), bytes.end(), [](char c) { return (c & 0x80) != 0; });
  return static_cast<size_t>(high) * 3 <= bytes.size();
}

}  // namespace

std::optional<std::string> convert(std::string_view bytes, const std::string& charset) {
  if (charset == "UTF-8") return valid_utf8(bytes) ? std::optional<std::string>(bytes) : std::nullopt;
  if (charset.empty()) return std::nullopt;
  const iconv_t handle = iconv_open("UTF-8", charset.c_str());
  if (handle == reinterpret_cast<iconv_t>(-1)) return std::nullopt;
  const std::unique_ptr<void, decltype(&iconv_close)> owner(handle, &iconv_close);
  std::string out;
  std::array<char, 1 << 14> buffer;
  char* in = const_cast<char*>(bytes.data());
  size_t left = bytes.size();
  for (;;) {
    char* to = buffer.data();
    size_t room = buffer.size();
    const bool failed = iconv(handle, left ? &in : nullptr, &left, &to, &room) == static_cast<size_t>(-1);
    const int why = errno;
    out.append(buffer.data(), buffer.size() - room);
    if (failed && why == EILSEQ) return std::nullopt;
    if (failed && why == EINVAL) return append_utf8(out, kReplacement), out;
    if (!failed && left == 0) return out;
  }
}

std::optional<Decoded> to_utf8(std::string_view bytes, std::string_view declared) {
  for (const auto& mark : kMarks) {
    if (!bytes.starts_with(mark.bytes)) continue;
    const std::string_view rest = bytes.substr(mark.bytes.size());
    if (mark.charset == "UTF-8") return Decoded{replace_invalid(rest), "UTF-8"};
    if (auto text = convert(rest, std::string(mark.charset))) return Decoded{*text, std::string(mark.charset)};
  }
  // A declaration that can be read byte by byte shows that the text is not in UTF-16 (WHATWG HTML, "prescan").
  if (const std::string name = iconv_name(declared);
      !name.empty() && !name.starts_with("UTF-16") && !name.starts_with("UTF-32"))
    if (auto text = convert(bytes, name)) return Decoded{*text, name};
  if (const std::string name = latin_utf16(bytes); !name.empty())
    if (auto text = convert(bytes, name)) return Decoded{*text, name};
  const Counts counts = count_utf8(bytes);
  if (counts.bad == 0) return Decoded{std::string(bytes), "UTF-8"};
  if (counts.good >= counts.bad * kGoodPerBad) return Decoded{replace_invalid(bytes), "UTF-8"};
  if (auto found = other_utf16(bytes)) return found;
  if (auto text = convert(bytes, "CP949"); text && mostly_syllables(*text)) return Decoded{*text, "CP949"};
  for (const std::string& name : {guess(bytes), std::string(mostly_ascii(bytes) ? "WINDOWS-1252" : "")})
    if (auto text = convert(bytes, name)) return Decoded{*text, name};
  return std::nullopt;
}

}  // namespace hanok::text
