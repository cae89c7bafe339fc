// A chat model under a span, for callees that take a model by reference.
#pragma once

#include "hanok/chat.h"

namespace hanok::chain {

/// Does what `model` does, which must outlive it; chat() and score() under a span (traced_chat in hanok/chains.h).
class TracedModel : public ChatModel {
 public:
  explicit TracedModel(const ChatModel& model) : model_(model) {}
  std::string name() const override { return model_.name(); }
  size_t context_tokens() const override { return model_.context_tokens(); }
  size_t count_tokens(std::string_view text) const override { return model_.count_tokens(text); }
  size_t count_tokens(std::span<const Message> messages) const override { return model_.count_tokens(messages); }
  ChatReply chat(std::span<const Message> messages, const ChatOptions& options) const override;
  std::vector<double> score(std::span<const Message> messages, std::span<const std::string> answers) const override;

 private:
  const ChatModel& model_;
};

}  // namespace hanok::chain
