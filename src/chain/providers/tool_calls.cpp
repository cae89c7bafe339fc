#include "chain/providers/tool_calls.h"

#include <algorithm>

#include "base/json.h"

namespace hanok::chain {
namespace {

constexpr std::string_view kOpen = "<tool_call>", kClose = "</tool_call>";
constexpr std::string_view kWholeMarks[] = {"[TOOL_CALLS]", "<|python_tag|>"};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t from = text.find_first_not_of(kBlanks);
  return from == text.npos ? std::string_view() : text.substr(from, text.find_last_not_of(kBlanks) + 1 - from);
}

// How much of the end of `text` may be the beginning of `mark`.
size_t begins_at_end(std::string_view text, std::string_view mark) {
  for (size_t n = std::min(text.size(), mark.size() - 1); n > 0; --n)
    if (text.ends_with(mark.substr(0, n))) return n;
  return 0;
}

// Whether a text may still turn out to be nothing but calls.
bool may_be_calls(std::string_view text) {
  const std::string_view shown = trimmed(text);
  if (shown.empty() || shown[0] == '{' || shown.starts_with("[{") || shown == "[") return true;
  return std::any_of(std::begin(kWholeMarks), std::end(kWholeMarks),
                     [&](auto mark) { return shown.starts_with(mark) || mark.starts_with(shown); });
}

}  // namespace

ToolCallReader::ToolCallReader(std::vector<std::string> names, std::function<bool(std::string_view)> on_text)
    : names_(std::move(names)), on_text_(std::move(on_text)) {}

bool ToolCallReader::say(std::string_view text) {
  if (text.empty() || !open_) return open_;
  text_ += text;
  if (on_text_ && !on_text_(text)) open_ = false;
  return open_;
}

bool ToolCallReader::take_calls(std::string_view json) {
  const auto parsed = base::OrderedJson::parse(trimmed(json), nullptr, false);
  const auto list = parsed.is_array() ? parsed : base::OrderedJson::array({parsed});
  std::vector<ToolCall> found;
  for (const auto& one : list) {
    if (!one.is_object() || !one.contains("name") || !one["name"].is_string()) return false;
    const auto name = one["name"].get<std::string>();
    if (std::find(names_.begin(), names_.end(), name) == names_.end()) return false;
    const auto arguments = one.contains("arguments") ? one["arguments"] : one.value("parameters", base::OrderedJson());
    if (!arguments.is_object() && !arguments.is_null()) return false;
    found.push_back({"", name, arguments.is_null() ? "{}" : base::dump_json(arguments)});
  }
  for (auto& call : found) {
    call.id = "call_" + std::to_string(calls_.size() + 1);
    calls_.push_back(std::move(call));
  }
  return !found.empty();
}

bool ToolCallReader::scan(bool end) {
  for (;;) {
    const size_t at = waiting_.find(kOpen);
    if (at != waiting_.npos) {
      const size_t close = waiting_.find(kClose, at);
      if (close == waiting_.npos && !end) {
        const std::string before = waiting_.substr(0, at);
        waiting_.erase(0, at);
        return say_words(before);
      }
      const size_t inner = at + kOpen.size();
      const std::string json = waiting_.substr(inner, close == waiting_.npos ? close : close - inner);
      const size_t behind = close == waiting_.npos ? waiting_.size() : close + kClose.size();
      const bool taken = take_calls(json);
      const std::string before = waiting_.substr(0, taken ? at : behind);
      waiting_.erase(0, behind);
      if (!say_words(before)) return false;
      continue;
    }
    if (!begun_ && calls_.empty() && may_be_calls(waiting_)) {
      if (!end) return true;
      std::string_view json = trimmed(waiting_);
      for (const auto mark : kWholeMarks)
        if (json.starts_with(mark)) json.remove_prefix(mark.size());
      if (!json.empty() && take_calls(json)) return true;
    }
    const size_t keep = end ? 0 : begins_at_end(waiting_, kOpen);
    std::string out = waiting_.substr(0, waiting_.size() - keep);
    waiting_.erase(0, out.size());
    return say_words(out);
  }
}

/// Blanks before and between calls are not said.
bool ToolCallReader::say_words(std::string_view text) {
  const bool blank = trimmed(text).empty();
  if (blank && (!begun_ || !calls_.empty())) return open_;
  begun_ = begun_ || !blank;
  return say(text);
}

bool ToolCallReader::push(std::string_view piece) {
  waiting_ += piece;
  return open_ && scan(false);
}

bool ToolCallReader::finish() { return open_ && scan(true); }

}  // namespace hanok::chain
