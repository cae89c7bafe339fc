// What a chat model is given: numbered passages within a token budget, and the question.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hanok/chain.h"

namespace hanok::chain::answer {

/// Replaces {question} and {passages} in `pattern`, once: braces inside the values mean nothing.
/// Throws Invalid when one of the two is missing in the pattern.
std::string fill_prompt(std::string_view pattern, std::string_view question, std::string_view passages);

/// "[n] report.pdf, page 3, Chapter > Section" and the passage's text.
std::string passage_block(int n, const Hit& hit);

struct Prompt {
  std::string text;
  size_t passages = 0;               // how many of the hits are in it, from the best
  std::vector<std::string> dropped;  // a line for each that is not
};

/// Takes whole passages by rank while they fit into `budget` tokens of passages; what does not fit, and all behind it,
/// is dropped. Throws Exhausted when not even the best one fits.
Prompt make_prompt(std::string_view pattern, std::string_view question, const std::vector<Hit>& hits, size_t budget,
                   const text::TokenCounter& count);

/// Tokens of passages that leave room for the rest of the prompt and an answer: from AskOptions::budget_tokens, else
/// from the model's context, else kDefaultBudget.
size_t passage_budget(const AskOptions& options, std::string_view pattern, std::string_view question,
                      const text::TokenCounter& count);

}  // namespace hanok::chain::answer
