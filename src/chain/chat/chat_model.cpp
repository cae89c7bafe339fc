// What chat models have in common.
#include "hanok/chat.h"
#include "hanok/error.h"

namespace hanok::chain {

std::string Message::text() const {
  std::string out;
  for (const Part& part : parts)
    if (part.kind == Part::Kind::Text) out += part.content;
  return out;
}

std::string_view finish_name(ChatFinish finish) {
  switch (finish) {
    case ChatFinish::Stop:
      return "stop";
    case ChatFinish::Length:
      return "length";
    case ChatFinish::Context:
      return "context";
    case ChatFinish::Cancelled:
      return "cancelled";
    case ChatFinish::ToolCalls:
      return "tool_calls";
    case ChatFinish::Filtered:
      return "content_filter";
  }
  return "";
}

size_t ChatModel::count_tokens(std::span<const Message> messages) const {
  constexpr size_t kMarks = 6;  // of a turn: its begin, role and end
  size_t sum = kMarks;
  for (const Message& m : messages) {
    sum += kMarks + count_tokens(m.text());
    for (const ToolCall& call : m.tool_calls) sum += kMarks + count_tokens(call.name) + count_tokens(call.arguments);
  }
  return sum;
}

std::vector<double> ChatModel::score(std::span<const Message>, std::span<const std::string>) const {
  throw Error(Code::Unsupported, name() + ": does not say how likely it finds an answer");
}

}  // namespace hanok::chain
