// Korean particles (josa), endings of verbs made from nouns, and question words: by rule, without a dictionary.
#pragma once

#include <cstddef>
#include <span>

#include "text/analysis/letters.h"

namespace hanok::text::analysis {

/// How many syllables of a written word (eojeol) are left when its ending is taken off: the longest ending known that
/// leaves at least one. 학교에서는 -> 2 (학교), 연구하는 -> 2 (연구). A noun that only looks as if it had one (사과,
/// 나이) loses a syllable too; it does so in passages and in queries, and its bigrams stay whole.
size_t without_ending(std::span<const Letter> word);

/// The place in `word` from which it only asks: 무엇인가 -> 0, 사람은누구인가 -> 3; word.size() where it does not ask.
size_t question_begin(std::span<const Letter> word);

}  // namespace hanok::text::analysis
