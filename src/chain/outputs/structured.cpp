#include "hanok/outputs.h"

namespace hanok::chain::detail {

void ask_until_read(const ChatModel& model, Messages messages, const std::string& instructions,
                    const Constraint& constraint, const StructuredOptions& options,
                    const std::function<void(const std::string& answer)>& read) {
  (void)constraint;
  if (!messages.empty() && !instructions.empty()) {
    auto& parts = messages.back().parts;
    parts.push_back({Part::Kind::Text, "\n\n" + instructions});
  }
  for (size_t left = options.repairs;; --left) {
    const ChatReply reply = traced_chat(model, messages, options.answer);
    try {
      return read(reply.text());
    } catch (const Error& e) {
      if (e.code() != Code::Corrupt || left == 0) throw;
      messages.push_back(reply.message);
      messages.emplace_back("user", std::string("That cannot be read: ") + e.what() + "\n" + instructions);
    }
  }
}

}  // namespace hanok::chain::detail
