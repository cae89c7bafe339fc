#include <algorithm>
#include <cctype>

#include "base/threads.h"
#include "hanok/context.h"
#include "hanok/error.h"
#include "hanok/tasks.h"

namespace hanok::chain {
namespace {

/// The index of the answer that most of them give, and how many do; of equals the first.
std::pair<size_t, size_t> majority(const std::vector<std::string>& answers) {
  size_t best = 0, most = 0;
  for (size_t i = 0; i < answers.size(); ++i) {
    const auto same = static_cast<size_t>(
        std::count_if(answers.begin(), answers.end(), [&](const auto& a) { return same_answer(a, answers[i]); }));
    if (same > most) best = i, most = same;
  }
  return {best, most};
}

/// Whether `expected` stands in the text as a word of its own: 28 is not in 128.
bool holds(std::string_view text, std::string_view expected) {
  const auto letter = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  for (size_t at = text.find(expected); at != text.npos; at = text.find(expected, at + 1)) {
    const size_t end = at + expected.size();
    const bool inside = (at > 0 && letter(text[at - 1]) && letter(expected.front())) ||
                        (end < text.size() && letter(text[end]) && letter(expected.back()));
    if (!inside) return true;
  }
  return false;
}

void run(const ChatModel& model, const PromptPlan& plan, const PromptStyle& style, PromptRun& out) {
  const auto messages = styled_prompt(style, plan.question);
  const size_t samples = out.temperature == 0 ? 1 : style.samples;  // the same each time
  for (size_t i = 0; i < samples; ++i) {
    base::check_interrupt();
    const ChatReply reply =
        model.chat(messages, {.temperature = out.temperature, .seed = plan.seed + i, .max_tokens = plan.max_tokens});
    out.texts.push_back(reply.text());
    out.answers.push_back(final_answer(reply.text(), style.chain_of_thought));
    out.prompt_tokens += reply.prompt_tokens;
    out.completion_tokens += reply.completion_tokens;
    out.seconds += reply.seconds;
  }
  const auto [best, same] = majority(out.answers);
  out.answer = out.answers[best];
  out.agreement = static_cast<double>(same) / static_cast<double>(samples);
  if (plan.expected) {
    // An answer in a sentence is right when it holds what was expected.
    out.correct = same_answer(out.answer, *plan.expected) || holds(out.answer, *plan.expected);
  }
}

}  // namespace

PromptComparison compare_prompts(const PromptPlan& plan, const OpenModel& open) {
  PromptComparison out{.plan = plan, .runs = {}, .answer = {}};
  const std::vector<std::string> models = plan.models.empty() ? std::vector<std::string>{""} : plan.models;
  const size_t total = models.size() * plan.temperatures.size() * plan.styles.size();
  for (const std::string& name : models) {
    std::shared_ptr<const ChatModel> model;
    std::string error;
    try {
      model = open(name);
    } catch (const Error& e) {
      if (e.code() == Code::Cancelled || models.size() == 1) throw;
      error = e.what();
    }
    for (const float temperature : plan.temperatures)
      for (const PromptStyle& style : plan.styles) {
        PromptRun one{
            .style = style.name, .model = model ? model->name() : name, .temperature = temperature, .error = error};
        try {
          if (model) run(*model, plan, style, one);
        } catch (const Error& e) {
          if (e.code() == Code::Cancelled) throw;
          one = {.style = style.name, .model = one.model, .temperature = temperature, .error = e.what()};
        }
        out.runs.push_back(std::move(one));
        Context::current().tell({out.runs.size(), total, "runs"});
      }
  }
  std::vector<std::string> answers;
  for (const PromptRun& r : out.runs)
    if (r.error.empty()) answers.push_back(r.answer);
  if (answers.empty()) return out;
  const auto [best, same] = majority(answers);
  out.answer = answers[best];
  out.agreement = static_cast<double>(same) / static_cast<double>(answers.size());
  return out;
}

}  // namespace hanok::chain
