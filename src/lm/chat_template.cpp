#include "lm/chat_template.h"

#include <ctime>

#include "base/clock.h"
#include "hanok/error.h"
#include "text/template/library.h"

namespace hanok::lm {
namespace {

using text::jinja::Arguments;
using text::jinja::Dict;
using text::jinja::Value;

// The date, for templates that tell it to the model.
Value strftime_now(const Arguments& a) {
  if (a.positional.empty()) throw Error(Code::Invalid, "template: strftime_now needs a format");
  const auto now = static_cast<std::time_t>(base::now_ms() / 1000);
  std::tm local{};
  localtime_r(&now, &local);
  char out[256];
  return std::string(out, std::strftime(out, sizeof out, a.positional[0].text().c_str(), &local));
}

}  // namespace

ChatTemplate::ChatTemplate(std::string source, std::string name, std::string bos, std::string eos)
    : template_(text::Template::parse(std::move(source), name + " (chat template)")),
      name_(std::move(name)),
      bos_(std::move(bos)),
      eos_(std::move(eos)) {}

std::string ChatTemplate::render(const base::OrderedJson& messages, const base::OrderedJson& tools,
                                 bool add_generation_prompt, const base::OrderedJson& more) const {
  Dict v;
  v.set("messages", Value::of(messages));
  v.set("tools", Value::of(tools));
  v.set("documents", text::jinja::None{});
  v.set("add_generation_prompt", add_generation_prompt);
  if (!bos_.empty()) v.set("bos_token", bos_);
  if (!eos_.empty()) v.set("eos_token", eos_);
  v.set("strftime_now", text::jinja::Function(strftime_now));
  if (more.is_object())
    for (const auto& [key, value] : more.items()) v.set(key, Value::of(value));
  try {
    return template_.render(v);
  } catch (const Error& e) {
    const std::string what = e.what();
    if (!what.starts_with(text::jinja::kRaised)) throw;
    throw Error(e.code(),
                name_ + ": its chat template refuses these messages: " + what.substr(text::jinja::kRaised.size()));
  }
}

base::OrderedJson ordered_json(std::string_view text, const std::string& what) {
  base::parse_json(text, what);  // for its limits and its words
  return base::OrderedJson::parse(text);
}

base::OrderedJson chat_message(const Turn& turn) {
  base::OrderedJson out{{"role", turn.role}, {"content", turn.content}};
  for (const ToolCall& call : turn.tool_calls)
    out["tool_calls"].push_back({{"id", call.id},
                                 {"type", "function"},
                                 {"function",
                                  {{"name", call.name},
                                   {"arguments", ordered_json(call.arguments.empty() ? "{}" : call.arguments,
                                                              "arguments of a call of " + call.name)}}}});
  if (!turn.tool_call_id.empty()) out["tool_call_id"] = turn.tool_call_id;
  return out;
}

std::optional<std::string> usual_template(const std::function<bool(std::string_view)>& has) {
  if (has("<start_of_turn>"))  // Gemma: the system message goes into the first turn
    return "{{ bos_token }}{% set ns = namespace(system='') %}{% for m in messages %}{% if m.role == 'system' %}"
           "{% set ns.system = m.content | trim + '\n\n' %}{% else %}<start_of_turn>"
           "{{ 'model' if m.role == 'assistant' else m.role }}\n{{ ns.system }}{{ m.content | trim }}<end_of_turn>\n"
           "{% set ns.system = '' %}{% endif %}{% endfor %}"
           "{% if add_generation_prompt %}<start_of_turn>model\n{{ '' }}{% endif %}";
  if (has("<|im_start|>"))
    return "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{{ '' }}{% endfor %}"
           "{% if add_generation_prompt %}<|im_start|>assistant\n{{ '' }}{% endif %}";
  if (has("<|start_header_id|>"))
    return "{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n"
           "{{ m.content | trim }}<|eot_id|>{% endfor %}"
           "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{{ '' }}{% endif %}";
  return std::nullopt;
}

}  // namespace hanok::lm
