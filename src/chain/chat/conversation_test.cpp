#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "hanok/chat.h"
#include "hanok/error.h"

namespace hanok::chain {
namespace {

using testing::HasSubstr;

/// Repeats what it was told last; a letter is a token.
class Echo : public ChatModel {
 public:
  explicit Echo(size_t context = 0) : context_(context) {}
  std::string name() const override { return "echo"; }
  size_t context_tokens() const override { return context_; }
  size_t count_tokens(std::string_view text) const override { return text.size(); }
  size_t count_tokens(std::span<const Message> messages) const override {
    size_t sum = 0;
    for (const Message& m : messages) sum += m.text().size();
    return sum;
  }
  ChatReply chat(std::span<const Message> messages, const ChatOptions& options) const override {
    seen.assign(messages.begin(), messages.end());
    if (messages.back().text() == "break") throw Error(Code::Unavailable, "broken");
    ChatReply reply{.message = {"assistant", "re: " + messages.back().text()}};
    if (options.on_text && !options.on_text("re: ")) {
      reply.message = {"assistant", "re: "};
      reply.finish = ChatFinish::Cancelled;
    }
    return reply;
  }
  mutable std::vector<Message> seen;

 private:
  size_t context_;
};

std::vector<std::string> texts(const std::vector<Message>& messages) {
  std::vector<std::string> out;
  for (const Message& m : messages) out.push_back(m.text());
  return out;
}

TEST(Conversation, TurnsAddUp) {
  const Echo model;
  Conversation talk("Be short.");
  EXPECT_EQ(talk.say(model, "one").text(), "re: one");
  talk.say(model, "two");
  EXPECT_THAT(texts(model.seen), testing::ElementsAre("Be short.", "one", "re: one", "two"));
  EXPECT_EQ(model.seen[0].role, "system");
  EXPECT_THAT(texts(talk.messages()), testing::ElementsAre("one", "re: one", "two", "re: two"));
  talk.retry(model);
  EXPECT_THAT(texts(talk.messages()), testing::ElementsAre("one", "re: one", "two", "re: two"));
  EXPECT_TRUE(talk.undo());
  EXPECT_TRUE(talk.undo());
  EXPECT_FALSE(talk.undo());
  EXPECT_THROW(talk.retry(model), Error);
}

TEST(Conversation, WhatFailsLeavesItAsItWas) {
  const Echo model;
  Conversation talk;
  talk.say(model, "one");
  EXPECT_THROW(talk.say(model, "break"), Error);
  EXPECT_THAT(texts(talk.messages()), testing::ElementsAre("one", "re: one"));
  // Stopped after its first words: they are kept.
  EXPECT_EQ(talk.say(model, "two", {.on_text = [](std::string_view) { return false; }}).finish, ChatFinish::Cancelled);
  EXPECT_THAT(texts(talk.messages()), testing::ElementsAre("one", "re: one", "two", "re: "));
}

TEST(Conversation, ToolsAnswerInBetween) {
  const Echo model;
  Conversation talk;
  EXPECT_THROW(talk.go_on(model), Error);
  talk.add({"user", "weather?"});
  Message call{"assistant", ""};
  call.tool_calls = {{"c1", "weather", "{}"}};
  talk.add(call);
  EXPECT_THROW(talk.go_on(model), Error);  // the call has to be answered first
  Message result{"tool", "sunny"};
  result.tool_call_id = "c1";
  talk.add(result);
  EXPECT_EQ(talk.go_on(model).text(), "re: sunny");
  EXPECT_EQ(talk.messages().size(), 4u);
  EXPECT_TRUE(talk.undo());  // all of the turn
  EXPECT_TRUE(talk.messages().empty());
}

TEST(Conversation, OldestTurnsGoFirstAndItIsSaid) {
  const Echo model(100);  // 25 of them kept free
  Conversation talk(std::string(20, 's'));
  talk.add({"user", std::string(20, 'a')});
  talk.add({"assistant", std::string(5, 'b')});
  talk.add({"tool", std::string(5, 't')});  // goes with its question
  talk.add({"user", std::string(10, 'c')});
  talk.add({"assistant", std::string(10, 'd')});
  const ChatReply reply = talk.say(model, std::string(15, 'e'));  // 85 in all, 75 fit
  EXPECT_EQ(reply.dropped, 3u);
  EXPECT_THAT(texts(model.seen), testing::ElementsAre(std::string(20, 's'), std::string(10, 'c'), std::string(10, 'd'),
                                                      std::string(15, 'e')));
  EXPECT_EQ(talk.messages().size(), 7u);  // nothing is forgotten
}

TEST(Conversation, FewestTurnsAreLeftOut) {
  const Echo model(400);
  Conversation talk;
  for (int i = 0; i < 40; ++i) {
    talk.add({"user", std::string(10, 'q')});
    talk.add({"assistant", std::string(10, 'a')});
  }
  for (size_t answer : {1, 50, 100, 1000}) {
    const auto f = talk.fit(model, answer);
    const size_t room = std::min<size_t>(answer, 100);
    EXPECT_LE(f.tokens + room, 400u);
    EXPECT_GT(f.tokens + 20 + room, 400u);  // one turn more would not have fitted
    EXPECT_EQ(f.dropped * 10 + f.tokens, 800u);
  }
}

TEST(Conversation, OverflowCanBeAnError) {
  const Echo model(100);
  Conversation talk;
  talk.add({"user", std::string(60, 'a')});
  talk.add({"assistant", std::string(20, 'b')});
  try {
    talk.say(model, "more", {}, Overflow::Error);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::Exhausted);
    EXPECT_THAT(e.what(), testing::AllOf(HasSubstr("84 tokens"), HasSubstr("100")));
  }
  // A last message that does not fit alone is an error always.
  try {
    talk.say(model, std::string(90, 'x'));
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), testing::AllOf(HasSubstr("last message alone"), HasSubstr("90 tokens")));
  }
  EXPECT_EQ(talk.messages().size(), 2u);
}

