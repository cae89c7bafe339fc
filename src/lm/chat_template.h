// Messages -> the text that a model was trained on, by the model's own template.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/json.h"
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

/// A template for models that bring none, by the control tokens of their vocabulary; nothing where none is known.
std::optional<std::string> usual_template(const std::function<bool(std::string_view token)>& has);

}  // namespace hanok::lm
