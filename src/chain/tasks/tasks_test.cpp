#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "hanok/context.h"
#include "hanok/error.h"
#include "hanok/tasks.h"
#include "hanok/text.h"

namespace hanok::chain {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Does what the test says; counts words.
class Made : public ChatModel {
 public:
  using Answer = std::function<ChatReply(std::span<const Message>, const ChatOptions&)>;
  explicit Made(Answer answer, size_t context = 0) : answer_(std::move(answer)), context_(context) {}
  std::string name() const override { return "made"; }
  size_t context_tokens() const override { return context_; }
  size_t count_tokens(std::string_view text) const override { return text::count_tokens(text); }
  using ChatModel::count_tokens;
  ChatReply chat(std::span<const Message> messages, const ChatOptions& options) const override {
    if (context_ > 0) {
      EXPECT_LE(count_tokens(messages) + options.max_tokens, context_);
    }
    ChatReply reply = answer_(messages, options);
    reply.prompt_tokens = count_tokens(messages);
    reply.completion_tokens = count_tokens(reply.text());
    return reply;
  }

 private:
  Answer answer_;
  size_t context_;
};

ChatReply said(std::string text) { return {.message = {"assistant", std::move(text)}}; }

// ---- summaries

std::string numbered_sentences(size_t n) {
  std::string out;
  for (size_t i = 0; i < n; ++i) out += "Sentence number " + std::to_string(1000 + i) + " says something new. ";
  return out;
}

TEST(Summarize, AShortTextIsReadAtOnce) {
  std::vector<std::string> prompts;
  const Made model([&](auto messages, const auto& options) {
    prompts.push_back(messages.back().text());
    EXPECT_EQ(options.temperature, 0.0f);
    return said("  Short.\n");
  });
  const Summary s = summarize(model, "A short text. It says little.", {.sentences = 2});
  EXPECT_EQ(s.text, "Short.");
  EXPECT_EQ(s.parts, 1u);
  EXPECT_EQ(s.rounds, 1u);
  ASSERT_EQ(prompts.size(), 1u);
  EXPECT_THAT(prompts[0], testing::AllOf(HasSubstr("at most 2 sentences"), HasSubstr("It says little.")));
  summarize(model, "짧은 글이다. 별 내용이 없다.");
  EXPECT_THAT(prompts[1], HasSubstr("요약하세요"));
}

TEST(Summarize, EverySentenceOfALongOneIsReadOnce) {
  std::string read;
  size_t calls = 0;
  std::vector<std::pair<size_t, size_t>> progress;
  const Made model(
      [&](auto messages, const auto&) {
        const std::string text = messages.back().text();
        ++calls;
        if (text.find("part of a longer document") != text.npos) read += text;
        return said("Summary of call " + std::to_string(calls) + ".");
      },
      400);
  const std::string text = numbered_sentences(150);
  const Context::Scope scope(
      Context().with_progress([&](const Progress& p) { progress.emplace_back(p.done, p.total); }));
  const Summary s = summarize(model, text, {.answer = {.max_tokens = 40}});
  for (size_t i = 0; i < 150; ++i) {
    const std::string name = "number " + std::to_string(1000 + i) + " ";
    const size_t at = read.find(name);
    ASSERT_NE(at, read.npos) << name;
    EXPECT_EQ(read.find(name, at + 1), read.npos) << name;
  }
  EXPECT_GT(s.parts, 3u);
  EXPECT_EQ(s.rounds, 2u);
  EXPECT_EQ(calls, s.parts + 1);
  EXPECT_EQ(s.text, "Summary of call " + std::to_string(calls) + ".");
  EXPECT_EQ(progress.back().first, progress.back().second);
  for (size_t i = 1; i < progress.size(); ++i) EXPECT_GE(progress[i].first, progress[i - 1].first);
}

TEST(Summarize, RoundsUntilItFits) {
  const Made model([&](auto, const auto&) { return said(numbered_sentences(5)); },
                   300);  // each part still has five sentences
  const Summary s = summarize(model, numbered_sentences(400), {.answer = {.max_tokens = 60}});
  EXPECT_GE(s.rounds, 3u);
}

TEST(Summarize, WhatCannotWorkIsSaid) {
  const auto error_of = [](const ChatModel& model, std::string_view text, const SummarizeOptions& o) {
    try {
      summarize(model, text, o);
    } catch (const Error& e) {
      return std::string(code_name(e.code())) + ": " + e.what();
    }
    return std::string();
  };
  const Made parrot([](auto messages, const auto&) { return said(messages.back().text()); }, 400);
  EXPECT_THAT(error_of(parrot, numbered_sentences(200), {.answer = {.max_tokens = 40}}),
              testing::AllOf(HasSubstr("exhausted"), HasSubstr("do not get shorter")));
  EXPECT_THAT(error_of(parrot, "  \n", {}), HasSubstr("invalid"));
  const Made tiny([](auto, const auto&) { return said("x"); }, 120);
  EXPECT_THAT(error_of(tiny, "text", {.answer = {.max_tokens = 100}}),
              testing::AllOf(HasSubstr("exhausted"), HasSubstr("120 tokens")));
  const Made cut([](auto, const auto&) {
    auto r = said("half a");
    r.finish = ChatFinish::Length;
    return r;
  });
  EXPECT_THAT(summarize(cut, "text").warnings, ElementsAre(HasSubstr("cut after")));
  CancelSource stop;
  stop.cancel();
  const Context::Scope scope(Context().with_cancel(stop));
  EXPECT_THAT(error_of(cut, "text", {}), HasSubstr("cancelled"));
}

// ---- sentiment

/// A model that likes "positive" (긍정) three times as well as the others, whatever it reads, and on top of that hears
/// "good" and "좋", "bad" and "나쁘".
class Feeling : public ChatModel {
 public:
  std::string name() const override { return "feeling"; }
  size_t context_tokens() const override { return 0; }
  size_t count_tokens(std::string_view text) const override { return text.size(); }
  ChatReply chat(std::span<const Message>, const ChatOptions&) const override { return {}; }
  std::vector<double> score(std::span<const Message> messages, std::span<const std::string> answers) const override {
    const std::string text = messages.back().text();
    std::vector<double> out;
    for (const auto& a : answers) {
      double p = 0.1;
      if (a == "positive" || a == "긍정") p *= 3;
      if (text.find("good") != text.npos || text.find("좋") != text.npos) p *= a == "positive" || a == "긍정" ? 2 : 1;
      if (text.find("bad") != text.npos || text.find("나쁘") != text.npos) p *= a == "negative" || a == "부정" ? 2 : 1;
      out.push_back(std::log(p));
    }
    return out;
  }
};

TEST(Sentiment, WhatTheModelThinksAnywayIsTakenOut) {
  const Feeling model;
  const std::vector<std::string> texts{"It was good.", "It was bad.", "좋았다.", "나쁘다."};
  size_t done = 0;
  const Context::Scope scope(Context().with_progress([&](const Progress& p) { done = p.done; }));
  const auto r = label_texts(model, texts);
  EXPECT_EQ(done, 4u);
  EXPECT_EQ(r[0].label, "positive");
  EXPECT_NEAR(r[0].confidence, 0.5, 1e-9);  // 2 : 1 : 1
  EXPECT_EQ(r[1].label, "negative");
  EXPECT_EQ(r[2].label, "positive");
  EXPECT_EQ(r[3].label, "negative");
  EXPECT_EQ(r[3].probabilities[2].first, "negative");
  EXPECT_NEAR(r[3].probabilities[2].second, 0.5, 1e-9);
  EXPECT_EQ(label_texts(model, std::span(texts).subspan(1, 1), {.calibrate = false})[0].label, "positive");
}

TEST(Sentiment, LabelsOfYourOwn) {
  const Feeling model;
  const std::vector<std::string> texts{"It was bad."};
  const auto r = label_texts(model, texts, {.labels = {"negative", "other"}});
  EXPECT_EQ(r[0].label, "negative");
  EXPECT_NEAR(r[0].probabilities[0].second, 2.0 / 3, 1e-9);
  EXPECT_THROW(label_texts(model, texts, {.labels = {"one"}}), Error);
  const std::vector<std::string> empty{" "};
  EXPECT_THROW(label_texts(model, empty), Error);
}

// ---- prompts

TEST(Summarize, PromptsCanBeReplaced) {
  std::vector<std::string> asked;
  const Made model([&](auto messages, const auto&) {
    asked.push_back(messages[0].text());
    return said("short");
  });
  SummarizeOptions options{.sentences = 2};
  options.prompts.whole = "In {sentences}: {text}!";
  options.korean_prompts.whole = "{text} 요약";
  EXPECT_EQ(summarize(model, "It {rained}.", options).text, "short");
  summarize(model, "비가 왔다.", options);
  EXPECT_THAT(asked, ElementsAre("In 2: It {rained}.!", "비가 왔다. 요약"));
}

TEST(Prompts, StylesAsMessages) {
  const PromptStyle all{.name = "all",
                        .role = "You are a clerk.",
                        .conditions = {"Be short."},
                        .examples = {{"1+1?", "2"}},
                        .chain_of_thought = true};
  const auto m = styled_prompt(all, "2+2?");
  ASSERT_EQ(m.size(), 4u);
  EXPECT_EQ(m[0].role, "system");
  EXPECT_EQ(m[2].text(), "2");
  EXPECT_THAT(m[3].text(),
              testing::AllOf(testing::StartsWith("2+2?"), HasSubstr("- Be short."), HasSubstr("step by step")));
  EXPECT_THAT(styled_prompt(*usual_style("chain-of-thought", "거미의 다리는?"), "거미의 다리는?")[0].text(),
              HasSubstr("단계별로"));
  EXPECT_FALSE(usual_style("no such style", ""));
}

TEST(Prompts, TheAnswerWithin) {
  EXPECT_EQ(final_answer(" 24 \n", false), "24");
  EXPECT_EQ(final_answer("Three spiders have 8 legs each.\n3 * 8 = 24\nAnswer: **24**.", true), "24");
  EXPECT_EQ(final_answer("The answer is 7.\nNo wait.\nANSWER: 8", true), "8");
  EXPECT_EQ(final_answer("여덟에 셋을 곱하면\n정답: 24", true), "24");
  EXPECT_EQ(final_answer("first\n\nlast line.", true), "last line");
  EXPECT_EQ(final_answer("", true), "");
  for (const auto& [a, b] :
       {std::pair{"24", "24.0"}, {"1,200", "$1200"}, {"Paris", " paris."}, {"전라 북도", "전라북도"}})
    EXPECT_TRUE(same_answer(a, b)) << a << " " << b;
  for (const auto& [a, b] : {std::pair{"24", "42"}, {"Paris", "London"}, {"", "x"}})
    EXPECT_FALSE(same_answer(a, b)) << a;
}

PromptPlan plan(const std::string& yaml) { return read_prompt_plan(yaml, "p.yaml"); }

TEST(Prompts, Plans) {
  const PromptPlan p = plan(
      "question: How many?\nanswer: 24\nmodels: [a, b]\ntemperatures: [0, 0.7]\nmax_tokens: 9\nseed: 3\nstyles:\n"
      "  - zero-shot\n  - self-consistency\n  - name: mine\n    role: R\n    conditions: one\n    examples:\n"
      "      - {question: q, answer: 1}\n    chain_of_thought: true\n    samples: 3\n");
  EXPECT_EQ(*p.expected, "24");
  EXPECT_THAT(p.models, ElementsAre("a", "b"));
  EXPECT_THAT(p.temperatures, ElementsAre(0.0f, 0.7f));
  ASSERT_EQ(p.styles.size(), 3u);
  EXPECT_EQ(p.styles[1].samples, 5u);
  EXPECT_THAT(p.styles[2].conditions, ElementsAre("one"));
  EXPECT_EQ(p.styles[2].examples[0].second, "1");
  EXPECT_EQ(plan("question: x").styles.size(), 6u);
}

TEST(Prompts, PlansThatAreWrongSayWhere) {
  for (const auto& [yaml, words] :
       {std::pair{"", "keys with values"},
        {"styles: [zero-shot]", "question"},
        {"question: ''", "question"},
        {"question: x\nstyle: y", "'style'"},
        {"question: x\nstyles: [nonsense]", "styles[0]"},
        {"question: x\nstyles: [{role: r}]", "styles[0].name"},
        {"question: x\nstyles: [{name: a}, {name: a}]", "styles[1].name"},
        {"question: x\nstyles: [{name: a, samples: 0}]", "styles[0].samples"},
        {"question: x\nstyles: [{name: a, chain_of_thought: 3}]", "true or false"},
        {"question: x\nstyles: [{name: a, examples: [{question: q}]}]", "styles[0].examples[0].answer"},
        {"question: x\ntemperatures: [hot]", "temperatures"},
        {"question: x\ntemperatures: [-1]", "temperatures"},
        {"question: x\nmodels: []", "models"},
        {"question: [x", "not YAML"}}) {
    try {
      plan(yaml);
      ADD_FAILURE() << yaml;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::Invalid);
      EXPECT_THAT(e.what(), testing::AllOf(HasSubstr("p.yaml"), HasSubstr(words))) << yaml;
    }
  }
}

