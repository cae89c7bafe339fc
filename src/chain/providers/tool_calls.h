// Tool calls as local models write them into their text.
//
//   <tool_call>{"name": "weather", "arguments": {"city": "Seoul"}}</tool_call>      Hermes, Qwen 2 and 3, SmolLM
//   [TOOL_CALLS][{"name": "weather", "arguments": {"city": "Seoul"}}]               Mistral
//   <|python_tag|>{"name": "weather", "parameters": {"city": "Seoul"}}              Llama 3
// The last two also without their mark, when the text is nothing else.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "hanok/chat.h"

namespace hanok::chain {

/// Takes an answer apart as it comes: what is said goes on, calls are kept.
class ToolCallReader {
 public:
  /// names: of the tools that may be called. A call of another stays text, as what is no JSON does.
  ToolCallReader(std::vector<std::string> names, std::function<bool(std::string_view)> on_text);
  /// False once on_text has said false.
  bool push(std::string_view piece);
  bool finish();
  const std::string& text() const { return text_; }
  /// In their order, with ids "call_1", ...
  const std::vector<ToolCall>& calls() const { return calls_; }

 private:
  bool say(std::string_view text);
  bool say_words(std::string_view text);
  bool scan(bool end);
  bool take_calls(std::string_view json);

  std::vector<std::string> names_;
  std::function<bool(std::string_view)> on_text_;
  std::string waiting_, text_;
  std::vector<ToolCall> calls_;
  bool begun_ = false, open_ = true;  // something other than blanks has been said; on_text still wants more
};

}  // namespace hanok::chain
