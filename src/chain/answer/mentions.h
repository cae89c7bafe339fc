// Candidates for a short answer inside a sentence: numbers, dates, names, quoted titles, noun phrases.
#pragma once

#include <string_view>
#include <vector>

#include "chain/answer/question.h"

namespace hanok::chain::answer {

/// A word of a sentence: what stands between blanks, without the punctuation around it and, in Korean, its particle.
struct Word {
  text::Span span;         // the core: "학생회관", "308"
  text::Span full;         // with particle and punctuation: "학생회관에서,"
  std::string_view after;  // what follows the core inside full, before punctuation: "에서"
  bool asked = false;      // (mostly) in the question
  bool number = false, money = false, year = false, month = false, capital = false, stop = false;
  bool breaks_after = false;  // a comma, bracket or the like stands between this word and the next
  bool breaks_before = false;
};

std::vector<Word> words_of(std::string_view sentence, const Question& question);

/// True when the sentence has something of the kind that the question asks for and does not itself say; where the
/// question says what it measures in, a quantity of that measure. A table's row is given with its columns (shown).
bool holds_kind(std::string_view sentence, const Question& question);
bool is_kind(const Word& word, Asks asks);

}  // namespace hanok::chain::answer
