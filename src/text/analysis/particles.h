// Korean particles (josa) and question words, by rule and without a dictionary.
#pragma once

#include <cstddef>
#include <span>

#include "text/analysis/letters.h"

namespace hanok::text::analysis {

/// How many syllables of a written word (eojeol) are left when its particles are taken off: at least `keep`.
/// 학교에서는 -> 2 (학교). A word that ends like a particle loses that ending too (나이 -> 나이 only with keep = 2).
size_t without_particles(std::span<const Letter> word, size_t keep);

/// How many syllables at the end of `word` only ask: 누구인가 -> 4, 무엇이라고하는가 -> 8; 0 for none.
size_t question_tail(std::span<const Letter> word);

}  // namespace hanok::text::analysis
