// Which turns are told, and which become a summary.
#include <algorithm>
#include <array>
#include <numeric>
#include <set>

#include "base/json.h"
#include "chain/trace/traced_model.h"
#include "hanok/chain.h"
#include "hanok/chains.h"
#include "hanok/error.h"
#include "hanok/memory.h"
#include "hanok/text.h"
#include "text/trimmed.h"

namespace hanok::chain {
namespace {

using Entry = TurnLog::Entry;

constexpr std::array<std::pair<MemoryKind, std::string_view>, 6> kNames = {
    {{MemoryKind::Buffer, "buffer"},
     {MemoryKind::Window, "window"},
     {MemoryKind::Tokens, "tokens"},
     {MemoryKind::Summary, "summary"},
     {MemoryKind::SummaryBuffer, "summary-buffer"},
     {MemoryKind::Vector, "vector"}}};
constexpr size_t kBlock = 16;  // turns that are read at once, from the end

/// A summary and how many of the first turns it stands for.
struct Summarised {
  std::string text;
  size_t turns = 0;
};

Summarised read_note(const std::optional<std::string>& note) {
  if (!note) return {};
  const auto json = base::parse_json(*note, "summary of a conversation");
  return {json.value("text", ""), json.value("turns", size_t{0})};
}

std::string write_note(const Summarised& s) {
  return base::dump_json(base::OrderedJson{{"text", s.text}, {"turns", s.turns}});
}

/// "user: ...\nassistant: ...", calls and results too.
std::string lines_of(const ChatTurn& turn) {
  std::string out;
  for (const Message& m : turn) {
    out += (out.empty() ? "" : "\n") + m.role + ": " + m.text();
    for (const ToolCall& c : m.tool_calls) out += " [" + c.name + " " + c.arguments + "]";
  }
  return out;
}

void check_turn(std::span<const Message> turn) {
  if (turn.empty() || turn[0].role != "user")
    throw Error(Code::Invalid, "memory: a turn begins with a question (role user)");
  std::set<std::string> open;
  for (const Message& m : turn) {
    for (const ToolCall& c : m.tool_calls) open.insert(c.id);
    if (m.role == "tool") open.erase(m.tool_call_id);
  }
  if (!open.empty()) throw Error(Code::Invalid, "memory: the call " + *open.begin() + " of this turn has no result");
}

}  // namespace

MemoryKind memory_kind(std::string_view name) {
  std::string all;
  for (const auto& [kind, known] : kNames) {
    if (name == known) return kind;
    all += (all.empty() ? "" : ", ") + std::string(known);
  }
  throw Error(Code::Invalid, "memory '" + std::string(name) + "': there are " + all);
}

std::string_view memory_name(MemoryKind kind) {
  for (const auto& [known, name] : kNames)
    if (kind == known) return name;
  return "";
}

PromptTemplate default_summary_prompt() {
  return "Bring the summary of a conversation up to date with its next lines. Keep names, numbers and decisions; answer "
         "with the new summary alone, in the language of the conversation.\n\nSummary so far:\n{summary}\n\nNext "
         "lines:\n{new_lines}\n\nNew summary:";
}

std::vector<Message> Recall::prompt(std::string_view system, std::string question) const {
  std::vector<Message> out;
  std::string first(system);
  if (!summary.empty()) first += (first.empty() ? "" : "\n\n") + std::string(kConversationSoFar) + summary;
  if (!first.empty()) out.emplace_back("system", first);
  out.insert(out.end(), messages.begin(), messages.end());
  out.emplace_back("user", std::move(question));
  return out;
}

Memory::Memory(MemoryOptions options, std::shared_ptr<TurnLog> turns)
    : options_(std::move(options)), turns_(std::move(turns)) {
  const bool summary = options_.kind == MemoryKind::Summary || options_.kind == MemoryKind::SummaryBuffer;
  if (summary && !options_.model)
    throw Error(Code::Invalid, "memory: " + std::string(memory_name(options_.kind)) + " needs a model that summarises");
  if (options_.kind == MemoryKind::Vector && !options_.embedder)
    throw Error(Code::Invalid, "memory: vector needs an embedding model");
}

/// Makes one Recall.
struct Memory::Told {
  const Memory& memory;
  const MemoryOptions& options;
  TurnLog& log;
  Recall out;

  size_t tokens(const ChatTurn& turn) const {
    if (options.model) return options.model->count_tokens(std::span<const Message>(turn));
    size_t sum = 0;
    for (const Message& m : turn) sum += text::count_tokens(m.role) + text::count_tokens(m.text());
    return sum;
  }

  void tell(const std::vector<Entry>& entries) {
    for (const auto& e : entries) out.messages.insert(out.messages.end(), e.messages.begin(), e.messages.end());
    out.turns += entries.size();
  }

  /// The last turns from `first` on that have at most max_tokens together; returns the number of the first of them.
  size_t tell_by_tokens(size_t first) {
    const size_t size = log.size();
    std::vector<Entry> told;
    size_t from = size;
    for (bool room = true; room && from > first;) {
      const size_t begin = from > first + kBlock ? from - kBlock : first;
      auto block = log.read(begin, from - begin);
      if (block.empty()) break;  // cleared by somebody else meanwhile
      for (; room && !block.empty(); --from) {
        const size_t n = tokens(block.back().messages);
        room = out.tokens + n <= options.max_tokens;
        if (!room) break;
        out.tokens += n;
        told.push_back(std::move(block.back()));
        block.pop_back();
      }
    }
    std::reverse(told.begin(), told.end());
    tell(told);
    return from;
  }

