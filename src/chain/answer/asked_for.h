// Reads what a question asks for in its own words.
#pragma once

#include <string_view>

#include "chain/answer/question.h"

namespace hanok::chain::answer {

/// Of a question whose terms have been read.
AskedFor read_asked_for(const Question& question);

/// "which", "어느", "몇": a word that asks, in lower case, and as a Korean word begins with it.
bool asks(std::string_view word);

/// The last letter of a text in UTF-8: a syllable, in Korean.
std::string_view last_letter(std::string_view text);

}  // namespace hanok::chain::answer
