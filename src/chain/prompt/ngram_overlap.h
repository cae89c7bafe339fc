// How many n-grams a text has in common with another: BLEU (Papineni et al. 2002).
#pragma once

#include <string_view>

namespace hanok::chain {

/// BLEU of `text` against one reference, words parted by blanks, n-grams of one to four words (to as many as the text
/// has, where it has fewer), all of the same weight. An n-gram precision of 0 counts as .1 matches (Chen and Cherry
/// 2014, method 1); without a common word it is 0. 0 to 1.
double ngram_overlap(std::string_view text, std::string_view reference);

}  // namespace hanok::chain