TEST(Prompts, ComparedSideBySide) {
  const OpenModel open = [](const std::string& name) -> std::shared_ptr<const ChatModel> {
    if (name == "gone") throw Error(Code::NotFound, "gone: no such model");
    return std::make_shared<Made>([](auto messages, const auto& o) {
      const std::string text = messages.back().text();
      if (text.find("step by step") == text.npos) return said("about 20");
      return said("Let me see.\nAnswer: " + std::string(*o.seed % 3 == 0 ? "23" : "24"));
    });
  };
  size_t runs = 0;
  const Context::Scope scope(Context().with_progress([&](const Progress& p) {
    runs = p.done;
    EXPECT_EQ(p.total, 12u);
  }));
  const auto c =
      compare_prompts(plan("question: How many?\nanswer: 24\nmodels: [m, gone]\ntemperatures: [0, 0.5]\nseed: 1\n"
                           "styles: [zero-shot, chain-of-thought, self-consistency]"),
                      open);
  EXPECT_EQ(runs, 12u);
  ASSERT_EQ(c.runs.size(), 12u);
  EXPECT_EQ(c.runs[0].answer, "about 20");
  EXPECT_FALSE(*c.runs[0].correct);
  EXPECT_EQ(c.runs[2].texts.size(), 1u);  // temperature 0: one is all
  const PromptRun& voted = c.runs[5];
  EXPECT_EQ(voted.style, "self-consistency");
  EXPECT_THAT(voted.answers, ElementsAre("24", "24", "23", "24", "24"));
  EXPECT_EQ(voted.answer, "24");
  EXPECT_DOUBLE_EQ(voted.agreement, 0.8);
  EXPECT_TRUE(*voted.correct);
  EXPECT_GT(voted.completion_tokens, 5u);
  EXPECT_THAT(c.runs[6].error, HasSubstr("no such model"));
  EXPECT_EQ(c.answer, "24");
  EXPECT_NEAR(c.agreement, 4.0 / 6, 1e-9);
}

