// Numbers learned by `hanok eval answers --calibrate` on one half of XQuAD-en and KorQuAD (docs/how-answers-work.md).
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
inline constexpr ConfidenceWeights kConfidence = {0.202, 0.803,  2.1,   1.73,  0.136, -0.00947, -0.0434,
                                                  0.342, 1.12,   -1.65, 1.7,   1.39,  2.02,     -0.123,
                                                  4.49,  -0.392, 0.507, 0.345, 0,     0,        -7.33};
inline constexpr ConfidenceWeights kConfidenceWithMeaning = kConfidence;

}  // namespace hanok::chain::answer
