// Ways to ask the same question, and the answer within what a model says.
#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>

#include "base/ascii.h"
#include "hanok/tasks.h"
#include "hanok/text.h"
#include "text/trimmed.h"

namespace hanok::chain {
namespace {

constexpr double kHangulIsKorean = 0.3;
constexpr size_t kUsualSamples = 5;

bool korean(std::string_view question) { return text::hangul_share(question) > kHangulIsKorean; }

using text::trimmed;

/// Marks around an answer: blanks, quotes, stars of bold text, a full stop at the end.
std::string_view without_marks(std::string_view text) {
  constexpr std::string_view kFront = " \t\r\n\"'*`(", kBack = " \t\r\n\"'*`).!";
  const size_t from = text.find_first_not_of(kFront);
  if (from == text.npos) return {};
  const size_t to = text.find_last_not_of(kBack);
  return to == text.npos || to < from ? std::string_view() : text.substr(from, to + 1 - from);
}

/// "1,200", "$12.50", "42.0" as a number; nothing where there is more than one or none.
std::optional<double> number_of(std::string_view text) {
  std::string digits;
  for (const char c : without_marks(text)) {
    if (c == ',' || c == '$' || c == ' ') continue;
    digits += c;
  }
  char* end = nullptr;
  const double value = std::strtod(digits.c_str(), &end);
  if (digits.empty() || end != digits.c_str() + digits.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

}  // namespace

std::optional<PromptStyle> usual_style(std::string_view name, std::string_view question) {
  const bool ko = korean(question);
  PromptStyle s{.name = std::string(name)};
  if (name == "zero-shot") return s;
  if (name == "role") {
    s.role = ko ? "당신은 이 분야의 신중한 전문가입니다. 정확하게 답합니다."
                : "You are a careful expert in the field. You answer precisely.";
    return s;
  }
  if (name == "conditions") {
    s.conditions = ko ? std::vector<std::string>{"한 문장으로 답하세요.", "설명을 붙이지 마세요."}
                      : std::vector<std::string>{"Answer in one sentence.", "Do not explain."};
    return s;
  }
  if (name == "few-shot") {
    using Pairs = std::vector<std::pair<std::string, std::string>>;
    s.examples = ko ? Pairs{{"대한민국의 수도는 어디입니까?", "서울"}, {"6 곱하기 7은 얼마입니까?", "42"}}
                    : Pairs{{"What is the capital of France?", "Paris"}, {"What is 6 times 7?", "42"}};
    return s;
  }
  if (name == "chain-of-thought" || name == "self-consistency") {
    s.chain_of_thought = true;
    if (name == "self-consistency") s.samples = kUsualSamples;
    return s;
  }
  return std::nullopt;
}

std::vector<Message> styled_prompt(const PromptStyle& style, std::string_view question) {
  const bool ko = korean(question);
  std::vector<Message> out;
  if (!style.role.empty()) out.emplace_back("system", style.role);
  for (const auto& [asked, answered] : style.examples) {
    out.emplace_back("user", asked);
    out.emplace_back("assistant", answered);
  }
  std::string text(question);
  if (!style.conditions.empty()) {
    text += ko ? "\n\n조건:" : "\n\nConditions:";
    for (const auto& condition : style.conditions) text += "\n- " + condition;
  }
  if (style.chain_of_thought)
    text += ko ? "\n\n단계별로 생각한 다음, 마지막 줄에 \"정답: ...\" 형식으로 답을 쓰세요."
               : "\n\nThink step by step. Then write the answer on a last line of its own, as \"Answer: ...\".";
  out.emplace_back("user", std::move(text));
  return out;
}

std::string final_answer(std::string_view text, bool chain_of_thought) {
  text = trimmed(text);
  if (!chain_of_thought) return std::string(text);
  const std::string low = base::lower(text);
  size_t behind = std::string::npos;
  for (const std::string_view mark : {"answer:", "answer is", "정답:", "답:", "정답은"})
    if (const size_t at = low.rfind(mark); at != low.npos && (behind == low.npos || at + mark.size() > behind))
      behind = at + mark.size();
  if (behind != std::string::npos) {
    const auto rest = trimmed(text.substr(behind));
    if (!rest.empty()) return std::string(without_marks(rest.substr(0, rest.find('\n'))));
  }
  const size_t line = text.rfind('\n');
  return std::string(without_marks(line == text.npos ? text : text.substr(line + 1)));
}

bool same_answer(std::string_view a, std::string_view b) {
  const auto x = number_of(a), y = number_of(b);
  if (x && y) return std::abs(*x - *y) <= 1e-9 * std::max(1.0, std::abs(*x));
  const auto plain = [](std::string_view text) {
    std::string out;
    for (const char c : text::nfkc_casefold(without_marks(text))) {
      const bool blank = c == ' ' || c == '\n' || c == '\t';
      if (!blank) out += c;
    }
    return out;
  };
  return plain(a) == plain(b);
}

}  // namespace hanok::chain
