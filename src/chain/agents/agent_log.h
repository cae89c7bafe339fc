// The log of an agent's run: a JSON object a line (docs/formats/agent-log.md).
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "hanok/agents.h"
#include "hanok/error.h"

namespace hanok::chain {

class AgentLog {
 public:
  explicit AgentLog(std::function<void(const std::string&)> write) : write_(std::move(write)) {}
  void start(const std::string& question, const AgentOptions& options, const std::vector<Tool>& tools) const;
  /// dropped: steps that were left out of what was asked since the reply before.
  void reply(std::span<const Message> asked, const ChatReply& reply, size_t dropped) const;
  /// A way of asking that the model could not take.
  void refused(std::span<const Message> asked, const Error& error, size_t dropped) const;
  void call(const AgentStep& step) const;
  void end(const AgentRun& run) const;

 private:
  std::function<void(const std::string&)> write_;
};

/// Gives back what a log says, event by event, and compares what leads there.
class AgentReplay {
 public:
  /// Throws Corrupt, Unsupported (of a newer hanok).
  explicit AgentReplay(std::string_view log);
  const std::string& question() const { return question_; }
  const AgentOptions& options() const { return options_; }
  Toolbox tools() const;

  /// Steps that were left out before the next reply.
  size_t dropped();
  /// Throws what the model threw, Corrupt where it was asked something else.
  ChatReply reply(std::span<const Message> asked);
  /// Fills in observation and failed. Throws Corrupt where another call was made.
  void call(AgentStep& step);
  /// Whether nothing is left but the end, at the limit of time.
  bool ended_by_time() const;
  /// Throws Corrupt where the run ended otherwise.
  void end(const AgentRun& run);

 private:
  struct Event {
    size_t line = 0;
    base::OrderedJson json;
  };
  [[noreturn]] void bad(const Event& event, const std::string& why) const;
  const Event& next(const char* kind);

  std::vector<Event> events_;
  size_t at_ = 0;
  std::string question_;
  AgentOptions options_;
  std::vector<Tool> tools_;
};

/// SHA-256 of what a model is told.
std::string messages_digest(std::span<const Message> messages);

}  // namespace hanok::chain
