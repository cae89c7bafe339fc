#include <sstream>

#include "chain/agents/agent_log.h"
#include "chain/chat/message_json.h"

namespace hanok::chain {
namespace {

constexpr int kFormat = 1;

Code code_named(const std::string& name) {
  for (const Code c : {Code::Unsupported, Code::Unavailable, Code::Corrupt})
    if (code_name(c) == name) return c;
  return Code::Internal;
}

}  // namespace

AgentReplay::AgentReplay(std::string_view log) {
  std::istringstream lines{std::string(log)};
  size_t n = 0;
  for (std::string line; std::getline(lines, line);) {
    ++n;
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    const std::string what = "agent log, line " + std::to_string(n);
    try {
      (void)base::parse_json(line, what);
      events_.push_back({n, base::OrderedJson::parse(line)});
    } catch (const Error& e) {
      throw Error(Code::Corrupt, e.what());
    }
    if (!events_.back().json.is_object()) bad(events_.back(), "an event was expected");
  }
  try {
    const auto& start = next("start").json;
    if (start.at("format").get<int>() > kFormat)
      throw Error(Code::Unsupported, "agent log: has format " + start.at("format").dump() + ", this hanok reads " +
                                         std::to_string(kFormat));
    question_ = start.at("question").get<std::string>();
    options_.kind = agent_kind(start.at("kind").get<std::string>());
    options_.system = start.at("system").get<std::string>();
    if (const auto prompts = start.find("prompts"); prompts != start.end())  // logs before had the defaults
      options_.prompts = {prompts->at("steps").get<std::string>(), prompts->at("unread").get<std::string>(),
                          prompts->at("again").get<std::string>(), prompts->at("limit").get<std::string>()};
    options_.max_steps = start.at("max_steps").get<size_t>();
    options_.max_tokens = start.at("max_tokens").get<size_t>();
    options_.answer.max_tokens = start.at("answer_tokens").get<size_t>();
    options_.observation_tokens = start.at("observation_tokens").get<size_t>();
    options_.answer_at_limit = start.at("answer_at_limit").get<bool>();
    for (const auto& t : start.at("tools"))
      tools_.push_back({t.at("name").get<std::string>(), t.at("description").get<std::string>(),
                        t.at("parameters").get<std::string>()});
  } catch (const base::OrderedJson::exception& e) {
    throw Error(Code::Corrupt, std::string("agent log: its start is none: ") + e.what());
  }
}

void AgentReplay::bad(const Event& event, const std::string& why) const {
  throw Error(Code::Corrupt, "agent log, line " + std::to_string(event.line) + ": " + why);
}

const AgentReplay::Event& AgentReplay::next(const char* kind) {
  if (at_ >= events_.size())
    throw Error(Code::Corrupt, std::string("agent log: it ends where the event '") + kind +
                                   "' was expected: the run was interrupted, or the file was cut");
  const Event& event = events_[at_++];
  const std::string found = event.json.value("event", "");
  const bool model = std::string_view(kind) == "reply" && found == "refused";
  if (found != kind && !model) bad(event, std::string("a ") + kind + " was expected, found '" + found + "'");
  return event;
}

Toolbox AgentReplay::tools() const {
  Toolbox out;
  for (const Tool& t : tools_)
    out.push_back(make_tool(
        t, [](const std::string&) -> std::string { throw Error(Code::Internal, "replay: a tool was called"); }));
  return out;
}

size_t AgentReplay::dropped() { return at_ < events_.size() ? events_[at_].json.value("dropped", size_t{0}) : 0; }

ChatReply AgentReplay::reply(std::span<const Message> asked) {
  const Event& event = next("reply");
  if (event.json.value("asked", "") != messages_digest(asked)) bad(event, "the model was told something else");
  if (event.json.value("event", "") == "refused")
    throw Error(code_named(event.json.value("code", "")), event.json.value("error", ""));
  if (!event.json.contains("message")) bad(event, "its message is missing");
  return {.message = read_message(base::Json(event.json["message"]), "agent log", "message"),
          .prompt_tokens = event.json.value("prompt_tokens", size_t{0}),
          .completion_tokens = event.json.value("completion_tokens", size_t{0})};
}

void AgentReplay::call(AgentStep& step) {
  const Event& event = next("call");
  if (event.json.value("tool", "") != step.tool || event.json.value("input", "") != step.input)
    bad(event, "another call was made: " + step.tool + " " + step.input);
  step.observation = event.json.value("observation", "");
  step.failed = event.json.value("failed", false);
}

bool AgentReplay::ended_by_time() const {
  return at_ + 1 == events_.size() && events_[at_].json.value("event", "") == "end" &&
         events_[at_].json.value("stopped", "") == stop_name(AgentStop::Time);
}

void AgentReplay::end(const AgentRun& run) {
  const Event& event = next("end");
  if (event.json.value("answer", "") != run.answer || event.json.value("stopped", "") != stop_name(run.stopped))
    bad(event, "the run ended otherwise: " + run.answer);
}

}  // namespace hanok::chain
