// Numbers learned on the even articles of XQuAD-en and KorQuAD (docs/how-answers-work.md). The first line of each file
// says which command wrote it.
#pragma once

#include <array>

#include "chain/answer/evidence.h"
#include "chain/answer/foreign.h"
#include "chain/answer/key_words.h"

namespace hanok::chain::answer {

/// One row for each language and for words alone or meaning beside them: what speaks for an answer differs between
/// them.
enum Row : size_t { kEnglish, kKorean, kEnglishMeaning, kKoreanMeaning, kRows };
inline Row row_of(bool korean, bool meaning) {
  return korean ? (meaning ? kKoreanMeaning : kKorean) : (meaning ? kEnglishMeaning : kEnglish);
}

/// By SentenceFeature: how much each speaks for a sentence.
inline constexpr std::array<SentenceFeatures, kRows> kSentenceWeights = {{
#include "chain/answer/sentence_weights_words.inc"
//
#include "chain/answer/sentence_weights_meaning.inc"
}};

/// By the order of confidence_features, the constant last.
inline constexpr size_t kConfidenceFeatures = 2 * (33 + kMissingFeatures + 2);
using ConfidenceWeights = std::array<double, kConfidenceFeatures + 1>;
inline constexpr std::array<ConfidenceWeights, kRows> kConfidence = {{
#include "chain/answer/confidence_words.inc"
//
#include "chain/answer/confidence_meaning.inc"
}};

/// Of sentences in another language than the question, by ForeignFeature; then of the confidence in the best of them,
/// by the order of foreign_confidence_features, the constant last.
inline constexpr std::array<double, kForeignFeatures + kForeignConfidenceFeatures + 1> kForeignWeights =
#include "chain/answer/foreign_weights.inc"
    ;

}  // namespace hanok::chain::answer
