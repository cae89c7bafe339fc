// What one does with a chat model besides talking: summaries, sentiment, prompts compared. Part of the door of room
// `chain`.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hanok/chat.h"
#include "hanok/prompts.h"

namespace hanok::chain {

// ---- summaries

/// What the model is told: {text}, and how many {sentences} at most.
struct SummarizePrompts {
  PromptTemplate whole;   // a text at once
  PromptTemplate part;    // of a longer one
  PromptTemplate joined;  // the parts' summaries
};
SummarizePrompts default_summarize_prompts(bool korean);

struct SummarizeOptions {
  size_t sentences = 5;  // of the summary, about
  /// Of the summary and of each part's. The penalty keeps small models from saying one sentence again and again.
  ChatOptions answer = {.temperature = 0.0f, .frequency_penalty = 0.4f, .max_tokens = 300};
  size_t part_tokens = 0;  // of a part at most; 0: what the context holds beside prompt and answer (without one: 3,000)
  SummarizePrompts prompts = default_summarize_prompts(false), korean_prompts = default_summarize_prompts(true);
};

struct Summary {
  std::string text;
  size_t parts = 1;   // that the text was read in
  size_t rounds = 1;  // 1: the whole at once; 2: parts, then their summaries; ...
  size_t prompt_tokens = 0, completion_tokens = 0;
  std::vector<std::string> warnings;
};

/// A summary in the text's own language (Korean texts are asked for with korean_prompts). A text longer than the
/// context is read in parts that end with sentences, and the parts' summaries are summarised, as often as it takes
/// ("map-reduce"). Throws Invalid for an empty text, Exhausted where parts do not get shorter, and what chat() does.
Summary summarize(const ChatModel& model, std::string_view text, const SummarizeOptions& options = {});

// ---- sentiment

/// Asks for the label of {text}: the {question}, the {labels} parted by commas.
PromptTemplate default_label_prompt(bool korean);

struct LabelOptions {
  /// Kept with the result; empty: positive, neutral, negative, asked for in the text's own language.
  std::vector<std::string> labels = {};
  std::string question = {};  // what the labels are about; empty: the sentiment
  bool calibrate = true;      // divide by what the model says of a text without content (Zhao et al. 2021)
  PromptTemplate prompt = default_label_prompt(false), korean_prompt = default_label_prompt(true);
};

struct Labelled {
  std::string label;
  double confidence = 0;                                      // its probability among the labels
  std::vector<std::pair<std::string, double>> probabilities;  // of every label, in their order; they sum to 1
};

/// Each text's label by the model's own probabilities of the labels' words (ChatModel::score). Throws Unsupported where
/// a server gives no probabilities, Invalid for fewer than two labels.
std::vector<Labelled> label_texts(const ChatModel& model, std::span<const std::string> texts,
                                  const LabelOptions& options = {});

// ---- prompts compared

/// How a question is asked.
struct PromptStyle {
  std::string name;
  std::string role = {};                                           // who the model is to be: the system message
  std::vector<std::string> conditions = {};                        // what the answer has to keep to
  std::vector<std::pair<std::string, std::string>> examples = {};  // questions with their answers (few-shot)
  bool chain_of_thought = false;                                   // "step by step", and a last line "Answer: ..."
  size_t samples = 1;  // more than one: as many answers, and the one most of them give (Wang et al. 2022)
};
/// "zero-shot", "role", "conditions", "few-shot", "chain-of-thought", "self-consistency": a style by name alone, with
/// usual words where it needs some. Nothing for another name.
std::optional<PromptStyle> usual_style(std::string_view name, std::string_view question);

/// What the model is told, in the question's language.
std::vector<Message> styled_prompt(const PromptStyle& style, std::string_view question);
/// The answer within an answer: what stands behind the last "Answer:" (정답:, 답:), else the last line that is not
/// blank.
std::string final_answer(std::string_view text, bool chain_of_thought);
/// Whether two answers say the same but for case, blanks, punctuation at the ends and how a number is written.
bool same_answer(std::string_view a, std::string_view b);

struct PromptPlan {
  std::string question;
  std::optional<std::string> expected;
  std::vector<PromptStyle> styles;
  std::vector<std::string> models;  // names as open_chat_model takes them; empty: the caller's
  std::vector<float> temperatures = {0};
  size_t max_tokens = 256;
  uint64_t seed = 0;
};
/// A YAML text as docs/how-to/compare-prompts.md describes it. Throws Invalid: what, which key, expected, found.
PromptPlan read_prompt_plan(std::string_view yaml, const std::string& what);

struct PromptRun {
  std::string style, model;
  float temperature = 0;
  std::vector<std::string> texts;                   // whole answers, one a sample
  std::vector<std::string> answers;                 // the answers within
  std::string answer;                               // the one most samples give; of equals the first
  double agreement = 0;                             // share of the samples that give it
  std::optional<bool> correct;                      // where an answer is expected
  size_t prompt_tokens = 0, completion_tokens = 0;  // of all samples
  double seconds = 0;
  std::string error;  // where the model failed: nothing else is set
};
struct PromptComparison {
  PromptPlan plan;
  std::vector<PromptRun> runs;  // models, temperatures, styles: the last changes fastest
  std::string answer;           // the one most runs give
  double agreement = 0;         // share of the runs that give it
};
using OpenModel = std::function<std::shared_ptr<const ChatModel>(const std::string& name)>;
/// Runs every style with every model and temperature; models are opened one after another. Sample i of a run has the
/// seed plan.seed + i. At temperature 0 one sample is all there is to know. A run that fails holds its error.
PromptComparison compare_prompts(const PromptPlan& plan, const OpenModel& open);
/// One page without scripts or anything from elsewhere.
std::string comparison_html(const PromptComparison& comparison);

}  // namespace hanok::chain
