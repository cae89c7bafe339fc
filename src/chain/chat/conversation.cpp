#include <algorithm>

#include "base/file.h"
#include "base/json.h"
#include "chain/chat/message_json.h"
#include "hanok/chat.h"
#include "hanok/error.h"

namespace hanok::chain {
namespace {

constexpr int kFormat = 1;
constexpr size_t kUsualAnswer = 512;  // tokens kept free where no limit is set, at most a quarter of the context
constexpr uint64_t kLongestFile = 256ull << 20;  // bytes

/// Reads with the place of what is wrong.
class Reader {
 public:
  explicit Reader(const std::filesystem::path& file) : file_(file.string()) {}

  Conversation read(const base::Json& json) const {
    if (!json.is_object()) bad("", "an object");
    const auto format = json.find("format");
    if (format == json.end() || !format->is_number_integer()) bad("format", "a number");
    if (format->get<int64_t>() > kFormat)
      throw Error(Code::Unsupported,
                  file_ + ": has format " + format->dump() + ", this version reads up to " + std::to_string(kFormat));
    Conversation out(text(json, "system", ""));
    const auto messages = json.find("messages");
    if (messages == json.end() || !messages->is_array()) bad("messages", "a list");
    for (size_t i = 0; i < messages->size(); ++i)
      out.add(read_message((*messages)[i], file_, "messages[" + std::to_string(i) + "]"));
    return out;
  }

 private:
  [[noreturn]] void bad(const std::string& where, const std::string& expected) const {
    throw Error(Code::Corrupt, file_ + (where.empty() ? "" : ": " + where) + ": " + expected + " was expected");
  }
  std::string text(const base::Json& object, const char* key, const std::string& where) const {
    const auto at = object.find(key);
    if (at == object.end() || !at->is_string()) bad(where + (where.empty() ? "" : ".") + key, "a text");
    return at->get<std::string>();
  }
  std::string file_;
};

}  // namespace

ChatReply Conversation::say(const ChatModel& model, std::string text, const ChatOptions& options, Overflow overflow) {
  const size_t before = messages_.size();
  messages_.emplace_back("user", std::move(text));
  try {
    ChatReply reply = go_on(model, options, overflow);
    if (messages_.size() == before + 1) messages_.resize(before);  // stopped before its first word
    return reply;
  } catch (...) {
    messages_.resize(before);
    throw;
  }
}

ChatReply Conversation::go_on(const ChatModel& model, const ChatOptions& options, Overflow overflow) {
  if (messages_.empty() || messages_.back().role == "assistant")
    throw Error(Code::Invalid, "chat: the conversation waits for a question, not for an answer");
  const Fitted fitted = fit(model, options.max_tokens, overflow);
  ChatReply reply = model.chat(fitted.messages, options);
  reply.dropped = fitted.dropped;
  const bool begun = reply.finish != ChatFinish::Cancelled || !reply.text().empty();
  if (begun) messages_.push_back(reply.message);
  return reply;
}

ChatReply Conversation::retry(const ChatModel& model, const ChatOptions& options, Overflow overflow) {
  const auto kept = messages_;
  const auto last =
      std::find_if(messages_.rbegin(), messages_.rend(), [](const Message& m) { return m.role == "user"; });
  if (last == messages_.rend()) throw Error(Code::Invalid, "chat: there is no question yet that could be asked again");
  std::string question = last->text();
  undo();
  try {
    ChatReply reply = say(model, std::move(question), options, overflow);
    if (messages_.size() < kept.size() && reply.text().empty()) messages_ = kept;  // stopped before its first word
    return reply;
  } catch (...) {
    messages_ = kept;
    throw;
  }
}

bool Conversation::undo() {
  const auto last =
      std::find_if(messages_.rbegin(), messages_.rend(), [](const Message& m) { return m.role == "user"; });
  if (last == messages_.rend()) return false;
  messages_.erase(last.base() - 1, messages_.end());
  return true;
}

Conversation::Fitted Conversation::fit(const ChatModel& model, size_t answer_tokens, Overflow overflow) const {
  const size_t context = model.context_tokens();
  const size_t room = std::min(answer_tokens ? answer_tokens : kUsualAnswer, context / 4);
  std::vector<size_t> starts{0};  // where a turn begins: with a question; what answers it goes with it
  for (size_t i = 1; i < messages_.size(); ++i)
    if (messages_[i].role == "user") starts.push_back(i);
  const auto from = [&](size_t start) {
    Fitted out{.messages = {}, .dropped = start};
    if (!system_.empty()) out.messages.emplace_back("system", system_);
    out.messages.insert(out.messages.end(), messages_.begin() + static_cast<ptrdiff_t>(start), messages_.end());
    if (context > 0) out.tokens = model.count_tokens(out.messages);  // 0: a server that does not say; it knows itself
    return out;
  };
  const auto fits = [&](const Fitted& f) { return context == 0 || f.tokens + room <= context; };
  Fitted out = from(0);
  if (fits(out)) return out;
  const std::string rest = ", and with " + std::to_string(room) + " kept free for the answer the context of " +
                           std::to_string(context) + " does not hold them; shorten it, or allow a longer context";
  if (overflow == Overflow::Error)
    throw Error(Code::Exhausted, "chat: the conversation has " + std::to_string(out.tokens) + " tokens" + rest);
  Fitted best = from(starts.back());
  if (!fits(best))
    throw Error(Code::Exhausted, "chat: the last message alone (with the system message) has " +
                                     std::to_string(best.tokens) + " tokens" + rest);
  // The fewer turns, the fewer tokens: the first start that fits, by halving.
  for (size_t low = 0, high = starts.size() - 1; low + 1 < high;) {
    const size_t middle = (low + high) / 2;
    Fitted f = from(starts[middle]);
    if (fits(f))
      best = std::move(f), high = middle;
    else
      low = middle;
  }
  return best;
}

void Conversation::save(const std::filesystem::path& file) const {
  base::OrderedJson json{{"format", kFormat}, {"system", system_}, {"messages", base::OrderedJson::array()}};
  for (const Message& m : messages_) json["messages"].push_back(message_json(m));
  base::write_file_atomic(file, base::dump_json(json, 1) + "\n");
}

Conversation Conversation::load(const std::filesystem::path& file) {
  const std::string bytes = base::read_file(file, kLongestFile);
  base::Json json;
  try {
    json = base::parse_json(bytes, file.string());
  } catch (const Error& e) {
    throw Error(Code::Corrupt, std::string(e.what()) + "; it is no conversation that hanok has saved");
  }
  return Reader(file).read(json);
}

}  // namespace hanok::chain
