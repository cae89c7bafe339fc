// The few words of a sentence that answer: who, when, how many.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "chain/answer/question.h"

namespace hanok::chain::answer {

/// A run of words with the names of what speaks for it; weights are looked up by name (short_answer_weights.cpp).
struct AnswerRun {
  text::Span span;
  std::vector<std::string> features;
};

std::vector<AnswerRun> short_candidates(std::string_view sentence, const Question& question);

struct ShortAnswer {
  text::Span span;           // of the sentence
  double score = kNoAnswer;  // of the linear model; only differences mean something
  static constexpr double kNoAnswer = -20;
};

/// By name of a feature; a name that was not learned weighs nothing.
using ShortAnswerWeights = std::unordered_map<std::string, double>;
const ShortAnswerWeights& learned_short_answers();

/// The best candidate; the whole sentence when it has none.
ShortAnswer best_short_answer(std::string_view sentence, const Question& question,
                              const ShortAnswerWeights& weights = learned_short_answers());

}  // namespace hanok::chain::answer
