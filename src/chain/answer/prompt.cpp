#include "chain/answer/prompt.h"

#include <algorithm>

#include "hanok/chat.h"

namespace hanok::chain {

std::string default_prompt() {
  return "Answer the question from the numbered passages below and from nothing else.\n"
         "After each statement put the number of the passage it comes from, like [1].\n"
         "Answer in the language of the question, in at most five sentences.\n"
         "If the passages do not hold the answer, reply only: Not in the documents.\n"
         "\n"
         "Passages:\n"
         "\n"
         "{passages}\n"
         "Question: {question}\n"
         "Answer:";
}

namespace answer {
namespace {

constexpr size_t kDefaultBudget = 3000;  // fits the 4,096 tokens that small servers are started with
constexpr size_t kAnswerTokens = 768;    // kept free for the answer, at most a quarter of the context

}  // namespace

std::string fill_prompt(std::string_view pattern, std::string_view question, std::string_view passages) {
  constexpr std::string_view kQuestion = "{question}", kPassages = "{passages}";
  for (std::string_view key : {kQuestion, kPassages})
    if (pattern.find(key) == std::string_view::npos)
      throw Error(Code::Invalid,
                  "prompt: it has no " + std::string(key) + "; both {question} and {passages} must stand in it");
  std::string out;
  for (size_t i = 0; i < pattern.size();) {
    const std::string_view rest = pattern.substr(i);
    if (rest.starts_with(kQuestion)) {
      out += question;
      i += kQuestion.size();
    } else if (rest.starts_with(kPassages)) {
      out += passages;
      i += kPassages.size();
    } else {
      out += pattern[i++];
    }
  }
  return out;
}

std::string passage_block(int n, const Hit& hit) {
  std::string out = "[" + std::to_string(n) + "] " + hit.chunk.path;
  if (hit.chunk.page > 0) out += ", page " + std::to_string(hit.chunk.page);
  if (!hit.chunk.heading.empty()) out += ", " + hit.chunk.heading;
  return out + "\n" + hit.chunk.text + "\n\n";
}

Prompt make_prompt(std::string_view pattern, std::string_view question, const std::vector<Hit>& hits, size_t budget,
                   const text::TokenCounter& count) {
  Prompt out;
  std::string passages;
  size_t used = 0;
  for (size_t i = 0; i < hits.size(); ++i) {
    const std::string block = passage_block(static_cast<int>(i + 1), hits[i]);
    const size_t tokens = count(block);
    if (out.dropped.empty() && used + tokens <= budget) {
      passages += block;
      used += tokens;
      ++out.passages;
      continue;
    }
    if (i == 0)
      throw Error(Code::Exhausted, "ask: the best passage has " + std::to_string(tokens) + " tokens, but only " +
                                       std::to_string(budget) +
                                       " are free for passages; raise the budget or use a model "
                                       "with a larger context");
    out.dropped.push_back("passage " + std::to_string(i + 1) + " (" + hits[i].chunk.path + ", " +
                          std::to_string(tokens) + " tokens): over the budget of " + std::to_string(budget) +
                          " tokens");
  }
  out.text = fill_prompt(pattern, question, passages);
  return out;
}

size_t passage_budget(const AskOptions& options, std::string_view pattern, std::string_view question,
                      const text::TokenCounter& count) {
  if (options.budget_tokens > 0) return options.budget_tokens;
  const size_t context = options.model ? options.model->context_tokens() : 0;
  if (context == 0) return kDefaultBudget;
  const size_t rest = count(fill_prompt(pattern, question, "")) + std::min(kAnswerTokens, context / 4);
  return context > rest ? context - rest : 0;
}

}  // namespace answer
}  // namespace hanok::chain
