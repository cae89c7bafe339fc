#include "chain/providers/tool_calls.h"

namespace hanok::chain {

ToolCallReader::ToolCallReader(std::vector<std::string> names, std::function<bool(std::string_view)> on_text,
                               std::function<bool(const ToolCallPiece&)> on_call)
    : parser_(lm::ToolStyle::Any, std::move(names)), on_text_(std::move(on_text)), on_call_(std::move(on_call)) {}

// Words stand before calls in an answer.
bool ToolCallReader::take(lm::ToolPiece piece) {
  faults_.insert(faults_.end(), piece.faults.begin(), piece.faults.end());
  if (!piece.text.empty()) {
    text_ += piece.text;
    if (on_text_ && !on_text_(piece.text)) open_ = false;
  }
  for (ToolCall& call : piece.calls) {
    if (!open_) break;
    if (call.id.empty()) call.id = "call_" + std::to_string(calls_.size() + 1);
    calls_.push_back(std::move(call));
    const ToolCall& c = calls_.back();
    if (on_call_ && !on_call_({calls_.size() - 1, c.id, c.name, c.arguments})) open_ = false;
  }
  return open_;
}

bool ToolCallReader::push(std::string_view piece) { return open_ && take(parser_.add(piece)); }
bool ToolCallReader::finish() { return open_ && take(parser_.finish()); }

}  // namespace hanok::chain
