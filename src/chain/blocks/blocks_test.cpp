#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "base/file.h"
#include "base/json.h"
#include "chain/test_models.h"
#include "hanok/chains.h"
#include "hanok/context.h"
#include "hanok/outputs.h"

namespace hanok::chain {
namespace {

using test::Played;
using test::said;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

std::shared_ptr<const Played> echo() {
  return std::make_shared<Played>([](auto messages, const auto&) { return said(messages.back().text()); });
}

Chain<std::string, std::string> shouting() {
  return step<std::string, std::string>("shout", [](const std::string& in) { return in + "!"; });
}

TEST(Chains, APromptAModelAndAParserAreOneFunction) {
  const auto model = echo();
  const LLMChain chain =
      prompt({{"system", "Speak {language}."}, {"user", "{text}"}}) | ask(model, {.temperature = 0.5f}) | to_text();
  EXPECT_EQ(chain.invoke({{"language", "Korean"}, {"text", "{hi}"}}), "{hi}");
  EXPECT_EQ(model->asked[0][0].text(), "Speak Korean.");
  EXPECT_EQ(model->how[0].temperature, 0.5f);
  EXPECT_THROW(chain.invoke({{"text", "x"}}), Error);
  EXPECT_THROW(ask(nullptr), Error);
}

TEST(Chains, PiecesGoThroughEveryStepThatCanTakeThem) {
  const auto chain = prompt("{x}") | ask(echo()) | to_text();
  std::vector<std::string> pieces;
  const auto keep = [&](std::string_view piece) {
    pieces.emplace_back(piece);
    return true;
  };
  EXPECT_EQ(chain.stream({{"x", "abc"}}, keep), "abc");
  EXPECT_THAT(pieces, ElementsAre("a", "b", "c"));
  // A list gives each item when it is whole.
  pieces.clear();
  EXPECT_EQ((prompt("{x}") | ask(echo()) | to_list()).stream({{"x", "a b, \"c, d\",e"}}, keep).size(), 3u);
  EXPECT_THAT(pieces, ElementsAre("a b", "c, d", "e"));
  // A function waits for the whole, and what comes behind a model is what it makes, at once.
  pieces.clear();
  const auto counted = step<std::string, Values>("count", [](const std::string& in) {
    return Values{{"x", std::to_string(in.size())}};
  });
  EXPECT_EQ((chain | counted | chain).stream({{"x", "abcdefghijkl"}}, keep), "12");
  EXPECT_THAT(pieces, ElementsAre("1", "2"));
  // False ends it.
  const auto model = echo();
  EXPECT_EQ((prompt("{x}") | ask(model) | to_text()).stream({{"x", "abc"}}, [](auto) { return false; }), "a");
}

TEST(Chains, BatchesKeepTheirOrderAndTheirLimit) {
  std::atomic<int> now = 0, most = 0;
  const auto work = step<int, int>("work", [&](const int& in) {
    const int running = ++now;
    for (int seen = most; running > seen && !most.compare_exchange_weak(seen, running);) continue;
    --now;
    if (in == 7) throw Error(Code::Unavailable, "seven");
    return in * in;
  });
  std::vector<int> in(20);
  for (int i = 0; i < 20; ++i) in[static_cast<size_t>(i)] = i + 10;
  const auto out = work.batch(in, 2);
  EXPECT_LE(most, 2);
  for (size_t i = 0; i < out.size(); ++i) EXPECT_EQ(out[i], in[i] * in[i]);
  in[3] = 7;
  EXPECT_THROW(work.batch(in), Error);
  const auto each = work.try_batch(in);
  EXPECT_STREQ(each[3].error->what(), "seven");
  EXPECT_EQ(*each[4].value, 14 * 14);
  EXPECT_THROW(work.map().invoke(in), Error);
}

TEST(Chains, ParallelBranchAssign) {
  const auto upper = step<Values, std::string>("a", [](const Values& v) { return v.at("x") + "A"; });
  const auto lower = step<Values, std::string>("b", [](const Values& v) { return v.at("x") + "b"; });
  const auto both_of = parallel<Values, std::string>({{"one", upper}, {"two", lower}});
  EXPECT_THAT(both_of.invoke({{"x", "1"}}), ElementsAre(Pair("one", "1A"), Pair("two", "1b")));
  EXPECT_EQ((both_of | prompt("{one}/{two}")).invoke({{"x", "1"}})[0].text(), "1A/1b");
  EXPECT_THAT(assign("y", upper).invoke({{"x", "1"}}), ElementsAre(Pair("x", "1"), Pair("y", "1A")));
  EXPECT_EQ(both(upper, lower).invoke({{"x", "1"}}), std::make_pair(std::string("1A"), std::string("1b")));
  const auto chosen = branch<Values, std::string>({{[](const Values& v) { return v.at("x") == "low"; }, lower}}, upper);
  EXPECT_EQ(chosen.invoke({{"x", "low"}}), "lowb");
  EXPECT_EQ(chosen.invoke({{"x", "up"}}), "upA");
  EXPECT_EQ((passthrough<std::string>() | shouting()).invoke("hey"), "hey!");
}

TEST(Chains, RetriesAndFallbacksOnlyBeforeTheFirstWord) {
  int calls = 0;
  const auto twice = step<std::string, std::string>("flaky", [&](const std::string& in) {
    if (++calls < 3) throw Error(Code::Unavailable, "not yet");
    return in;
  });
  EXPECT_EQ(twice.retry({.attempts = 3, .wait_seconds = 0}).invoke("x"), "x");
  EXPECT_EQ(calls, 3);
  calls = 0;
  EXPECT_THROW(twice.retry({.attempts = 2, .wait_seconds = 0}).invoke("x"), Error);
  const auto wrong = step<std::string, std::string>("wrong", [&](const std::string&) -> std::string {
    ++calls;
    throw Error(Code::Invalid, "never");
  });
  calls = 0;
  EXPECT_THROW(wrong.retry({.attempts = 5, .wait_seconds = 0}).invoke("x"), Error);
  EXPECT_EQ(calls, 1);  // trying again does not help
  EXPECT_EQ(wrong.fallback(shouting()).invoke("x"), "x!");

  const auto breaks = std::make_shared<Played>([](auto, const ChatOptions& o) -> ChatReply {
    if (o.on_text) o.on_text("Once");
    throw Error(Code::Unavailable, "broken off");
  });
  const LLMChain story = prompt("{x}") | ask(breaks) | to_text();
  std::string shown;
  const auto show = [&](std::string_view piece) {
    shown += piece;
    return true;
  };
  EXPECT_THROW(story.retry({.wait_seconds = 0}).stream({{"x", "1"}}, show), Error);
  EXPECT_EQ(shown, "Once");  // not "OnceOnceOnce"
  shown.clear();
  EXPECT_THROW(story.fallback(prompt("{x}") | ask(echo()) | to_text()).stream({{"x", "1"}}, show), Error);
  EXPECT_EQ(shown, "Once");
  EXPECT_EQ(story.fallback(prompt("{x}") | ask(echo()) | to_text()).invoke({{"x", "1"}}), "1");
}

TEST(Chains, WaitingEndsWithTheContext) {
  const auto fails = step<int, int>("fails", [](const int&) -> int { throw Error(Code::Unavailable, "down"); });
  const Context::Scope scope(Context().with_timeout(0.05));
  try {
    fails.retry({.attempts = 100, .wait_seconds = 60}).invoke(1);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::Unavailable);
    EXPECT_THAT(e.what(), testing::Not(HasSubstr("down")));
  }
}

TEST(Traces, SpansNestAlsoOnOtherThreads) {
  std::vector<TraceSpan> spans;
  const auto trace = std::make_shared<Trace>([&](const TraceSpan& s) { spans.push_back(s); });
  const auto one = (prompt("{x}") | ask(echo()) | to_text()).named("line");
  {
    const Tracing scope(trace);
    std::vector<Values> in(3, {{"x", "hello"}});
    one.batch(in, 3);
    EXPECT_THROW(one.invoke({}), Error);
  }
  one.invoke(Values{{"x", "not traced"}});
  std::map<std::string, std::vector<TraceSpan>> by_name;
  for (const auto& s : spans) by_name[s.name].push_back(s);
  ASSERT_EQ(by_name["line"].size(), 4u);
  ASSERT_EQ(by_name["model played"].size(), 3u);
  EXPECT_TRUE(by_name["line"][0].parent.empty());
  EXPECT_EQ(by_name["model played"][0].trace, by_name["chat"][0].trace);
  EXPECT_EQ(by_name["model played"][0].parent, by_name["chat"][0].id);
  EXPECT_FALSE(by_name["prompt"].back().error.empty());
  const auto tree = trace_tree(spans);
  EXPECT_THAT(tree, testing::AllOf(HasSubstr("ms  line\n"), HasSubstr("ms      chat\n"), HasSubstr("  failed: ")));
}

TEST(Traces, AFileHoldsLinesOfOtlp) {
  const base::TempFolder folder;
  const auto file = folder.path() / "t.jsonl";
  {
    const Tracing scope(Trace::to_file(file));
    (prompt("{x}") | ask(echo()) | to_text()).invoke({{"x", "안녕"}});
  }
  const std::string text = base::read_file(file);
  ASSERT_EQ(std::count(text.begin(), text.end(), '\n'), 6);
  const auto line = base::parse_json(text.substr(0, text.find('\n')), "line");
  const auto& span = line["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
  EXPECT_EQ(span["name"], "prompt");
  EXPECT_EQ(span["traceId"].get<std::string>().size(), 32u);
  EXPECT_EQ(span["spanId"].get<std::string>().size(), 16u);
  EXPECT_EQ(span["parentSpanId"].get<std::string>().size(), 16u);
  EXPECT_GE(std::stoll(span["endTimeUnixNano"].get<std::string>()),
            std::stoll(span["startTimeUnixNano"].get<std::string>()));
  EXPECT_THAT(text, testing::AllOf(HasSubstr("gen_ai.request.model"), HasSubstr("안녕")));
  EXPECT_THROW(Trace::to_file(folder.path() / "none" / "t.jsonl"), Error);
}

}  // namespace
}  // namespace hanok::chain
