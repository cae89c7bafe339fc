// Numbers learned by chain::calibrate() (chain/eval/calibrate.h) on the even articles of XQuAD-en and KorQuAD
// (docs/how-answers-work.md).
#pragma once

#include <array>

#include "chain/answer/evidence.h"

namespace hanok::chain::answer {

/// By SentenceFeature: how much each speaks for a sentence.
inline constexpr SentenceFeatures kSentenceWeights = {4.84,   2.73,   2.49,   2.77,  2.55,   -0.293, 1.03, 0, -0.642,
                                                      -0.779, 0.0876, 0.0119, 0.205, -0.639, -1,     2.92, 0, 0};
inline constexpr SentenceFeatures kSentenceWeightsWithMeaning = {2.99, 2.4,   2.55,   -0.159, 1.76,    -0.292,
                                                                 1.15, 0,     -1.27,  -0.478, -0.0203, 0.48,
                                                                 0.27, -1.01, -0.405, 2.62,   1.59,    2.16};

/// By the order of confidence_features, the constant last.
using ConfidenceWeights = std::array<double, 22>;
inline constexpr ConfidenceWeights kConfidence = {0.253, 0.383, 2.89, 0.435, -0.191, 0.141,  -0.562, 0.321,
                                                  1.47,  -1.29, 1.63, 2.77,  1.22,   -0.743, 4.55,   -0.286,
                                                  1.75,  -2.03, 0,    0,     0,      -7.73};
inline constexpr ConfidenceWeights kConfidenceWithMeaning = {
    0.0908, 1.29, 3.37,   0.327, -0.46,  0.179, -0.662, 0.316,  1.7,   -1.22, 1.52,
    2.45,   1.09, -0.962, 4.07,  0.0294, 1.51,  -1.75,  -0.607, -0.23, 1.34,  -6.95};

}  // namespace hanok::chain::answer
