// What a question asks for in its own words: finer than Asks, for the short answer alone.
#pragma once

#include <string>
#include <string_view>

#include "chain/answer/question.h"

namespace hanok::chain::answer {

struct AskedFor {
  std::string word = "none";  // the asking word: "which", "어떤", "누구"; none for "…한 정당은?"
  std::string head;  // the noun asked for: "team" of "Which team …", "정당" of "…한 정당은?"; empty where unclear
};

AskedFor read_asked_for(const Question& question);

/// The last letter of a text in UTF-8: a syllable, in Korean.
std::string_view last_letter(std::string_view text);

}  // namespace hanok::chain::answer