TEST(Prompts, WhatCountsAsRight) {
  for (const auto& [says, right] : {std::pair{"It has 28 legs.", true},
                                    {"28", true},
                                    {"28.0", true},
                                    {"128 legs", false},
                                    {"281", false},
                                    {"twenty", false}}) {
    const auto c =
        compare_prompts(plan("question: How many?\nanswer: 28\nstyles: [zero-shot]"), [&](const std::string&) {
          return std::make_shared<Made>([says = says](auto, const auto&) { return said(says); });
        });
    EXPECT_EQ(*c.runs[0].correct, right) << says;
  }
}

TEST(Prompts, ThePageHoldsEverythingAndNothingRuns) {
  PromptComparison c;
  c.plan.question = "<script>alert(1)</script>";
  c.plan.expected = "24";
  c.runs.push_back({.style = "a&b",
                    .model = "\"m\"",
                    .texts = {"<b>24</b>"},
                    .answers = {"24"},
                    .answer = "24",
                    .agreement = 1,
                    .correct = true});
  c.runs.push_back({.style = "s", .model = "m", .error = "broke <here>"});
  const std::string html = comparison_html(c);
  EXPECT_EQ(html.find("<script"), html.npos);
  EXPECT_EQ(html.find("<b>24</b>"), html.npos);
  EXPECT_THAT(html, testing::AllOf(HasSubstr("a&amp;b"), HasSubstr("&lt;b&gt;24&lt;/b&gt;"),
                                   HasSubstr("broke &lt;here&gt;"), HasSubstr(">yes<"), HasSubstr("&quot;m&quot;")));
}

}  // namespace
}  // namespace hanok::chain
