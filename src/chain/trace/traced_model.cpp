#include "chain/trace/traced_model.h"

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
  span.set("gen_ai.input.messages", lines_of(messages));
  ChatReply reply = model.chat(messages, options);
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

std::shared_ptr<const ChatModel> traced(std::shared_ptr<const ChatModel> model) {
  return std::make_shared<Owning>(std::move(model));
}

}  // namespace hanok::chain
