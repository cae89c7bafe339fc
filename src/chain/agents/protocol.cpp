#include "chain/agents/protocol.h"

#include <algorithm>
#include <set>

#include "base/json.h"
#include "chain/outputs/find_json.h"
#include "hanok/error.h"
#include "lm/grammar/json_schema.h"
#include "text/trimmed.h"

namespace hanok::chain {
namespace {

using base::OrderedJson;

constexpr size_t kLongestThought = 240, kLongestAnswer = 800;  // characters that a bound step may have

const OrderedJson kObject{{"type", "object"}};

OrderedJson text_of(size_t most) { return {{"type", "string"}, {"minLength", 1}, {"maxLength", most}}; }

OrderedJson closed_object(const OrderedJson& properties) {
  OrderedJson required = OrderedJson::array();
  for (const auto& [key, value] : properties.items()) required.push_back(key);
  return {{"type", "object"}, {"properties", properties}, {"required", required}, {"additionalProperties", false}};
}

bool good_name(const std::string& name) {
  constexpr size_t kLongest = 64;
  return !name.empty() && name.size() <= kLongest && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  });
}

std::string trimmed(std::string_view text) { return std::string(text::trimmed(text)); }

std::string string_at(const OrderedJson& json, const char* key) {
  const auto at = json.find(key);
  if (at == json.end()) return {};
  return at->is_string() ? at->get<std::string>() : base::dump_json(*at);
}

}  // namespace

AgentProtocol::AgentProtocol(const Toolbox& tools) {
  std::set<std::string> names{kAnswer};
  for (const auto& tool : tools) {
    const Tool& d = tool->definition();
    if (!good_name(d.name))
      throw Error(Code::Invalid,
                  "agent: '" + d.name.substr(0, 80) +
                      "' is no name of a tool; up to 64 letters, digits, '_', '-' and '.' were expected");
    if (!names.insert(d.name).second) throw Error(Code::Invalid, "agent: there are two tools named " + d.name);
    Entry entry{tool, d.parameters};
    try {
      (void)lm::grammar::schema_rules(d.parameters);
    } catch (const Error& e) {
      entry.bound = kObject.dump();
      notes_.push_back("the input of " + d.name + " is checked, not bound: " + e.what());
    }
    entries_.push_back(std::move(entry));
  }
}

std::string AgentProtocol::described() const {
  std::string out;
  for (const auto& e : entries_) {
    const Tool& d = e.tool->definition();
    out += "- " + d.name + ": " + d.description + " Input: " + d.parameters + "\n";
  }
  return out;
}

std::string AgentProtocol::step_schema(bool may_act) const {
  OrderedJson choices = OrderedJson::array();
  if (may_act)
    for (const auto& e : entries_)
      choices.push_back(closed_object({{"thought", text_of(kLongestThought)},
                                       {"action", {{"const", e.tool->definition().name}}},
                                       {"input", OrderedJson::parse(e.bound)}}));
  const auto answer = closed_object({{"thought", text_of(kLongestThought)}, {"answer", text_of(kLongestAnswer)}});
  if (choices.empty()) return answer.dump();
  choices.push_back(answer);
  return OrderedJson{{"anyOf", choices}}.dump();
}

std::vector<Tool> AgentProtocol::definitions() const {
  std::vector<Tool> out;
  for (const auto& e : entries_) out.push_back(e.tool->definition());
  return out;
}

std::vector<Tool> AgentProtocol::functions(bool may_act) const {
  std::vector<Tool> out;
  if (may_act)
    for (const auto& e : entries_) {
      out.push_back(e.tool->definition());
      out.back().parameters = e.bound;
    }
  out.push_back({kAnswer, "Gives the user the final answer. Call this when you know it.",
                 closed_object({{"answer", text_of(kLongestAnswer)}}).dump()});
  return out;
}

const AgentTool* AgentProtocol::find(const std::string& name) const {
  for (const auto& e : entries_)
    if (e.tool->definition().name == name) return e.tool.get();
  return nullptr;
}

Move AgentProtocol::read_calls(const ChatReply& reply) const {
  Move out{.thought = trimmed(reply.text())};
  for (const ToolCall& call : reply.message.tool_calls) {
    if (call.name != kAnswer) {
      out.calls.push_back(call);
      continue;
    }
    const auto json = OrderedJson::parse(call.arguments, nullptr, false);
    out.answer = json.is_object() ? string_at(json, "answer") : call.arguments;
    out.answers = true;
  }
  if (out.answers) out.calls.clear();
  if (reply.message.tool_calls.empty() && !out.thought.empty()) {
    out.answer = std::move(out.thought);
    out.thought.clear();
    out.answers = true;
  }
  return out;
}

std::optional<Move> AgentProtocol::read_step(const std::string& text, std::string& why) const {
  if (auto move = read_json(text, why)) return move;
  return read_lines(text, why);
}

std::optional<Move> AgentProtocol::read_json(const std::string& text, std::string& why) const {
  try {
    const auto found = find_json(text);
    (void)base::parse_json(found, "step");
    const auto json = OrderedJson::parse(found);
    if (!json.is_object()) return why = "a JSON object was expected", std::nullopt;
    Move out{.thought = string_at(json, "thought")};
    if (json.contains("answer")) {
      out.answer = string_at(json, "answer");
      out.answers = true;
      return out;
    }
    if (!json.contains("action")) return why = "it has neither \"action\" nor \"answer\"", std::nullopt;
    const std::string input = json.contains("input") ? base::dump_json(json["input"]) : "{}";
    out.calls.push_back({"", string_at(json, "action"), input});
    return out;
  } catch (const Error& e) {
    why = e.what();
  }
  return {};
}

// The classical form, which models have seen in books. An answer beside an action is neither.
std::optional<Move> AgentProtocol::read_lines(const std::string& text, std::string& why) const {
  const auto behind = [&](std::string_view mark) -> std::optional<size_t> {
    const size_t at = text.find(mark);
    if (at == text.npos || (at > 0 && text[at - 1] != '\n' && text[at - 1] != ' ')) return {};
    return at + mark.size();
  };
  const auto thought = behind("Thought:"), action = behind("Action:"), input = behind("Action Input:"),
             answer = behind("Final Answer:");
  if (action && answer) return why = "an action and a final answer at once", std::nullopt;
  Move out;
  if (thought) out.thought = trimmed(std::string_view(text).substr(*thought, text.find('\n', *thought) - *thought));
  if (answer) {
    out.answer = trimmed(std::string_view(text).substr(*answer));
    out.answers = true;
    return out;
  }
  if (!action) return {};  // `why` is that of the JSON
  if (!input) return why = "'Action Input:' is missing behind 'Action:'", std::nullopt;
  std::string given = trimmed(std::string_view(text).substr(*input, text.find("Observation:", *input) - *input));
  const std::string name = trimmed(std::string_view(text).substr(*action, text.find('\n', *action) - *action));
  const auto json = OrderedJson::parse(given, nullptr, false);
  if (!json.is_object()) {  // a bare text is the one parameter of a tool that has one
    const AgentTool* tool = find(name);
    const auto schema = OrderedJson::parse(tool ? tool->definition().parameters : "", nullptr, false);
    const auto properties = schema.find("properties");
    if (properties != schema.end() && properties->is_object() && properties->size() == 1)
      given = base::dump_json(OrderedJson{{properties->begin().key(), given}});
  }
  out.calls.push_back({"", name, given});
  return out;
}

}  // namespace hanok::chain