  Message summary_prompt(const Summarised& so_far, std::span<const Entry> entries) const {
    std::string lines;
    for (const auto& e : entries) lines += (lines.empty() ? "" : "\n") + lines_of(e.messages);
    return {"user", options.summary_prompt.format({{"summary", so_far.text}, {"new_lines", lines}})};
  }

  /// With as many of the entries as the model's context holds beside its answer, one at least.
  Summarised add(const Summarised& so_far, std::span<const Entry> entries) const {
    const size_t context = options.model->context_tokens();
    Message prompt = summary_prompt(so_far, entries);
    const auto fits = [&] {
      return context == 0 ||
             options.model->count_tokens(std::span<const Message>(&prompt, 1)) + options.summary_answer.max_tokens <=
                 context;
    };
    while (entries.size() > 1 && !fits()) {
      entries = entries.first(entries.size() / 2);
      prompt = summary_prompt(so_far, entries);
    }
    const auto reply = traced_chat(*options.model, std::span(&prompt, 1), options.summary_answer);
    return {std::string(text::trimmed(reply.text())), so_far.turns + entries.size()};
  }

  /// A summary of the first `upto` turns at least. What another process has summarised meanwhile is taken.
  Summarised summary(size_t upto) {
    for (;;) {
      const auto note = log.note();
      const Summarised kept = read_note(note);
      if (kept.turns >= upto) return kept;
      const Summarised now = add(kept, log.read(kept.turns, upto - kept.turns));
      if (log.set_note(note, write_note(now)) && now.turns >= upto) return now;
    }
  }

  void nearest(std::string_view question) {
    auto entries = log.read(0, SIZE_MAX);
    std::vector<std::string> texts;
    std::vector<size_t> missing;
    for (size_t i = 0; i < entries.size(); ++i)
      if (entries[i].vector.empty()) texts.push_back(lines_of(entries[i].messages)), missing.push_back(i);
    if (!texts.empty()) {
      const Matrix rows = options.embedder->embed(texts, hanok::Prompt::Passage);
      for (size_t i = 0; i < missing.size(); ++i)
        entries[missing[i]].vector.assign(rows.row(i).begin(), rows.row(i).end());
    }
    const std::string asked(question);
    const Matrix row = options.embedder->embed(std::span(&asked, 1), hanok::Prompt::Query);
    std::vector<std::pair<float, size_t>> near;
    for (size_t i = 0; i < entries.size(); ++i) near.emplace_back(-cosine(row.row(0), entries[i].vector), i);
    const size_t k = std::min(options.k, near.size());
    std::partial_sort(near.begin(), near.begin() + static_cast<std::ptrdiff_t>(k), near.end());
    std::vector<size_t> chosen;
    for (size_t i = 0; i < k; ++i) chosen.push_back(near[i].second);
    std::sort(chosen.begin(), chosen.end());  // told in the order in which they were said
    std::vector<Entry> told;
    for (const size_t i : chosen) told.push_back(std::move(entries[i]));
    tell(told);
  }
};

Recall Memory::recall(std::string_view question) const {
  Told told{*this, options_, *turns_, {}};
  const size_t size = turns_->size();
  switch (options_.kind) {
    case MemoryKind::Buffer:
      told.tell(turns_->read(0, SIZE_MAX));
      break;
    case MemoryKind::Window:
      told.tell(turns_->read(size > options_.turns ? size - options_.turns : 0, SIZE_MAX));
      break;
    case MemoryKind::Tokens:
      told.tell_by_tokens(0);
      break;
    case MemoryKind::Summary: {
      const Summarised s = told.summary(size);
      told.out.summary = s.text, told.out.summarised = s.turns;
      break;
    }
    case MemoryKind::SummaryBuffer: {
      const size_t kept = read_note(turns_->note()).turns;
      const size_t first = told.tell_by_tokens(std::min(kept, size));
      const Summarised s = first > 0 ? told.summary(first) : Summarised{};
      told.out.summary = s.text, told.out.summarised = s.turns;
      break;
    }
    case MemoryKind::Vector:
      told.nearest(question);
      break;
  }
  const size_t known = told.out.turns + told.out.summarised;
  told.out.left_out = size > known ? size - known : 0;
  return std::move(told.out);
}

void Memory::save(std::span<const Message> turn) {
  check_turn(turn);
  TurnLog::Entry entry{{turn.begin(), turn.end()}, {}};
  if (options_.kind == MemoryKind::Vector) {
    const std::string said = lines_of(entry.messages);
    const Matrix row = options_.embedder->embed(std::span(&said, 1), hanok::Prompt::Passage);
    entry.vector.assign(row.row(0).begin(), row.row(0).end());
  }
  turns_->append(entry);
}

void Memory::save(std::string question, std::string answer) {
  const Message turn[] = {{"user", std::move(question)}, {"assistant", std::move(answer)}};
  save(turn);
}

std::vector<Message> Memory::messages() const {
  std::vector<Message> out;
  for (auto& e : turns_->read(0, SIZE_MAX)) out.insert(out.end(), e.messages.begin(), e.messages.end());
  return out;
}

ChatReply say(const ChatModel& model, Memory& memory, std::string question, const ChatOptions& options,
              std::string_view system, Recall* recalled) {
  const Recall recall = memory.recall(question);
  if (recalled) *recalled = recall;
  // A conversation of what is told: it leaves out what the model's context does not hold, and says so.
  const auto prompt = recall.prompt(system, question);
  const bool with_system = prompt[0].role == "system";
  Conversation told(with_system ? prompt[0].text() : "");
  for (const Message& m : recall.messages) told.add(m);
  ChatReply reply = told.say(TracedModel(model), question, options);
  const bool begun = reply.finish != ChatFinish::Cancelled || !reply.text().empty();
  if (begun) memory.save(std::move(question), reply.text());
  return reply;
}

}  // namespace hanok::chain
