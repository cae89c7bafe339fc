#include <gtest/gtest.h>

#include <limits>

#include "base/file.h"
#include "chain/test_letters.h"
#include "chain/test_models.h"
#include "hanok/caches.h"

namespace hanok::chain {
namespace {

TEST(Caches, AnAnswerIsGivenAgainWhereItWouldBeTheSame) {
  const base::TempFolder folder;
  int n = 0;
  const auto model = std::make_shared<test::Played>([&](auto, const auto&) {
    ChatReply r = test::said("answer " + std::to_string(++n));
    r.prompt_tokens = 7;
    r.message.tool_calls = {{"c1", "f", "{}"}};
    return r;
  });
  const std::vector<Message> hello{{"user", "hello"}}, other{{"user", "other"}};
  {
    const auto fast = cached(model, store::Journal::open(folder.path()));
    EXPECT_EQ(fast->chat(hello, {.temperature = 0.0f}).text(), "answer 1");
  }
  const auto fast = cached(model, store::Journal::open(folder.path()));  // kept on the disk
  std::string streamed;
  const auto again = fast->chat(hello, {.temperature = 0.0f, .on_text = [&](std::string_view t) {
                                          streamed += t;
                                          return true;
                                        }});
  EXPECT_EQ(again.text(), "answer 1");
  EXPECT_EQ(streamed, "answer 1");
  EXPECT_EQ(again.cached_tokens, 7u);
  EXPECT_EQ(again.message.tool_calls.size(), 1u);
  EXPECT_EQ(fast->chat(hello, {.temperature = 0.0f, .max_tokens = 5}).text(), "answer 2");  // another request
  EXPECT_EQ(fast->chat(other, {.temperature = 0.0f}).text(), "answer 3");
  EXPECT_EQ(fast->chat(hello, {}).text(), "answer 4");  // meant to vary
  EXPECT_EQ(fast->chat(hello, {}).text(), "answer 5");
  EXPECT_EQ(fast->chat(hello, {.seed = 1}).text(), "answer 6");
  EXPECT_EQ(fast->chat(hello, {.seed = 1}).text(), "answer 6");
  EXPECT_EQ(fast->chat(hello, {.seed = 2}).text(), "answer 7");
  EXPECT_EQ(fast->chat(hello, {.temperature = 0.0f, .seed = 3}).text(), "answer 1") << "nothing is drawn at 0";
}

TEST(Caches, WhatBindsAnAnswerIsPartOfTheQuestion) {
  const base::TempFolder folder;
  int n = 0;
  const auto model = std::make_shared<test::Played>([&](auto, const ChatOptions& o) {
    ChatReply r = test::said("answer " + std::to_string(++n));
    if (o.top_logprobs) r.logprobs.push_back({});
    r.message.tool_calls = {{"c1", "f", "{}"}, {"c2", "g", "{}"}};
    return r;
  });
  const auto fast = cached(model, store::Journal::open(folder.path()));
  const std::vector<Message> hello{{"user", "hello"}};
  const auto ask = [&](ChatOptions o) {
    o.temperature = 0.0f;
    return fast->chat(hello, o);
  };
  EXPECT_EQ(ask({}).text(), "answer 1");
  EXPECT_EQ(ask({.constraint = {.json_schema = {}, .regex = "yes|no", .grammar = {}}}).text(), "answer 2");
  EXPECT_EQ(ask({.constraint = {.json_schema = {}, .regex = "red|blue", .grammar = {}}}).text(), "answer 3");
  EXPECT_EQ(ask({.constraint = {.json_schema = {}, .regex = {}, .grammar = "root ::= \"x\""}}).text(), "answer 4");
  EXPECT_EQ(ask({.adapter = "pirate"}).text(), "answer 5");
  EXPECT_EQ(ask({.constraint = {.json_schema = {}, .regex = "yes|no", .grammar = {}}}).text(), "answer 2");
  // Log probabilities are not kept, so that who asks for them asks the model.
  EXPECT_EQ(ask({.top_logprobs = 2}).logprobs.size(), 1u);
  EXPECT_EQ(ask({.top_logprobs = 2}).logprobs.size(), 1u);
  std::string calls;
  ask({.on_tool_call = [&](const ToolCallPiece& p) {
    calls += std::to_string(p.index) + p.id + p.name + p.arguments + " ";
    return true;
  }});
  EXPECT_EQ(calls, "0c1f{} 1c2g{} ");
}

TEST(Caches, SeedsThatAreDrawnEachTimeFillNothing) {
  const base::TempFolder folder;
  const auto journal = store::Journal::open(folder.path());
  int n = 0;
  const auto model =
      std::make_shared<test::Played>([&](auto, const auto&) { return test::said("answer " + std::to_string(++n)); });
  const auto fast = cached(model, journal, {.seeds = false});
  const std::vector<Message> hello{{"user", "hello"}};
  EXPECT_EQ(fast->chat(hello, {.seed = 5}).text(), "answer 1");
  EXPECT_EQ(fast->chat(hello, {.seed = 5}).text(), "answer 2");
  EXPECT_EQ(fast->chat(hello, {.temperature = 0.0f, .seed = 5}).text(), "answer 3");
  EXPECT_EQ(fast->chat(hello, {.temperature = 0.0f, .seed = 6}).text(), "answer 3");
  EXPECT_EQ(cache_contents(*journal).answers, 1u);
}

TEST(Caches, WhatIsKeptCanBeSeenAndForgotten) {
  const base::TempFolder folder;
  const auto journal = store::Journal::open(folder.path());
  journal->put("cachet", "no cache");
  int n = 0;
  const auto model =
      std::make_shared<test::Played>([&](auto, const auto&) { return test::said("answer " + std::to_string(++n)); });
  const test::Letters letters;
  const auto vectors = cached(letters, journal);
  std::vector<CacheUse> uses;
  const auto with = [&](const std::string& besides) {
    return cached(model, journal, {.besides = besides, .on_use = [&](CacheUse use) { uses.push_back(use); }});
  };
  const auto one = with("a.gguf of today"), other = with("a.gguf of tomorrow");
  const std::vector<Message> hello{{"user", "hello"}};
  EXPECT_EQ(one->chat(hello, {.temperature = 0.0f}).text(), "answer 1");
  EXPECT_EQ(other->chat(hello, {.temperature = 0.0f}).text(), "answer 2") << "its file is another";
  EXPECT_EQ(one->chat(hello, {.temperature = 0.0f}).text(), "answer 1");
  EXPECT_EQ(one->chat(hello, {}).text(), "answer 3");
  EXPECT_EQ(uses, (std::vector{CacheUse::Kept, CacheUse::Kept, CacheUse::Given, CacheUse::Passed}));
  vectors->embed(std::vector<std::string>{"a", "b", "c"}, hanok::Prompt::Passage);
  const auto before = cache_contents(*journal);
  EXPECT_EQ(before.answers, 2u);
  EXPECT_EQ(before.vectors, 3u);
  EXPECT_GT(before.answer_bytes, 2 * sizeof "answer 1");
  EXPECT_GT(before.vector_bytes, 3 * 3 * sizeof(float));
  EXPECT_EQ(clear_answers(*journal), 2u);
  EXPECT_EQ(cache_contents(*journal).vectors, 3u);
  EXPECT_EQ(clear_vectors(*journal), 3u);
  EXPECT_EQ(cache_contents(*journal).vector_bytes, 0u);
  EXPECT_TRUE(journal->get("cachet"));
  EXPECT_EQ(one->chat(hello, {.temperature = 0.0f}).text(), "answer 4");
}

/// Says how likely it finds answers, and counts how often it was asked.
class Scores final : public test::Played {
 public:
  Scores() : Played([](auto, const auto&) { return test::said("none"); }) {}
  std::vector<double> score(std::span<const Message> messages, std::span<const std::string> answers) const override {
    ++times;
    std::vector<double> out;
    for (const auto& a : answers)
      out.push_back(a == "never" ? -std::numeric_limits<double>::infinity()
                                 : -0.1 * static_cast<double>(a.size() + messages[0].text().size()));
    return out;
  }
  mutable int times = 0;
};

TEST(Caches, ScoresToo) {
  const base::TempFolder folder;
  const auto model = std::make_shared<Scores>();
  const auto journal = store::Journal::open(folder.path());
  std::vector<CacheUse> uses;
  const auto fast = cached(model, journal, {.on_use = [&](CacheUse use) { uses.push_back(use); }});
  const std::vector<Message> hello{{"user", "hello"}}, other{{"user", "other!"}};
  const std::vector<std::string> two{"yes", "maybe"}, swapped{"maybe", "yes"}, never{"yes", "never"};
  const auto first = fast->score(hello, two);
  EXPECT_EQ(fast->score(hello, two), first);
  EXPECT_EQ(model->times, 1);
  EXPECT_NE(fast->score(other, two), first);
  EXPECT_EQ(fast->score(hello, swapped), (std::vector{first[1], first[0]}));
  EXPECT_EQ(model->times, 3);
  EXPECT_EQ(fast->score(hello, never), fast->score(hello, never)) << "no number for JSON: not kept";
  EXPECT_EQ(model->times, 5);
  EXPECT_EQ(uses, (std::vector{CacheUse::Kept, CacheUse::Given, CacheUse::Kept, CacheUse::Kept}));
  EXPECT_EQ(cache_contents(*journal).answers, 3u);
}

/// Cannot be read nor written.
class BrokenJournal final : public store::Journal {
 public:
  uint64_t append(std::string_view, std::span<const std::string>) override { fail(); }
  std::vector<Item> items(std::string_view, uint64_t, size_t) const override { fail(); }
  std::vector<Item> last(std::string_view, size_t) const override { fail(); }
  uint64_t size(std::string_view) const override { fail(); }
  bool drop(std::string_view) override { fail(); }
  std::vector<List> lists(std::string_view) const override { fail(); }
  std::optional<std::string> get(std::string_view) const override {
    if (reads) return {};
    fail();
  }
  void put(std::string_view, std::string_view) override { fail(); }
  void put_many(std::span<const std::pair<std::string, std::string>>) override { fail(); }
  bool put_if(std::string_view, const std::optional<std::string>&, std::string_view) override { fail(); }
  bool erase(std::string_view) override { fail(); }
  size_t keep_newest(std::string_view, size_t) override { fail(); }
  Usage usage(std::string_view) const override { fail(); }
  bool reads = false;
  mutable int calls = 0;

