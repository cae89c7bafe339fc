#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/threads.h"
#include "chain/test_letters.h"
#include "chain/test_models.h"
#include "hanok/error.h"
#include "hanok/memory.h"

namespace hanok::chain {
namespace {

using test::Played;
using test::said;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> texts(const std::vector<Message>& messages) {
  std::vector<std::string> out;
  for (const auto& m : messages) out.push_back(m.text());
  return out;
}

/// "Q1", "A1", ...
void turns(Memory& memory, int from, int to) {
  for (int i = from; i <= to; ++i) memory.save("Q" + std::to_string(i), "A" + std::to_string(i));
}

/// Summarises by joining the new lines to what it has.
std::shared_ptr<const Played> joiner() {
  return std::make_shared<Played>([](auto messages, const auto&) {
    const std::string text = messages.back().text();
    const size_t a = text.find("far:\n") + 5, b = text.find("\n\nNext lines:\n"), c = text.find("\n\nNew summary:");
    std::string lines = text.substr(b + 14, c - b - 14);
    std::replace(lines.begin(), lines.end(), '\n', ' ');
    return said(" " + text.substr(a, b - a) + (a == b ? "" : " | ") + lines + "\n");
  });
}

TEST(Memory, BufferAndWindow) {
  Memory all, last({.kind = MemoryKind::Window, .turns = 2});
  for (auto* m : {&all, &last}) turns(*m, 1, 4);
  EXPECT_EQ(all.recall().messages.size(), 8u);
  const Recall r = last.recall();
  EXPECT_THAT(texts(r.messages), ElementsAre("Q3", "A3", "Q4", "A4"));
  EXPECT_EQ(r.turns, 2u);
  EXPECT_EQ(r.left_out, 2u);
  EXPECT_EQ(last.messages().size(), 8u);  // nothing is forgotten
  last.clear();
  EXPECT_EQ(last.turns(), 0u);
  EXPECT_TRUE(last.recall().messages.empty());
}

TEST(Memory, TokensKeepWholeTurnsWithTheirTools) {
  Memory memory({.kind = MemoryKind::Tokens, .max_tokens = 19});
  memory.save("one", "two");  // roles and texts: 6 tokens; the next has 14
  Message call{"assistant", ""}, result{"tool", "sunny"};
  call.tool_calls = {{"c1", "weather", "{}"}};
  result.tool_call_id = "c1";
  memory.save(std::vector<Message>{{"user", "weather"}, call, result, {"assistant", "Sunny"}});
  const Recall r = memory.recall();
  EXPECT_EQ(r.turns, 1u);
  EXPECT_EQ(r.left_out, 1u);
  ASSERT_EQ(r.messages.size(), 4u);
  EXPECT_EQ(r.messages[1].tool_calls[0].id, r.messages[2].tool_call_id);
  EXPECT_EQ(r.tokens, 14u);
  // A turn is all or nothing: too long a one is not told at all, and that is said.
  Memory small({.kind = MemoryKind::Tokens, .max_tokens = 3});
  small.save("one", "two");
  EXPECT_TRUE(small.recall().messages.empty());
  EXPECT_EQ(small.recall().left_out, 1u);
}

TEST(Memory, TokensReadFromTheEndHoweverLongItIs) {
  Memory memory({.kind = MemoryKind::Tokens, .max_tokens = 6 * 40});
  turns(memory, 1, 100);
  const Recall r = memory.recall();
  EXPECT_EQ(r.turns, 40u);
  EXPECT_EQ(r.messages.front().text(), "Q61");
  EXPECT_EQ(r.messages.back().text(), "A100");
  EXPECT_EQ(r.left_out, 60u);
}

TEST(Memory, SummariesAreBroughtUpToDate) {
  const auto model = joiner();
  Memory memory({.kind = MemoryKind::Summary, .model = model});
  turns(memory, 1, 2);
  EXPECT_EQ(memory.recall().summary, "user: Q1 assistant: A1 user: Q2 assistant: A2");
  EXPECT_EQ(model->asked.size(), 1u);
  memory.recall();
  EXPECT_EQ(model->asked.size(), 1u);  // nothing is new
  turns(memory, 3, 3);
  const Recall r = memory.recall();
  EXPECT_EQ(r.summary, "user: Q1 assistant: A1 user: Q2 assistant: A2 | user: Q3 assistant: A3");
  EXPECT_EQ(r.summarised, 3u);
  const auto prompt = r.prompt("Be kind.", "Q4");
  ASSERT_EQ(prompt.size(), 2u);
  EXPECT_EQ(prompt[0].text(), "Be kind.\n\nThe conversation so far: " + r.summary);
  EXPECT_THROW(Memory({.kind = MemoryKind::Summary}), Error);
}

TEST(Memory, ALongPastIsSummarisedAsTheContextHoldsIt) {
  const auto model = std::make_shared<Played>([](auto, const auto&) { return said("short"); }, 400);
  Memory memory({.kind = MemoryKind::Summary, .model = model, .summary_answer = {.max_tokens = 50}});
  for (int i = 0; i < 30; ++i)
    memory.save("a question of quite some words, number " + std::to_string(i), "and an answer");
  EXPECT_EQ(memory.recall().summarised, 30u);
  EXPECT_GT(model->asked.size(), 1u);
  for (const auto& asked : model->asked) EXPECT_LE(model->count_tokens(std::span<const Message>(asked)) + 50, 400u);
}

TEST(Memory, SummaryBufferSummarisesWhatTheTokensLeaveOut) {
  const auto model = joiner();
  const size_t turn = model->count_tokens(std::vector<Message>{{"user", "Q1"}, {"assistant", "A1"}});
  Memory memory({.kind = MemoryKind::SummaryBuffer, .max_tokens = 2 * turn, .model = model});
  turns(memory, 1, 3);
  Recall r = memory.recall();
  EXPECT_EQ(r.summary, "user: Q1 assistant: A1");
  EXPECT_THAT(texts(r.messages), ElementsAre("Q2", "A2", "Q3", "A3"));
  turns(memory, 4, 4);
  r = memory.recall();
  EXPECT_EQ(r.summary, "user: Q1 assistant: A1 | user: Q2 assistant: A2");
  EXPECT_EQ(r.left_out, 0u);
}

TEST(Memory, TheNearestTurnsInTheirOrder) {
  const test::Letters letters;
  Memory memory({.kind = MemoryKind::Vector, .k = 2, .embedder = &letters});
  memory.save("aaaa", "z");
  memory.save("bbbb", "z");
  memory.save("aaab", "z");
  const Recall r = memory.recall("a");
  EXPECT_THAT(texts(r.messages), ElementsAre("aaaa", "z", "aaab", "z"));
  EXPECT_EQ(r.left_out, 1u);
  EXPECT_THROW(Memory({.kind = MemoryKind::Vector}), Error);
}

TEST(Memory, SessionsAreKeptAndGoneOnWith) {
  const base::TempFolder folder;
  const auto journal = store::Journal::open(folder.path());
  const test::Letters letters;
  {
    Memory memory({.kind = MemoryKind::Vector, .embedder = &letters}, journal, "trip");
    memory.save("Where?", "Busan");
    Memory other({}, journal, "other");
    other.save("x", "y");
  }
  Memory later({}, store::Journal::open(folder.path()), "trip");
  EXPECT_THAT(texts(later.messages()), ElementsAre("Where?", "Busan"));
  Memory vectors({.kind = MemoryKind::Vector, .embedder = &letters}, journal, "trip");
  letters.embedded = 0;
  vectors.recall("where");
  EXPECT_EQ(letters.embedded, 1u);  // the question; the turn's vector was kept
  later.clear();
  EXPECT_EQ(Memory({}, journal, "other").turns(), 1u);
  EXPECT_THROW(Memory({}, journal, "a/b"), Error);
}

TEST(Memory, SeveralThreadsTalkInOneSession) {
  const base::TempFolder folder;
  const auto journal = store::Journal::open(folder.path());
  const auto model = joiner();
  base::parallel_for(
      16, 1,
      [&](size_t begin, size_t end, size_t) {
        for (size_t i = begin; i < end; ++i) {
          Memory memory({.kind = MemoryKind::SummaryBuffer, .max_tokens = 40, .model = model}, journal, "shared");
          memory.save("question", "answer");
          const Recall r = memory.recall();
          EXPECT_LE(r.messages.size() / 2, memory.turns());
        }
      },
      4);
  const Memory memory({.kind = MemoryKind::SummaryBuffer, .max_tokens = 40, .model = model}, journal, "shared");
  const Recall r = memory.recall();
  EXPECT_EQ(r.turns + r.summarised, 16u);
  // Each turn is in the summary exactly once.
  size_t count = 0;
  for (size_t at = r.summary.find("question"); at != r.summary.npos; at = r.summary.find("question", at + 1)) ++count;
  EXPECT_EQ(count, r.summarised);
}

TEST(Memory, AConversationThatIsClearedWhileItIsReadIsEmpty) {
  struct Cleared final : TurnLog {
    size_t size() const override { return 40; }  // and then somebody else cleared it
    std::vector<Entry> read(size_t, size_t) const override { return {}; }
    void append(const Entry&) override {}
    void clear() override {}
    std::optional<std::string> note() const override { return {}; }
    bool set_note(const std::optional<std::string>&, const std::string&) override { return true; }
  };
  const Memory memory({.kind = MemoryKind::Tokens}, std::make_shared<Cleared>());
  EXPECT_EQ(memory.recall().turns, 0u);
}

TEST(Memory, SayTellsAndKeeps) {
  const auto model = std::make_shared<Played>([](auto messages, const ChatOptions&) {
    if (messages.back().text() == "break") throw Error(Code::Unavailable, "broken");
    return said("re: " + messages.back().text());
  });
  Memory memory({.kind = MemoryKind::Window, .turns = 1});
  Recall told;
  say(*model, memory, "one", {}, "Be short.");
  say(*model, memory, "two", {}, "Be short.");
  EXPECT_EQ(say(*model, memory, "three", {}, "Be short.", &told).text(), "re: three");
  EXPECT_THAT(texts(model->asked.back()), ElementsAre("Be short.", "two", "re: two", "three"));
  EXPECT_EQ(told.left_out, 1u);
  EXPECT_THROW(say(*model, memory, "break"), Error);
  EXPECT_EQ(memory.turns(), 3u);
}

TEST(Memory, OverAConversationThatMayChange) {
  const auto model = joiner();
  Conversation talk;
  Memory memory({.kind = MemoryKind::Summary, .model = model}, turns_of(talk));
  memory.save("Q1", "A1");
  EXPECT_EQ(talk.messages().size(), 2u);
  EXPECT_EQ(memory.recall().summary, "user: Q1 assistant: A1");
  talk.undo();
  memory.save("Q2", "A2");
  EXPECT_EQ(memory.recall().summary, "user: Q2 assistant: A2");  // the undone turn is in no summary
}

TEST(Memory, TurnsThatAreNoneAreRefused) {
  Memory memory;
  Message call{"assistant", ""};
  call.tool_calls = {{"c1", "weather", "{}"}};
  EXPECT_THROW(memory.save(std::vector<Message>{}), Error);
  EXPECT_THROW(memory.save(std::vector<Message>{{"assistant", "x"}}), Error);
  EXPECT_THROW(memory.save(std::vector<Message>{{"user", "x"}, call}), Error);
  EXPECT_EQ(memory.turns(), 0u);
  for (const char* name : {"buffer", "window", "tokens", "summary", "summary-buffer", "vector"})
    EXPECT_EQ(memory_name(memory_kind(name)), name);
  EXPECT_THROW(memory_kind("all"), Error);
}

}  // namespace
}  // namespace hanok::chain
