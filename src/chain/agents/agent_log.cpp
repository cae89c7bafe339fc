#include "chain/agents/agent_log.h"

#include "base/hash.h"
#include "base/json.h"
#include "chain/chat/message_json.h"

namespace hanok::chain {

using base::OrderedJson;

std::string messages_digest(std::span<const Message> messages) {
  OrderedJson all = OrderedJson::array();
  for (const Message& m : messages) all.push_back(message_json(m));
  return base::sha256_hex(base::dump_json(all));
}

void AgentLog::start(const std::string& question, const AgentOptions& options, const std::vector<Tool>& tools) const {
  if (!write_) return;
  OrderedJson list = OrderedJson::array();
  for (const Tool& t : tools)
    list.push_back({{"name", t.name}, {"description", t.description}, {"parameters", t.parameters}});
  write_(base::dump_json(OrderedJson{{"event", "start"},
                                     {"format", 1},
                                     {"question", question},
                                     {"kind", agent_kind_name(options.kind)},
                                     {"system", options.system},
                                     {"prompts",
                                      {{"steps", options.prompts.steps},
                                       {"unread", options.prompts.unread.text()},
                                       {"again", options.prompts.again},
                                       {"limit", options.prompts.limit}}},
                                     {"max_steps", options.max_steps},
                                     {"max_tokens", options.max_tokens},
                                     {"answer_tokens", options.answer.max_tokens},
                                     {"observation_tokens", options.observation_tokens},
                                     {"answer_at_limit", options.answer_at_limit},
                                     {"tools", list}}));
}

void AgentLog::reply(std::span<const Message> asked, const ChatReply& reply, size_t dropped) const {
  if (!write_) return;
  write_(base::dump_json(OrderedJson{{"event", "reply"},
                                     {"asked", messages_digest(asked)},
                                     {"dropped", dropped},
                                     {"message", message_json(reply.message)},
                                     {"prompt_tokens", reply.prompt_tokens},
                                     {"completion_tokens", reply.completion_tokens}}));
}

void AgentLog::refused(std::span<const Message> asked, const Error& error, size_t dropped) const {
  if (!write_) return;
  write_(base::dump_json(OrderedJson{{"event", "refused"},
                                     {"asked", messages_digest(asked)},
                                     {"dropped", dropped},
                                     {"code", code_name(error.code())},
                                     {"error", error.what()}}));
}

void AgentLog::call(const AgentStep& step) const {
  if (!write_) return;
  write_(base::dump_json(OrderedJson{{"event", "call"},
                                     {"tool", step.tool},
                                     {"input", step.input},
                                     {"observation", step.observation},
                                     {"failed", step.failed}}));
}

void AgentLog::end(const AgentRun& run) const {
  if (!write_) return;
  write_(base::dump_json(OrderedJson{{"event", "end"},
                                     {"answer", run.answer},
                                     {"stopped", stop_name(run.stopped)},
                                     {"kind", agent_kind_name(run.kind)},
                                     {"unparsable", run.unparsable}}));
}

}  // namespace hanok::chain
