#include "text/analysis/hangul_readings.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "base/ascii.h"
#include "text/utf8.h"

namespace hanok::text::analysis {
namespace {

constexpr size_t kLongestWord = 24;
constexpr size_t kLongestSyllable = 7;  // kkyeong
constexpr size_t kMostReadings = 256;
constexpr size_t kMostSyllables = 5;  // of a single word: Nagasaki, Hirohito
constexpr size_t kShortestName = 4;   // letters of a word without hyphen; shorter ones are mostly English

// How letters stand for the parts of a syllable (Unicode 15, 3.12: initial * 588 + vowel * 28 + final). A spelling that
// stands for two has two rows.
struct Part {
  std::string_view letters;
  int index;
};

constexpr Part kInitials[] = {
    {"kk", 1}, {"k", 0}, {"k", 15},  {"g", 0},  {"n", 2},   {"dd", 4},  {"d", 3},  {"tt", 4}, {"t", 3}, {"t", 16},
    {"r", 5},  {"l", 5}, {"l", 11},  {"m", 6},  {"pp", 8},  {"p", 7},   {"p", 17}, {"bb", 8}, {"b", 7}, {"ss", 10},
    {"sh", 9}, {"s", 9}, {"jj", 13}, {"j", 12}, {"ch", 14}, {"ch", 12}, {"h", 18}, {"", 11},
};

constexpr Part kVowels[] = {
    {"a", 0},   {"ah", 0},  {"ae", 1},   {"ai", 1},  {"ya", 2},  {"yae", 3},  {"eo", 4},  {"u", 13},
    {"u", 4},   {"uh", 4},  {"e", 5},    {"ei", 5},  {"ey", 5},  {"yeo", 6},  {"you", 6}, {"you", 17},
    {"yu", 17}, {"yu", 6},  {"ye", 7},   {"o", 8},   {"o", 4},   {"oh", 8},   {"wa", 9},  {"wae", 10},
    {"oe", 11}, {"oi", 11}, {"yo", 12},  {"oo", 13}, {"ou", 13}, {"woo", 13}, {"wo", 14}, {"weo", 14},
    {"we", 15}, {"wi", 16}, {"yoo", 17}, {"eu", 18}, {"ui", 19}, {"i", 20},   {"ee", 20}, {"yi", 20},
};

constexpr Part kFinals[] = {
    {"", 0},  {"k", 1}, {"g", 1},  {"n", 4},  {"d", 7},  {"t", 7},   {"t", 19},
    {"l", 8}, {"r", 8}, {"m", 16}, {"p", 17}, {"b", 17}, {"ng", 21},
};

struct Surname {
  std::string_view latin, hangul;
};

// Spellings in use that the rows above do not give, or give among others.
constexpr Surname kSurnames[] = {
    {"ahn", "안"},   {"an", "안"},   {"bae", "배"},   {"baek", "백"}, {"ban", "반"},   {"cha", "차"},  {"chang", "장"},
    {"cho", "조"},   {"choe", "최"}, {"choi", "최"},  {"chun", "전"}, {"chung", "정"}, {"gang", "강"}, {"gim", "김"},
    {"go", "고"},    {"gu", "구"},   {"ha", "하"},    {"hahn", "한"}, {"han", "한"},   {"heo", "허"},  {"hong", "홍"},
    {"huh", "허"},   {"hur", "허"},  {"hwang", "황"}, {"hyun", "현"}, {"im", "임"},    {"jang", "장"}, {"jeon", "전"},
    {"jeong", "정"}, {"jin", "진"},  {"jo", "조"},    {"joo", "주"},  {"ju", "주"},    {"jun", "전"},  {"jung", "정"},
    {"kang", "강"},  {"kim", "김"},  {"ko", "고"},    {"koo", "구"},  {"kwak", "곽"},  {"kwon", "권"}, {"lee", "이"},
    {"lim", "임"},   {"ma", "마"},   {"min", "민"},   {"moon", "문"}, {"mun", "문"},   {"na", "나"},   {"nam", "남"},
    {"no", "노"},    {"noh", "노"},  {"oh", "오"},    {"pak", "박"},  {"park", "박"},  {"rhee", "이"}, {"roh", "노"},
    {"ryu", "류"},   {"seo", "서"},  {"seok", "석"},  {"shin", "신"}, {"sim", "심"},   {"shim", "심"}, {"sin", "신"},
    {"sohn", "손"},  {"son", "손"},  {"song", "송"},  {"suh", "서"},  {"sung", "성"},  {"won", "원"},  {"woo", "우"},
    {"yang", "양"},  {"yeo", "여"},  {"yi", "이"},    {"yoo", "유"},  {"yoon", "윤"},  {"you", "유"},  {"youn", "윤"},
    {"yu", "유"},    {"yun", "윤"},
};

using base::is_letter;
using base::is_upper;
using base::lower;

/// All ways to read the whole of `letters` as one syllable.
std::vector<std::string> one_syllable(std::string_view letters) {
  std::vector<std::string> out;
  for (const Part& initial : kInitials) {
    if (!letters.starts_with(initial.letters)) continue;
    const auto rest = letters.substr(initial.letters.size());
    for (const Part& vowel : kVowels) {
      if (!rest.starts_with(vowel.letters)) continue;
      const auto end = rest.substr(vowel.letters.size());
      for (const Part& final : kFinals) {
        if (end != final.letters) continue;
        std::string syllable;
        append_utf8(syllable, static_cast<uint32_t>(0xAC00 + (initial.index * 21 + vowel.index) * 28 + final.index));
        out.push_back(std::move(syllable));
      }
    }
  }
  return out;
}

/// Every first part of `rest` that is a syllable, then the rest; stops when there are too many.
void extend(std::string_view rest, const std::string& read, size_t syllables, size_t least, size_t most,
            std::set<std::string>& out) {
  if (rest.empty()) {
    if (syllables >= least) out.insert(read);
    return;
  }
  if (syllables == most) return;
  for (size_t n = 1; n <= std::min(rest.size(), kLongestSyllable); ++n)
    for (const auto& syllable : one_syllable(rest.substr(0, n))) {
      if (out.size() > kMostReadings) return;
      extend(rest.substr(n), read + syllable, syllables + 1, least, most, out);
    }
}

std::vector<std::string> joined(const std::vector<std::string>& first, const std::vector<std::string>& second) {
  std::vector<std::string> out;
  if (first.size() * second.size() > kMostReadings) return out;
  for (const auto& a : first)
    for (const auto& b : second) out.push_back(a + b);
  return out;
}

struct Word {
  std::string_view text;  // letters, and hyphens between them
  bool follows = false;   // only a blank is between it and the word before
};

std::vector<Word> latin_words(std::string_view text) {
  std::vector<Word> out;
  for (size_t i = 0; i < text.size();) {
    if (!is_letter(text[i])) {
      ++i;
      continue;
    }
    size_t end = i;
    while (end < text.size() && (is_letter(text[end]) || (text[end] == '-' && end + 1 < text.size() &&
                                                          is_letter(text[end + 1]) && is_letter(text[end - 1]))))
      ++end;
    const bool follows =
        !out.empty() && i > 0 && text[i - 1] == ' ' && out.back().text.data() + out.back().text.size() == &text[i - 1];
    out.push_back({text.substr(i, end - i), follows});
    i = end;
  }
  return out;
}

bool capitalised(std::string_view word) {
  return word.size() > 1 && is_upper(word[0]) && std::none_of(word.begin() + 1, word.end(), is_upper);
}

/// "Young-sam" by its parts, each a syllable.
std::vector<std::string> hyphenated(std::string_view word) {
  std::vector<std::string> out = {""};
  for (size_t begin = 0; begin <= word.size();) {
    const size_t end = std::min(word.find('-', begin), word.size());
    out = joined(out, hangul_readings(word.substr(begin, end - begin), 1, 1));
    begin = end + 1;
  }
  return out;
}

}  // namespace

std::vector<std::string> hangul_readings(std::string_view word, size_t least, size_t most) {
  if (word.empty() || word.size() > kLongestWord || !std::all_of(word.begin(), word.end(), is_letter)) return {};
  std::set<std::string> out;
  extend(lower(word), "", 0, least, most, out);
  if (out.size() > kMostReadings) return {};
  return {out.begin(), out.end()};
}

bool is_korean_surname(std::string_view word) {
  const std::string small = lower(word);
  return std::any_of(std::begin(kSurnames), std::end(kSurnames), [&](const Surname& s) { return s.latin == small; });
}

std::vector<std::string> surname_readings(std::string_view word) {
  const std::string small = lower(word);
  for (const Surname& s : kSurnames)
    if (s.latin == small) return {std::string(s.hangul)};
  return hangul_readings(word, 1, 1);
}

std::vector<RomanisedName> romanised_names(std::string_view text) {
  std::vector<RomanisedName> out;
  const auto words = latin_words(text);
  const auto add = [&](std::string name, std::vector<std::string> readings) {
    std::sort(readings.begin(), readings.end());
    readings.erase(std::unique(readings.begin(), readings.end()), readings.end());
    if (!readings.empty()) out.push_back({std::move(name), std::move(readings)});
  };
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i].text;
    if (!is_upper(word[0])) continue;
    const bool before = i > 0 && words[i].follows && capitalised(words[i - 1].text);
    const bool after = i + 1 < words.size() && words[i + 1].follows && is_korean_surname(words[i + 1].text) &&
                       capitalised(words[i + 1].text);
    std::vector<std::string> given;
    if (word.find('-') != std::string_view::npos) {
      given = hyphenated(word);
    } else if (before && is_korean_surname(words[i - 1].text)) {
      given = hangul_readings(word, 2, 2);                                                   // Kim Youngsam
      if (i + 1 < words.size() && words[i + 1].follows && capitalised(words[i + 1].text)) {  // Kim Young Sam
        const auto two = joined(hangul_readings(word, 1, 1), hangul_readings(words[i + 1].text, 1, 1));
        given.insert(given.end(), two.begin(), two.end());
      }
    }
    if (!given.empty()) {
      if (before)
        add(std::string(words[i - 1].text) + " " + std::string(word),
            joined(surname_readings(words[i - 1].text), given));
      if (after)
        add(std::string(word) + " " + std::string(words[i + 1].text),
            joined(surname_readings(words[i + 1].text), given));
      if (!before && !after) add(std::string(word), given);
    } else if (capitalised(word) && word.size() >= kShortestName) {
      add(std::string(word), hangul_readings(word, 2, kMostSyllables));
    }
  }
  return out;
}

}  // namespace hanok::text::analysis