TEST(Conversation, SavedAndLoaded) {
  const base::TempFolder folder;
  Conversation talk("친절하게.");
  Message m{"user", "무엇인가요?"};
  m.parts.push_back({Part::Kind::Image, "https://example.org/a.png"});
  talk.add(m);
  Message call{"assistant", ""};
  call.tool_calls = {{"c1", "weather", "{}"}};
  talk.add(call);
  Message result{"tool", "맑음"};
  result.tool_call_id = "c1";
  talk.add(result);
  talk.save(folder.path() / "talk.json");
  const Conversation back = Conversation::load(folder.path() / "talk.json");
  EXPECT_EQ(back.system(), talk.system());
  EXPECT_TRUE(back.messages() == talk.messages());
}

TEST(Conversation, DamagedFilesSayWhere) {
  const base::TempFolder folder;
  const auto file = folder.path() / "talk.json";
  const std::pair<const char*, const char*> cases[] = {
      {"{", "no conversation"},
      {"[]", "an object was expected"},
      {"{}", "format"},
      {R"({"format":1,"system":5,"messages":[]})", "system: a text"},
      {R"({"format":1,"system":"","messages":{}})", "messages: a list"},
      {R"({"format":1,"system":"","messages":[{"role":"user"}]})", "messages[0].parts"},
      {R"({"format":1,"system":"","messages":[{"role":"user","parts":[{"text":1}]}]})", "messages[0].text"},
      {R"({"format":1,"system":"","messages":[{"role":"user","parts":[],"tool_calls":[1]}]})", "tool_calls"}};
  for (const auto& [text, words] : cases) {
    base::write_file_atomic(file, text);
    try {
      Conversation::load(file);
      ADD_FAILURE() << text;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::Corrupt) << text;
      EXPECT_THAT(e.what(), HasSubstr(words));
    }
  }
  base::write_file_atomic(file, R"({"format":99,"system":"","messages":[]})");
  try {
    Conversation::load(file);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::Unsupported);
  }
  EXPECT_THROW(Conversation::load(folder.path() / "none.json"), Error);
}

}  // namespace
}  // namespace hanok::chain
