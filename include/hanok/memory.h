// What a conversation remembers of itself. Part of the door of room `chain`.
//
//   chain::Memory memory({.kind = chain::MemoryKind::Window, .turns = 3}, store::Journal::open(folder), "trip");
//   const auto reply = chain::say(*model, memory, "And in winter?");      // told with the last three turns, and kept
//
// A turn is a question with all that answers it, calls of tools and their results too: it is remembered or left out as
// a whole. Nothing is ever forgotten from what is kept; Recall says what of it the model is not told.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hanok/chat.h"
#include "hanok/journal.h"
#include "hanok/prompts.h"

namespace hanok::chain {

class EmbeddingModel;  // hanok/chain.h

enum class MemoryKind {
  Buffer,         // everything
  Window,         // the last turns
  Tokens,         // the last turns that together have so many tokens
  Summary,        // a summary of everything, brought up to date by a model
  SummaryBuffer,  // the last turns that have so many tokens, and a summary of those before
  Vector,         // the turns that are nearest in meaning to the question
};
/// "buffer", "window", "tokens", "summary", "summary-buffer", "vector". Throws Invalid for another.
MemoryKind memory_kind(std::string_view name);
std::string_view memory_name(MemoryKind kind);

/// How turns become a summary: {summary} so far, {new_lines} to go into it.
PromptTemplate default_summary_prompt();

struct MemoryOptions {
  MemoryKind kind = MemoryKind::Buffer;
  size_t turns = 5;          // Window
  size_t max_tokens = 2000;  // Tokens, SummaryBuffer; counted by `model`, without one by text::count_tokens
  size_t k = 4;              // Vector
  std::shared_ptr<const ChatModel> model = {};  // writes summaries
  const EmbeddingModel* embedder = nullptr;     // Vector; must outlive the memory
  PromptTemplate summary_prompt = default_summary_prompt();
  ChatOptions summary_answer = {.temperature = 0.0f, .max_tokens = 300};
};

using ChatTurn = std::vector<Message>;

/// Before the summary, behind the system message.
inline constexpr std::string_view kConversationSoFar = "The conversation so far: ";

/// What the model is told of a conversation, and what not.
struct Recall {
  std::vector<Message> messages;  // of the turns that are told, in their order
  std::string summary;            // of turns that are not; empty: there is none
  size_t turns = 0;               // that are told
  size_t summarised = 0;          // that the summary stands for
  size_t left_out = 0;            // that are neither told nor summarised
  size_t tokens = 0;              // of messages, where they were counted

  /// A whole prompt: the system message with the summary, the messages, the question.
  std::vector<Message> prompt(std::string_view system, std::string question) const;
};

/// Where the turns of one conversation are kept, and a note beside them. Safe to call from several threads.
class TurnLog {
 public:
  virtual ~TurnLog() = default;
  virtual size_t size() const = 0;
  struct Entry {
    ChatTurn messages;
    std::vector<float> vector;  // of what was said; empty: it was not embedded
  };
  /// Those numbered `from` and higher, at most `most`.
  virtual std::vector<Entry> read(size_t from, size_t most) const = 0;
  virtual void append(const Entry& turn) = 0;
  virtual void clear() = 0;
  /// A text that is replaced only where it still is `expected`; false where somebody else was faster.
  virtual std::optional<std::string> note() const = 0;
  virtual bool set_note(const std::optional<std::string>& expected, const std::string& note) = 0;
};
/// Gone with the object.
std::shared_ptr<TurnLog> turns_in_process();
/// In a journal, under the session's name: several threads and processes may go on with it.
std::shared_ptr<TurnLog> turns_in_journal(std::shared_ptr<store::Journal> journal, const std::string& session);
/// Of a Conversation, which must outlive the log. Its note is kept under `session` where there is a journal, and holds
/// as long as the turns that it stands for are unchanged.
std::shared_ptr<TurnLog> turns_of(Conversation& conversation, std::shared_ptr<store::Journal> journal = nullptr,
                                  const std::string& session = {});

/// Safe to call from several threads and processes; two that summarise at once both have a right summary, and one is
/// kept.
class Memory {
 public:
  /// Throws Invalid where the kind needs a model or an embedder and there is none.
  explicit Memory(MemoryOptions options = {}, std::shared_ptr<TurnLog> turns = turns_in_process());
  Memory(MemoryOptions options, std::shared_ptr<store::Journal> journal, const std::string& session)
      : Memory(std::move(options), turns_in_journal(std::move(journal), session)) {}

  /// What to tell a model that is asked `question` next. Summaries are brought up to date here, which asks the model:
  /// throws what it throws.
  Recall recall(std::string_view question = {}) const;
  /// Keeps a turn. Throws Invalid where a call has no result, or the turn does not begin with a question.
  void save(std::span<const Message> turn);
  void save(std::string question, std::string answer);
  /// Everything that was ever said.
  std::vector<Message> messages() const;
  size_t turns() const { return turns_->size(); }
  void clear() { turns_->clear(); }

 private:
  struct Told;
  MemoryOptions options_;
  std::shared_ptr<TurnLog> turns_;  // shared: conversations are gone on with elsewhere
};

/// Asks with what the memory recalls, and keeps question and answer; where an error is thrown nothing is kept.
/// `recalled` gets what was told.
ChatReply say(const ChatModel& model, Memory& memory, std::string question, const ChatOptions& options = {},
              std::string_view system = {}, Recall* recalled = nullptr);

}  // namespace hanok::chain
