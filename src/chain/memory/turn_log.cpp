// Where turns are kept.
#include <algorithm>
#include <mutex>

#include "base/hash.h"
#include "base/json.h"
#include "chain/chat/message_json.h"
#include "hanok/error.h"
#include "hanok/memory.h"

namespace hanok::chain {
namespace {

template <class T>
std::vector<T> part_of(const std::vector<T>& all, size_t from, size_t most) {
  from = std::min(from, all.size());
  const size_t to = from + std::min(most, all.size() - from);
  return {all.begin() + static_cast<std::ptrdiff_t>(from), all.begin() + static_cast<std::ptrdiff_t>(to)};
}

class InProcess final : public TurnLog {
 public:
  size_t size() const override {
    const std::scoped_lock lock(mutex_);
    return entries_.size();
  }
  std::vector<Entry> read(size_t from, size_t most) const override {
    const std::scoped_lock lock(mutex_);
    return part_of(entries_, from, most);
  }
  void append(const Entry& turn) override {
    const std::scoped_lock lock(mutex_);
    entries_.push_back(turn);
  }
  void clear() override {
    const std::scoped_lock lock(mutex_);
    entries_.clear(), note_.reset();
  }
  std::optional<std::string> note() const override {
    const std::scoped_lock lock(mutex_);
    return note_;
  }
  bool set_note(const std::optional<std::string>& expected, const std::string& note) override {
    const std::scoped_lock lock(mutex_);
    if (note_ != expected) return false;
    note_ = note;
    return true;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
  std::optional<std::string> note_;
};

std::string to_text(const TurnLog::Entry& turn) {
  base::OrderedJson json{{"messages", base::OrderedJson::array()}};
  for (const Message& m : turn.messages) json["messages"].push_back(message_json(m));
  if (!turn.vector.empty()) json["vector"] = turn.vector;
  return base::dump_json(json);
}

TurnLog::Entry from_text(const std::string& text, const std::string& what) {
  try {
    const auto json = base::parse_json(text, what);
    TurnLog::Entry out;
    for (const auto& m : json.at("messages")) out.messages.push_back(read_message(m, what, "messages"));
    if (json.contains("vector")) out.vector = json["vector"].get<std::vector<float>>();
    return out;
  } catch (const base::Json::exception& e) {
    throw Error(Code::Corrupt, what + ": is no turn of a conversation: " + e.what());
  }
}

class InJournal final : public TurnLog {
 public:
  InJournal(std::shared_ptr<store::Journal> journal, const std::string& session)
      : journal_(std::move(journal)), list_("memory/" + session), note_(list_ + "/summary") {
    if (!journal_) throw Error(Code::Invalid, "memory: there is no journal to keep it in");
    if (session.empty() || session.find('/') != session.npos)
      throw Error(Code::Invalid, "memory: session '" + session + "': a name without slashes was expected");
  }
  size_t size() const override { return journal_->size(list_); }
  std::vector<Entry> read(size_t from, size_t most) const override {
    std::vector<Entry> out;
    for (const auto& item : journal_->items(list_, from, most)) out.push_back(from_text(item.value, list_));
    return out;
  }
  void append(const Entry& turn) override { journal_->append(list_, {to_text(turn)}); }
  void clear() override { journal_->drop(list_); }
  std::optional<std::string> note() const override { return journal_->get(note_); }
  bool set_note(const std::optional<std::string>& expected, const std::string& note) override {
    return journal_->put_if(note_, expected, note);
  }

 private:
  std::shared_ptr<store::Journal> journal_;
  std::string list_, note_;
};

/// A conversation may be changed (undo, clear): a note says which turns it stands for, by their digest.
class OfConversation final : public TurnLog {
 public:
  OfConversation(Conversation& talk, std::shared_ptr<store::Journal> journal, const std::string& session)
      : talk_(talk), journal_(session.empty() ? nullptr : std::move(journal)), key_("memory/chats/" + session) {}

  size_t size() const override { return turns().size(); }
  std::vector<Entry> read(size_t from, size_t most) const override {
    std::vector<Entry> out;
    for (auto& turn : part_of(turns(), from, most)) out.push_back({std::move(turn), {}});
    return out;
  }
  void append(const Entry& turn) override {
    for (const Message& m : turn.messages) talk_.add(m);
  }
  void clear() override { talk_.clear(); }

  std::optional<std::string> note() const override {
    const auto kept = stored();
    if (!kept) return {};
    const auto json = base::parse_json(*kept, key_);
    const std::string note = json.value("note", "");
    return json.value("digest", "") == digest(note) ? std::optional(note) : std::nullopt;
  }
  // One Conversation belongs to one thread: there is nobody to be slower than.
  bool set_note(const std::optional<std::string>&, const std::string& note) override {
    const std::string kept = base::dump_json(base::Json{{"note", note}, {"digest", digest(note)}});
    if (journal_)
      journal_->put(key_, kept);
    else
      note_ = kept;
    return true;
  }

 private:
  std::optional<std::string> stored() const { return journal_ ? journal_->get(key_) : note_; }

  std::vector<ChatTurn> turns() const {
    std::vector<ChatTurn> out;
    for (const Message& m : talk_.messages()) {
      if (out.empty() || m.role == "user") out.emplace_back();
      out.back().push_back(m);
    }
    return out;
  }

  std::string digest(const std::string& note) const {
    const auto json = base::parse_json(note, key_);
    base::Sha256 hash;
    for (const auto& turn : part_of(turns(), 0, json.value("turns", size_t{0}))) hash.update(to_text({turn, {}}));
    return hash.hex();
  }

  Conversation& talk_;
  std::shared_ptr<store::Journal> journal_;
  std::string key_;
  std::optional<std::string> note_;
};

}  // namespace

std::shared_ptr<TurnLog> turns_in_process() { return std::make_shared<InProcess>(); }
std::shared_ptr<TurnLog> turns_in_journal(std::shared_ptr<store::Journal> journal, const std::string& session) {
  return std::make_shared<InJournal>(std::move(journal), session);
}
std::shared_ptr<TurnLog> turns_of(Conversation& conversation, std::shared_ptr<store::Journal> journal,
                                  const std::string& session) {
  return std::make_shared<OfConversation>(conversation, std::move(journal), session);
}

}  // namespace hanok::chain
