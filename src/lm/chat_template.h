// Messages -> the text that a model was trained on, by the model's own template.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/json.h"
#include "hanok/generate.h"
#include "text/template/template.h"

namespace hanok::lm {

class ChatTemplate {
 public:
  /// Throws Invalid where the template cannot be read.
  ChatTemplate(std::string source, std::string name, std::string bos, std::string eos);

  /// messages: [{"role", "content", ...}]; tools: a list of functions, or null. More variables by name in `more` (an
  /// object): enable_thinking and its like. Throws Invalid with the template's own words where it refuses.
  std::string render(const base::OrderedJson& messages, const base::OrderedJson& tools = nullptr,
                     bool add_generation_prompt = true, const base::OrderedJson& more = nullptr) const;

 private:
  text::Template template_;
  std::string name_, bos_, eos_;
};

/// A turn as templates want to see it: {"role", "content"} and, where they are there, "tool_calls" (their arguments as
/// an object) and "tool_call_id". Throws Invalid for arguments that are not JSON.
base::OrderedJson chat_message(const Turn& turn);

/// JSON with its keys in the order of the text, as templates print them. Throws as base::parse_json.
base::OrderedJson ordered_json(std::string_view text, const std::string& what);

/// A template for models that bring none, by the control tokens of their vocabulary; nothing where none is known.
std::optional<std::string> usual_template(const std::function<bool(std::string_view token)>& has);

}  // namespace hanok::lm
