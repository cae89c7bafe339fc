// Learning the numbers of chain/answer: weights of short answers, of sentences, and of the confidence.
#pragma once

#include <string>
#include <vector>

#include "chain/eval/answers.h"

namespace hanok::chain {

/// Each step builds on the weights compiled in, so the steps are run in this order, with a build between them.
enum class Step { ShortAnswers, Sentences, Confidence };

/// C++ text of the weights learned from the questions that options.half chooses in all sets (docs/how-answers-work.md):
/// lines of short_answer_weights.inc, or an array of weights.h. options.sample holds for each set.
std::string calibrate(const std::vector<SquadSet>& sets, Step step, const AnswersOptions& options);

}  // namespace hanok::chain
