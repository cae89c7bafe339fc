// Latin letters back to Hangul: what a romanised Korean name may have been.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hanok::text::analysis {

/// Ways to read a Latin word as `least` to `most` Hangul syllables: by the Revised Romanization (2000), by
/// McCune-Reischauer without its marks, and as people spell their names (Young 영, Hyun 현, Woo 우, Park 박). Not case
/// sensitive; sorted; at most some hundred, a word with more readings has none. Also Japanese names come out as Korean
/// writes them (Hirohito 히로히토). Empty for what is no such word, and for more than 24 letters.
std::vector<std::string> hangul_readings(std::string_view word, size_t least, size_t most);

/// A surname alone, by its usual spellings first (Lee 이, Choi 최), else as any syllable.
std::vector<std::string> surname_readings(std::string_view word);
/// Whether the word is a usual spelling of a Korean surname.
bool is_korean_surname(std::string_view word);

/// A name in a text and what it may be in Hangul.
struct RomanisedName {
  std::string name;                   // as it stands there
  std::vector<std::string> readings;  // of two syllables and more
};

/// Capitalised words and words of syllables joined by hyphens, with the surname before or after them: "Kim Young-sam",
/// "Kim Young Sam", "Young-sam Kim", "Busan". A reading says only what the letters may stand for: most have none that
/// is a word, and whoever asks has to look which are.
std::vector<RomanisedName> romanised_names(std::string_view text);

}  // namespace hanok::text::analysis
