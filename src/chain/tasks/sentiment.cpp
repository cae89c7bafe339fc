// Labels by the model's own probabilities.
#include <algorithm>
#include <cmath>

#include "base/threads.h"
#include "hanok/context.h"
#include "hanok/error.h"
#include "hanok/tasks.h"
#include "hanok/text.h"

namespace hanok::chain {
namespace {

constexpr double kHangulIsKorean = 0.3;
const std::vector<std::string> kSentiment = {"positive", "neutral", "negative"};
const std::vector<std::string> kSentimentKorean = {"긍정", "중립", "부정"};

/// How labels are asked for in one language, and what the model thinks of them before it has read anything.
struct Asking {
  PromptTemplate prompt;
  std::string question, labels;
  std::vector<std::string> words;      // what the model is asked to say, one a label
  std::vector<double> without_a_text;  // scores of the words for texts without content; empty: not calibrated
};

Asking asking(bool korean, const LabelOptions& options) {
  Asking out;
  out.words = !options.labels.empty() ? options.labels : korean ? kSentimentKorean : kSentiment;
  for (const auto& word : out.words) out.labels += (out.labels.empty() ? "" : ", ") + word;
  out.prompt = korean ? options.korean_prompt : options.prompt;
  out.question = !options.question.empty() ? options.question
                 : korean                  ? "다음 글의 감정은 무엇입니까?"
                                           : "What is the sentiment of the following text?";
  return out;
}

// Examples in front of the text made SmolLM2-135M worse (7 of 13 sentences, 11 without): it repeats their labels.
std::vector<double> scores(const ChatModel& model, const Asking& a, std::string_view text) {
  const Message message{"user",
                        a.prompt.format({{"question", a.question}, {"labels", a.labels}, {"text", std::string(text)}})};
  return model.score(std::span(&message, 1), a.words);
}

// Zhao et al. 2021, section 4: the mean over texts that say nothing.
void calibrate(const ChatModel& model, Asking& a) {
  constexpr std::string_view kNothing[] = {"N/A", "...", "[MASK]"};
  a.without_a_text.assign(a.words.size(), 0);
  for (const auto nothing : kNothing) {
    const auto s = scores(model, a, nothing);
    for (size_t i = 0; i < s.size(); ++i) a.without_a_text[i] += s[i] / static_cast<double>(std::size(kNothing));
  }
}

Labelled labelled(std::vector<double> s, const Asking& a, const std::vector<std::string>& labels) {
  for (size_t i = 0; i < a.without_a_text.size(); ++i) s[i] -= a.without_a_text[i];
  const double most = *std::max_element(s.begin(), s.end());
  double sum = 0;
  for (double& x : s) sum += x = std::exp(x - most);
  Labelled out;
  for (size_t i = 0; i < s.size(); ++i) {
    out.probabilities.emplace_back(labels[i], s[i] / sum);
    if (s[i] / sum > out.confidence) out.confidence = s[i] / sum, out.label = labels[i];
  }
  return out;
}

}  // namespace

PromptTemplate default_label_prompt(bool korean) {
  return korean ? "{question} {labels} 가운데 한 단어로만 답하세요.\n\n글: {text}\n답:"
                : "{question} Answer with one word: {labels}.\n\nText: {text}\nAnswer:";
}

std::vector<Labelled> label_texts(const ChatModel& model, std::span<const std::string> texts,
                                  const LabelOptions& options) {
  if (options.labels.size() == 1) throw Error(Code::Invalid, "labels: two or more are needed, one was given");
  const std::vector<std::string>& labels = options.labels.empty() ? kSentiment : options.labels;
  std::optional<Asking> in_korean, in_english;
  std::vector<Labelled> out;
  for (const std::string& text : texts) {
    base::check_interrupt();
    if (text.find_first_not_of(" \t\r\n") == text.npos)
      throw Error(Code::Invalid, "labels: text " + std::to_string(out.size() + 1) + " is empty");
    const bool korean = text::hangul_share(text) > kHangulIsKorean;
    auto& a = korean ? in_korean : in_english;
    if (!a) {
      a = asking(korean, options);
      if (options.calibrate) calibrate(model, *a);
    }
    out.push_back(labelled(scores(model, *a, text), *a, labels));
    Context::current().tell({out.size(), texts.size(), "texts"});
  }
  return out;
}

}  // namespace hanok::chain
