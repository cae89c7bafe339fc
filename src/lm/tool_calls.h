// What a model writes when it calls tools, read out of its text while it comes.
//
//   ToolCallParser parser(tool_style(chat_template));
//   show(parser.add(piece)); ... show(parser.finish());
//
// Styles, each with how a call looks behind the text:
//   Hermes    <tool_call>{"name": ..., "arguments": {...}}</tool_call>          Hermes, Qwen, SmolLM3, Granite 4
//   Llama     {"name": ..., "parameters": {...}} as the whole answer, or behind <|python_tag|>; several with ";"
//   Mistral   [TOOL_CALLS][{"name": ..., "arguments": {...}, "id": ...}]; newer ones [TOOL_CALLS]name[ARGS]{...}
//   Granite   <|tool_call|>[{"name": ..., "arguments": {...}}]
//   Command   <|START_ACTION|>[{"tool_name": ..., "parameters": {...}}]<|END_ACTION|>
//   DeepSeek  <｜tool▁call▁begin｜>function<｜tool▁sep｜>name, a fenced block of JSON, <｜tool▁call▁end｜>
// Any takes whichever marker comes, and an answer that is nothing but the JSON of calls.
// Markers inside <think>...</think> are thoughts and no calls. Some markers are special tokens: generate with
// GenerateOptions::keep_special.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hanok/generate.h"

namespace hanok::lm {

enum class ToolStyle { None, Hermes, Llama, Mistral, Granite, Command, DeepSeek, Any };

/// The style that a chat template teaches; None where it knows no tools, or in a way that is not known here.
ToolStyle tool_style(std::string_view chat_template);
std::string_view name(ToolStyle style);

/// How one call is written: before + name + between + arguments + after. The name stands in a JSON string where
/// `quoted`.
struct CallForm {
  std::string_view before, between, after;
  bool quoted = true;
};
/// In the way that a template of this style teaches (None, Any: as bare JSON); the parser reads it back.
CallForm call_form(ToolStyle style, std::string_view chat_template);

/// What has become certain.
struct ToolPiece {
  std::string text;  // of the answer; a call that is none is given out as it was written
  std::vector<ToolCall> calls;
  std::vector<std::string> faults;  // why something that began like a call is none: "... expected, ... found"
};

class ToolCallParser {
 public:
  /// names: of the tools that may be called; a call of another is a fault. Empty: any.
  explicit ToolCallParser(ToolStyle style, std::vector<std::string> names = {});
  ToolPiece add(std::string_view text);
  /// At the end of the text. A call whose JSON is complete counts though its closing marker is missing.
  ToolPiece finish();
  /// Whether the text so far ends within a call, or what may become one.
  bool within_call() const { return in_call_; }

 private:
  enum class Outcome { More, Done, Fault };
  void run(ToolPiece& out, bool last);
  Outcome call(ToolPiece& out, bool last, size_t& used, std::string& fault);
  bool begins_bare() const;

  ToolStyle style_, current_;  // current_: of the call that is being read
  std::vector<std::string> names_;
  std::string held_;   // not given out: a possible marker, or a call from its marker on
  std::string blank_;  // blanks at the very beginning, which are said if no call follows them
  bool in_call_ = false, thinking_ = false, bare_ = false, said_ = false, called_ = false;
};

/// A whole answer at once.
ToolPiece parse_tool_calls(ToolStyle style, std::string_view text);

}  // namespace hanok::lm