 private:
  [[noreturn]] void fail() const {
    ++calls;
    throw Error(Code::Exhausted, "the disk is full");
  }
};

TEST(Caches, OneThatCannotBeUsedIsNoReasonToFail) {
  for (const bool reads : {false, true}) {
    const auto journal = std::make_shared<BrokenJournal>();
    journal->reads = reads;
    std::vector<std::string> faults;
    const CacheOptions options{.on_fault = [&](const Error& e) { faults.emplace_back(e.what()); }};
    const auto model = std::make_shared<test::Played>([](auto, const auto&) { return test::said("yes"); });
    const auto fast = cached(model, journal, options);
    const std::vector<Message> hello{{"user", "hello"}};
    for (int i = 0; i < 3; ++i) EXPECT_EQ(fast->chat(hello, {.temperature = 0.0f}).text(), "yes");
    EXPECT_EQ(journal->calls, 1) << "then it is left alone: each call might wait for long";
    EXPECT_EQ(faults, std::vector<std::string>{"the disk is full"});
    const test::Letters letters;
    const auto vectors = cached(letters, journal, options);
    const std::vector<std::string> texts{"ab", "c"};
    EXPECT_EQ(vectors->embed(texts, hanok::Prompt::Passage).data, letters.embed(texts, hanok::Prompt::Passage).data);
    EXPECT_EQ(faults.size(), 2u);
  }
}

TEST(Caches, OnlyTheNewestVectorsAreKept) {
  const base::TempFolder folder;
  const auto journal = store::Journal::open(folder.path());
  const test::Letters letters;
  const auto fast = cached(letters, journal, {.most = 10});
  for (size_t i = 0; i < 30; ++i) {
    std::vector<std::string> texts;
    for (size_t j = 0; j < 16; ++j) texts.push_back(std::to_string(i * 16 + j));
    fast->embed(texts, hanok::Prompt::Passage);
  }
  EXPECT_LE(cache_contents(*journal).vectors, 10u + 256u);
}

TEST(Caches, ProcessesThatWriteOneValueEachKeepToTheLimitToo) {
  const base::TempFolder folder;
  const auto journal = store::Journal::open(folder.path());
  const auto model = std::make_shared<test::Played>([](auto, const auto&) { return test::said("yes"); });
  const test::Letters letters;
  for (int i = 0; i < 2000; ++i) {
    const std::vector<Message> asked{{"user", std::to_string(i)}};
    cached(model, journal, {.most = 10})->chat(asked, {.temperature = 0.0f});
    cached(letters, journal, {.most = 10})->embed(std::vector{std::to_string(i)}, hanok::Prompt::Passage);
  }
  EXPECT_LE(cache_contents(*journal).answers, 1500u);
  EXPECT_LE(cache_contents(*journal).vectors, 1500u);
}

TEST(Caches, AVectorIsMadeOnce) {
  const base::TempFolder folder;
  const test::Letters letters;
  const auto fast = cached(letters, store::Journal::open(folder.path()));
  const std::vector<std::string> two{"ab", "c"}, three{"c", "bb", "ab"};
  const Matrix first = fast->embed(two, hanok::Prompt::Passage);
  const Matrix second = fast->embed(three, hanok::Prompt::Passage);
  EXPECT_EQ(letters.embedded, 3u);
  EXPECT_EQ(second.data, letters.embed(three, hanok::Prompt::Passage).data);
  EXPECT_EQ(first.row(1)[2], 1);
  fast->embed(two, hanok::Prompt::Query);  // another prompt, another vector
  EXPECT_EQ(letters.embedded, 8u);
}

}  // namespace
}  // namespace hanok::chain
