#include "chain/trace/traced_model.h"

#include <cstdio>

#include "chain/providers/openai.h"
#include "hanok/chains.h"

namespace hanok::chain {
namespace {

/// Keeps what it traces.
class Owning final : public TracedModel {
 public:
  explicit Owning(std::shared_ptr<const ChatModel> model) : TracedModel(*model), model_(std::move(model)) {}

 private:
  std::shared_ptr<const ChatModel> model_;  // shared with whoever opened it
};

/// What the model is asked beside the messages: what is not set is the model's own choice.
void set_request(OpenSpan& span, const ChatOptions& options) {
  const auto number = [](double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%g", value);
    return std::string(text);
  };
  if (options.temperature) span.set("gen_ai.request.temperature", number(static_cast<double>(*options.temperature)));
  if (options.seed) span.set("gen_ai.request.seed", std::to_string(*options.seed));
  if (options.max_tokens > 0) span.set("gen_ai.request.max_tokens", std::to_string(options.max_tokens));
  if (!options.tools.empty()) span.set("gen_ai.tool.definitions", tools_json(options.tools));
  if (!options.constraint.json_schema.empty()) span.set("hanok.json_schema", options.constraint.json_schema);
}

/// work(), whose error the span says.
template <class Work>
auto failing_told(OpenSpan& span, Work work) {
  try {
    return work();
  } catch (const std::exception& e) {
    span.fail(e.what());
    throw;
  }
}

std::string lines_of(std::span<const Message> messages) {
  std::string out;
  for (const Message& m : messages) out += m.role + ": " + m.text() + "\n";
  return out;
}

}  // namespace

ChatReply traced_chat(const ChatModel& model, std::span<const Message> messages, const ChatOptions& options) {
  if (dynamic_cast<const TracedModel*>(&model)) return model.chat(messages, options);  // it opens the span
  OpenSpan span("model " + model.name());
  if (!span.traced()) return model.chat(messages, options);
  // Names as OpenTelemetry's conventions for generative models have them.
  span.set("gen_ai.operation.name", "chat");
  span.set("gen_ai.request.model", model.name());
  set_request(span, options);
  span.set("gen_ai.input.messages", lines_of(messages));
  ChatReply reply = failing_told(span, [&] { return model.chat(messages, options); });
  span.set("gen_ai.output.messages", reply.text());
  for (const ToolCall& call : reply.message.tool_calls) span.set("gen_ai.tool.call", call.name + " " + call.arguments);
  span.set("gen_ai.response.finish_reasons", std::string(finish_name(reply.finish)));
  span.set("gen_ai.usage.input_tokens", std::to_string(reply.prompt_tokens));
  span.set("gen_ai.usage.output_tokens", std::to_string(reply.completion_tokens));
  return reply;
}

ChatReply TracedModel::chat(std::span<const Message> messages, const ChatOptions& options) const {
  return traced_chat(model_, messages, options);
}

std::vector<double> TracedModel::score(std::span<const Message> messages, std::span<const std::string> answers) const {
  OpenSpan span("score " + name());
  if (!span.traced()) return model_.score(messages, answers);
  span.set("gen_ai.operation.name", "score");  // the conventions have none for it
  span.set("gen_ai.request.model", name());
  span.set("gen_ai.input.messages", lines_of(messages));
  auto out = failing_told(span, [&] { return model_.score(messages, answers); });
  std::string said;
  for (size_t i = 0; i < out.size(); ++i) said += answers[i] + " " + std::to_string(out[i]) + "\n";
  span.set("gen_ai.output.messages", said);
  return out;
}

std::shared_ptr<const ChatModel> traced(std::shared_ptr<const ChatModel> model) {
  return std::make_shared<Owning>(std::move(model));
}

}  // namespace hanok::chain
