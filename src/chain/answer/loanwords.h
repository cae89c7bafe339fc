// Words that two languages share by sound: 테슬라 and Tesla. Compared by their consonants alone, since vowels change
// and Korean puts one after every consonant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chain/answer/question.h"

namespace hanok::chain::answer {

/// The consonants of a word in Hangul or Latin letters as classes that both share, one letter each: p (b, f, v), t (d),
/// k (g), s, j (ch, z), n (ng), m, l (r before a vowel; with every_r any r, as in 노르만). "테슬라" and "Tesla" are
/// tsl. Empty for other scripts.
std::string sound_of(std::string_view word, bool every_r = false);

/// The words of a text that may be names or loanwords.
class Sounds {
 public:
  /// words: as words_of() gives them for this text; the question is only what that needs.
  Sounds(std::string_view text, const Question& question);
  /// How many of these words sound like one of those.
  size_t shared_with(const Sounds& others) const;

 private:
  struct Sound {
    std::string consonants, with_every_r;
    bool name = false;  // in Hangul, where names cannot be told, or with a capital letter
  };
  static bool alike(const Sound& a, const Sound& b);
  std::vector<Sound> sounds_;
};

}  // namespace hanok::chain::answer
