// More passages than one prompt holds: answers from groups of them become one prompt for the last answer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chain/answer/prompt.h"
#include "hanok/chat.h"

namespace hanok::chain::answer {

/// What Combine::Refine puts before the answer from the passages before, at the head of the next passages.
inline constexpr std::string_view kAnswerSoFar =
    "The answer so far, from passages before; keep what is right in it and its numbers:\n";

struct CombineOptions {
  const std::string& pattern;  // with {question} and {passages}
  const std::string& question;
  size_t budget = 0;  // tokens of passages, or of answers in their place, in one prompt
  const ChatModel& model;
};

/// Asks the model about groups of passages, each within the budget, numbered as in `hits`, so that the last answer's
/// [n] can be checked against them. Returns the prompt for that last answer; Prompt::passages is all of them. One that
/// fits no budget is dropped, and it is said. Throws Exhausted where answers do not get shorter, and what chat() does.
Prompt combine(Combine kind, const CombineOptions& options, const std::vector<Hit>& hits);

}  // namespace hanok::chain::answer
