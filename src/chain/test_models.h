// Chat models that a test plays.
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "hanok/chat.h"
#include "hanok/error.h"
#include "hanok/text.h"

namespace hanok::test {

using chain::ChatOptions;
using chain::ChatReply;
using chain::Message;

inline ChatReply said(std::string text) { return {.message = {"assistant", std::move(text)}}; }

/// Answers as the test says, and keeps what it was asked. Counts words.
class Played : public chain::ChatModel {
 public:
  using Answer = std::function<ChatReply(std::span<const Message>, const ChatOptions&)>;
  explicit Played(Answer answer, size_t context = 0) : answer_(std::move(answer)), context_(context) {}
  /// Says these one after another; then it is Exhausted.
  explicit Played(std::deque<std::string> lines)
      : answer_([lines = std::move(lines)](auto, const auto&) mutable {
          if (lines.empty()) throw Error(Code::Exhausted, "played: there are no more answers");
          std::string line = std::move(lines.front());
          lines.pop_front();
          return said(std::move(line));
        }) {}

  std::string name() const override { return "played"; }
  size_t context_tokens() const override { return context_; }
  size_t count_tokens(std::string_view text) const override { return text::count_tokens(text); }
  using ChatModel::count_tokens;
  ChatReply chat(std::span<const Message> messages, const ChatOptions& options) const override {
    const std::scoped_lock lock(mutex_);
    asked.emplace_back(messages.begin(), messages.end());
    how.push_back(options);
    ChatReply reply = answer_(messages, options);
    if (options.on_text && reply.message.tool_calls.empty()) {  // letter by letter, as a stream comes
      const std::string text = reply.text();
      for (size_t i = 0; i < text.size(); ++i)
        if (!options.on_text(std::string_view(text).substr(i, 1))) {
          reply.message = {"assistant", text.substr(0, i + 1)};
          reply.finish = chain::ChatFinish::Cancelled;
          break;
        }
    }
    return reply;
  }
  mutable std::vector<std::vector<Message>> asked;
  mutable std::vector<ChatOptions> how;

 private:
  mutable std::mutex mutex_;
  mutable Answer answer_;
  size_t context_ = 0;
};

}  // namespace hanok::test
