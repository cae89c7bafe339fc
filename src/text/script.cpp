// Which script a text is written in, by counting its letters.
#include <algorithm>
#include <array>
#include <iterator>

#include "hanok/text.h"
#include "text/utf8.h"

namespace hanok::text {
namespace {

// Of the letters. Korean and Japanese sentences hold foreign names and terms, and Japanese ones more Han than Kana;
// texts in other languages hardly ever quote this much.
constexpr double kOwnShare = 0.2;

struct Range {
  uint32_t first, last;
  Script script;
};

// Letters alone (a few marks among them do no harm), ascending.
constexpr Range kRanges[] = {
    {0x41, 0x5A, Script::Latin},        {0x61, 0x7A, Script::Latin},          {0xC0, 0x24F, Script::Latin},
    {0x370, 0x3FF, Script::Greek},      {0x400, 0x52F, Script::Cyrillic},     {0x590, 0x5FF, Script::Hebrew},
    {0x600, 0x6FF, Script::Arabic},     {0x750, 0x77F, Script::Arabic},       {0x8A0, 0x8FF, Script::Arabic},
    {0x900, 0x97F, Script::Devanagari}, {0xE00, 0xE7F, Script::Thai},         {0x1E00, 0x1EFF, Script::Latin},
    {0x1F00, 0x1FFF, Script::Greek},    {0xA8E0, 0xA8FF, Script::Devanagari}, {0xFB1D, 0xFB4F, Script::Hebrew},
    {0xFB50, 0xFDFF, Script::Arabic},   {0xFE70, 0xFEFF, Script::Arabic},     {0xFF21, 0xFF3A, Script::Latin},
    {0xFF41, 0xFF5A, Script::Latin},
};

Script script_of_letter(uint32_t c) {
  if (is_hangul(c)) return Script::Hangul;
  if (is_kana(c)) return Script::Kana;
  if (is_han(c)) return Script::Han;
  const auto after = std::upper_bound(std::begin(kRanges), std::end(kRanges), c,
                                      [](uint32_t code, const Range& range) { return code < range.first; });
  if (after == std::begin(kRanges)) return Script::Other;
  const Range& range = *std::prev(after);
  return c <= range.last ? range.script : Script::Other;
}

}  // namespace

Script script_of(std::string_view text) {
  std::array<size_t, kScripts> count{};
  size_t letters = 0;
  for (size_t i = 0; i < text.size();) {
    const Script script = script_of_letter(next_code_point(text, i));
    if (script == Script::Other) continue;
    ++count[static_cast<size_t>(script)];
    ++letters;
  }
  if (letters == 0) return Script::Other;
  for (const Script own : {Script::Hangul, Script::Kana})
    if (static_cast<double>(count[static_cast<size_t>(own)]) >= kOwnShare * static_cast<double>(letters)) return own;
  return static_cast<Script>(std::max_element(count.begin(), count.end()) - count.begin());
}

std::string_view script_name(Script script) {
  constexpr std::string_view kNames[kScripts] = {"other", "latin",  "hangul", "kana",       "han", "cyrillic",
                                                 "greek", "arabic", "hebrew", "devanagari", "thai"};
  return kNames[static_cast<size_t>(script)];
}

}  // namespace hanok::text
