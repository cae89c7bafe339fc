// How an agent's model is told of its tools, and how what it writes is read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hanok/agents.h"

namespace hanok::chain {

/// What a model wants next: calls, or to answer.
struct Move {
  std::string thought, answer;
  bool answers = false;
  std::vector<ToolCall> calls;
};

/// The tools, their schemas and the moves that may be made with them.
class AgentProtocol {
 public:
  /// Throws Invalid for two tools of one name or a name that no tool may have.
  explicit AgentProtocol(const Toolbox& tools);

  /// A line each: name, description, parameters.
  std::string described() const;
  /// A React step as a JSON schema: thought and action with input by the tool's schema, or thought and answer.
  /// may_act false: an answer alone. Schemas that cannot bind a text are replaced by "an object" (see notes()).
  std::string step_schema(bool may_act) const;
  /// As the tools have them.
  std::vector<Tool> definitions() const;
  /// The definitions with schemas that can bind, and one more tool: the answer.
  std::vector<Tool> functions(bool may_act) const;
  const std::vector<std::string>& notes() const { return notes_; }

  /// Reads a React step: the JSON object, or the lines "Thought:", "Action:", "Action Input:", "Final Answer:". Nothing
  /// where it is neither; `why` says what was wrong.
  std::optional<Move> read_step(const std::string& text, std::string& why) const;
  /// A reply that calls functions; without any it is the answer.
  Move read_calls(const ChatReply& reply) const;

  /// nullptr: there is none.
  const AgentTool* find(const std::string& name) const;

  static constexpr const char* kAnswer = "final_answer";

 private:
  struct Entry {
    std::shared_ptr<const AgentTool> tool;
    std::string bound;  // the schema that binds its input
  };
  std::optional<Move> read_json(const std::string& text, std::string& why) const;
  std::optional<Move> read_lines(const std::string& text, std::string& why) const;

  std::vector<Entry> entries_;
  std::vector<std::string> notes_;
};

}  // namespace hanok::chain
