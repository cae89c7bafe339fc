// Whose place another word has: "the Busan branch" is asked about, and the passage has "the Daejeon branch".
#pragma once

#include <array>
#include <string_view>

#include "chain/answer/question.h"

namespace hanok::chain::answer {

/// What stands where a word of the question that the passage lacks would stand, beside the word before or after it in
/// the question; 1 where it is so, else 0. A filler in the same case has the same particle (in English there is none).
enum Filler : size_t {
  kFillerBefore,            // in the same case, before the question's next word, in the passage
  kFillerBeforeInSentence,  // ... in the sentence
  kFillerAfter,             // in the same case, after the question's word before it, in the passage
  kFillerAfterInSentence,
  kFillerAnyCase,  // beside either, in any case, in the passage
  kFillerAnyCaseInSentence,
  kFillerNumber,  // the sentence has another number of as many digits; .3 where it may be what is asked for, or has
                  // none
  kFillerName,    // a name or number of the question has another name or number in its place, in the sentence
  kFillers
};
using Fillers = std::array<double, kFillers>;

/// True where the sentence is surely about another than the question: another day or month, another number of a code
/// (K-100 for K-400), another letter of a label (building C for D), or another word beside the same one (apple trees
/// for pear trees) where the question's own stands in no passage of the collection; or where the amount asked for is of
/// something that stands in none. A rule beside the learned numbers: on a small folder such a question shares nearly
/// all its words with the sentence.
bool another_in_its_place(const Question& question, std::string_view sentence, std::string_view passage);

/// sentence: with what it stands under; passage: with its headings, title and file name.
Fillers fillers(const Question& question, std::string_view sentence, std::string_view passage);

}  // namespace hanok::chain::answer
