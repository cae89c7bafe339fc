#include "hanok/condense.h"

#include "hanok/chains.h"

namespace hanok::chain {
namespace {

constexpr size_t kLongest = 600;  // bytes: a question that stands alone is no essay

std::string first_line(const std::string& text) {
  const size_t from = text.find_first_not_of(" \t\r\n\"");
  if (from == text.npos) return {};
  const size_t end = text.find('\n', from);
  std::string out = text.substr(from, end == text.npos ? end : end - from);
  out.erase(out.find_last_not_of(" \t\r\"") + 1);
  return out;
}

}  // namespace

PromptTemplate default_condense_prompt() {
  return "A conversation about documents:\n{history}\n\nRewrite the next question so that it can be understood without the "
         "conversation. Keep its language. If it can be understood already, repeat it. Answer with the question alone."
         "\n\nNext question: {question}\nQuestion that stands alone:";
}

std::string condense_question(const ChatModel& model, const Recall& history, const std::string& question,
                              const PromptTemplate& prompt) {
  if (history.messages.empty() && history.summary.empty()) return question;
  OpenSpan span("condense");
  std::string lines = history.summary.empty() ? "" : history.summary + "\n";
  for (const Message& m : history.messages) lines += m.role + ": " + m.text() + "\n";
  const Message asked{"user", prompt.format({{"history", lines}, {"question", question}})};
  const auto reply = traced_chat(model, std::span(&asked, 1), {.temperature = 0.0f, .max_tokens = 120});
  const std::string line = first_line(reply.text());
  span.set("hanok.question", line);
  return line.empty() || line.size() > kLongest ? question : line;
}

}  // namespace hanok::chain
