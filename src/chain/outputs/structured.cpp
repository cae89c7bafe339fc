#include "hanok/outputs.h"

namespace hanok::chain::detail {
namespace {

bool any(const Constraint& c) { return !c.json_schema.empty() || !c.regex.empty() || !c.grammar.empty(); }

void instruct(Messages& messages, const std::string& instructions) {
  if (messages.empty() || instructions.empty()) return;
  messages.back().parts.push_back({Part::Kind::Text, "\n\n" + instructions});
}

}  // namespace

void ask_until_read(const ChatModel& model, Messages messages, const std::string& instructions,
                    const Constraint& constraint, const StructuredOptions& options,
                    const std::function<void(const std::string& answer)>& read) {
  ChatOptions answer = options.answer;
  instruct(messages, instructions);
  if (any(constraint)) answer.constraint = constraint;
  for (size_t left = options.repairs;;) {
    ChatReply reply;
    try {
      reply = traced_chat(model, messages, answer);
    } catch (const Error& e) {
      // A server that cannot bind its answers, or does not keep to it: it is asked, and told what was wrong.
      const bool unbound = e.code() == Code::Unsupported || e.code() == Code::Unavailable;
      if (!unbound || !any(answer.constraint)) throw;
      answer.constraint = {};
      continue;
    }
    try {
      return read(reply.text());
    } catch (const Error& e) {
      if (e.code() != Code::Corrupt || left == 0) throw;
      --left;
      messages.push_back(reply.message);
      messages.emplace_back("user", std::string(kCannotBeRead) + e.what() + "\n" + instructions);
    }
  }
}

}  // namespace hanok::chain::detail
