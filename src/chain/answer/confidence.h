// How sure an extractive answer is: the chance that the documents hold the answer and that it is the one found.
#pragma once

#include <string_view>
#include <vector>

#include "chain/answer/evidence.h"

namespace hanok::chain::answer {

/// Below it: not in your documents. One number for all languages, with meaning and without: `hanok eval calibrate`
/// chose it on the even articles (docs/how-answers-work.md).
inline constexpr double kAnswerThreshold =
#include "chain/answer/threshold.inc"
    ;

/// What the confidence is computed from; sentences are ranked and not empty. All about 0..1; the second
/// half is what each of the first has above one half.
std::vector<double> confidence_features(const Question& question, const std::vector<Passage>& passages,
                                        const std::vector<Sentence>& sentences, const Rewording& reworded = {});

/// 0..1; 0 without sentences. `meaning`: the sentences carry cosines.
double confidence(const Question& question, const std::vector<Passage>& passages,
                  const std::vector<Sentence>& sentences, bool meaning, const Rewording& reworded = {});

}  // namespace hanok::chain::answer
