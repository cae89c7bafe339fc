// Numbers learned by chain::calibrate() (chain/eval/calibrate.h) on the even articles of XQuAD-en and KorQuAD
// (docs/how-answers-work.md).
#pragma once

#include <array>

#include "chain/answer/evidence.h"

namespace hanok::chain::answer {

/// By SentenceFeature: how much each speaks for a sentence.
inline constexpr SentenceFeatures kSentenceWeights = {4.64,   3.26,  2.38,  3.03,  1.97,  1.32, 0.517, 0, -0.14,
                                                      -0.658, 0.174, 0.271, 0.403, 0.574, -2,   3.36,  0};
inline constexpr SentenceFeatures kSentenceWeightsWithMeaning = {
    4.64, 3.26, 2.38, 3.03, 1.97, 1.32, 0.517, 0, -0.14, -0.658, 0.174, 0.271, 0.403, 0.574, -2, 3.36, 2};

/// By the order of confidence_features, the constant last.
using ConfidenceWeights = std::array<double, 21>;
inline constexpr ConfidenceWeights kConfidence = {0.00774, 0.306,   1.8,   2.38,  0.174, 0.0684, -0.228,
                                                  0.259,   0.94,    -1.31, 1.41,  1.7,   1.69,   0.132,
                                                  4.84,    -0.0596, 1.42,  -1.24, 0,     0,      -7.23};
inline constexpr ConfidenceWeights kConfidenceWithMeaning = kConfidence;

}  // namespace hanok::chain::answer
