// Tool calls of a local model, read out of its text as it comes (lm/tool_calls.h has the styles).
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "hanok/chat.h"
#include "lm/tool_calls.h"

namespace hanok::chain {

/// Takes an answer apart as it comes: what is said goes on, calls are kept.
class ToolCallReader {
 public:
  /// names: of the tools that may be called. A call of another stays text, as what is no JSON does.
  ToolCallReader(std::vector<std::string> names, std::function<bool(std::string_view)> on_text,
                 std::function<bool(const ToolCallPiece&)> on_call = {});
  /// False once on_text or on_call has said false.
  bool push(std::string_view piece);
  bool finish();
  const std::string& text() const { return text_; }
  /// In their order, with ids "call_1", ... where the model gives none.
  const std::vector<ToolCall>& calls() const { return calls_; }
  /// Why something that began like a call is text.
  const std::vector<std::string>& faults() const { return faults_; }

 private:
  bool take(lm::ToolPiece piece);

  lm::ToolCallParser parser_;
  std::function<bool(std::string_view)> on_text_;
  std::function<bool(const ToolCallPiece&)> on_call_;
  std::string text_;
  std::vector<ToolCall> calls_;
  std::vector<std::string> faults_;
  bool open_ = true;  // they still want more
};

}  // namespace hanok::chain
