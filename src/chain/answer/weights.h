// Numbers learned by chain::calibrate() (chain/eval/calibrate.h) on the even articles of XQuAD-en and KorQuAD
// (docs/how-answers-work.md).
#pragma once

#include <array>

#include "chain/answer/evidence.h"

namespace hanok::chain::answer {

/// One row for each language and for words alone or meaning beside them: what speaks for an answer differs between
/// them.
enum Row : size_t { kEnglish, kEnglishMeaning, kKorean, kKoreanMeaning, kRows };
inline Row row_of(bool korean, bool meaning) {
  return korean ? (meaning ? kKoreanMeaning : kKorean) : (meaning ? kEnglishMeaning : kEnglish);
}

/// By SentenceFeature: how much each speaks for a sentence.
inline constexpr std::array<SentenceFeatures, kRows> kSentenceWeights = {{
    /* kEnglish */ {2.85,   2.86, 0.907, 3.42,   3.23, 0.614, 1.13, 0, -0.601, -0.43, -0.0798,
                    0.0625, 1.17, 0.908, -0.908, 2.01, 3.27,  0,    0, 0,      0,     0},
    /* kEnglishMeaning */ {0.759, 2.59,  1.63,   -0.453, 0.684, 0.491, 1.27, 0,    -0.965, -0.304, -0.315,
                           0.442, 0.531, -0.182, 0.87,   1.73,  2.95,  0,    1.19, 3.62,   0.879,  0.222},
    /* kKorean */ {0.557,  1.81,   3.18,  2.53,  3.06, -1.45, 0.861, 0, -1.07, -1.27, 0.388,
                   0.0282, -0.072, -1.32, -1.05, 3.85, 2.33,  3.54,  0, 0,     0,     0},
    /* kKoreanMeaning */ {-0.508, 1.67,   2.81,  1.45,  1.75, -1.8, 0.861, 0,     -0.877, -1.05, 0.295,
                          0.174,  0.0941, -1.76, -1.13, 4,    1.74, 3.78,  0.116, 2.13,   0.834, 0.546},
}};

/// By the order of confidence_features, the constant last.
using ConfidenceWeights = std::array<double, 24>;
inline constexpr std::array<ConfidenceWeights, kRows> kConfidence = {{
    /* kEnglish */ {1.54, 1.11, 0.844, 2.07,    1.84, 0.0416, -0.504, -0.305, 1.08, -1.35, -0.0376, 1.72,
                    2.25, 0.96, 2.86,  -0.0773, 3.1,  0,      0,      0,      0,    0,     0,       -7.17},
    /* kEnglishMeaning */ {1.31, 2.57,   1.86, 2.12,  0.502, -0.355, -0.182, -0.332, 0.743, -1.29, -0.65, 1.75,
                           0.9,  -0.138, 1.19, 0.481, 1.35,  -1.44,  -0.589, 1.62,   2.28,  2.66,  0.297, -6.08},
    /* kKorean */ {1.56, 1.44,   3.73, 0.222,  -1.57, 0.476, -0.587, 0.675, 1.42, -1.25, 1.55, 1.18,
                   1.24, -0.969, 4.37, -0.275, 1.64,  0,     0,      0,     0,    0,     0,    -9.26},
    /* kKoreanMeaning */ {0.651, 1.75,  3.85, -0.285,    -1.33, 0.6,  -0.869, 0.725,  1.52,  -1.22, 1.58,   1.85,
                          1.02,  -1.51, 4.05, -0.000998, 1.36,  1.56, -1.22,  -0.939, 0.873, 0.932, -0.558, -9.17},
}};

}  // namespace hanok::chain::answer
