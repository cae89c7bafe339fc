#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hanok/error.h"
#include "hanok/prompts.h"

namespace hanok::chain {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string why(const std::function<void()>& what) {
  try {
    what();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::Invalid);
    return e.what();
  }
  return "no error";
}

TEST(PromptTemplate, GapsAreFilledOnceAndNeverReadAgain) {
  const PromptTemplate t("{{literal}} {name} asks {질문}: {name}");
  EXPECT_THAT(t.variables(), ElementsAre("name", "질문"));
  EXPECT_EQ(t.format({{"name", "{질문}"}, {"질문", "{{x}} {name}"}}), "{literal} {질문} asks {{x}} {name}: {질문}");
  EXPECT_EQ(PromptTemplate("no gaps").format({{"other", "left"}}), "no gaps");
  EXPECT_EQ(PromptTemplate("").format(), "");
}

TEST(PromptTemplate, WhatIsMissingIsNamed) {
  const PromptTemplate t("{a} {b} {c}");
  EXPECT_THAT(why([&] {
                t.format({{"b", "1"}, {"d", "2"}});
              }),
              testing::AllOf(HasSubstr("no value for a, c"), HasSubstr("given were b, d")));
}

TEST(PromptTemplate, OnlyPlainNamesAreGaps) {
  for (const char* text : {"{", "a\n{name", "}", "{}", "{0}", "{a.b}", "{a[0]}", "{a:>9}", "{a!r}", "{ a }", "{a{b}}"})
    EXPECT_THAT(why([&] { PromptTemplate{text}; }), HasSubstr("prompt template, line")) << text;
  EXPECT_THAT(why([] { PromptTemplate("one\ntwo {x.y}"); }), HasSubstr("line 2"));
  EXPECT_EQ(PromptTemplate("{{{a}}}").format({{"a", "1"}}), "{1}");
}

TEST(PromptTemplate, PartialValuesAndFunctions) {
  int calls = 0;
  const PromptTemplate t("{day}: {text}");
  const auto today = t.partial("day", [&] { return "day " + std::to_string(++calls); });
  EXPECT_THAT(today.variables(), ElementsAre("text"));
  EXPECT_EQ(today.format({{"text", "x"}}), "day 1: x");
  EXPECT_EQ(today.format({{"text", "x"}}), "day 2: x");
  EXPECT_EQ(today.format({{"text", "x"}, {"day", "other"}}), "other: x");
  EXPECT_THAT(t.variables(), ElementsAre("day", "text"));  // the first is as it was
  EXPECT_THAT(why([&] { t.partial({{"dya", "x"}}); }), HasSubstr("no gap 'dya'"));
}

TEST(PromptTemplate, Jinja) {
  const PromptTemplate t(
      "{% set n = 2 %}{% if formal is defined %}Dear {% endif %}{{ name | upper }}{% for c in name %}{{ c }}{{ n }}"
      "{% endfor %}{{ range(n) | length }}{{ tail | default('!') }}",
      TemplateFormat::Jinja);
  EXPECT_THAT(t.variables(), ElementsAre("name"));
  EXPECT_EQ(t.format({{"name", "ab"}}), "ABa2b22!");
  EXPECT_EQ(t.format({{"name", "ab"}, {"formal", "1"}, {"tail", "?"}}), "Dear ABa2b22?");
  EXPECT_EQ(t.format({{"name", "{{ 1 }}"}}).substr(0, 7), "{{ 1 }}");  // a value is no template
  EXPECT_THAT(why([&] { t.format(); }), HasSubstr("no value for name"));
}

TEST(ChatPrompt, PiecesBecomeMessages) {
  const ChatPromptTemplate p({{"system", "You are {who}."},
                              MessagesPlaceholder{.name = "history", .optional = true, .last = 2},
                              {"human", "{text}"}});
  EXPECT_THAT(p.variables(), ElementsAre("text", "who"));
  const auto plain = p.format({{"who", "kind"}, {"text", "{who}"}});
  ASSERT_EQ(plain.size(), 2u);
  EXPECT_EQ(plain[0], Message("system", "You are kind."));
  EXPECT_EQ(plain[1], Message("user", "{who}"));
  const std::vector<Message> history{{"user", "1"}, {"assistant", "2"}, {"user", "3"}, {"assistant", "4"}};
  const auto with = p.partial({{"who", "kind"}}).format({{"text", "5"}}, {{"history", history}});
  ASSERT_EQ(with.size(), 4u);
  EXPECT_EQ(with[1].text(), "3");
  EXPECT_THAT(why([] { ChatPromptTemplate({{"robot", "x"}}); }), HasSubstr("'robot' is no role"));
}

TEST(ChatPrompt, EverythingMissingIsNamedAtOnce) {
  const ChatPromptTemplate p({{"system", "{a}"}, MessagesPlaceholder{.name = "talk"}, {"user", "{b}"}});
  EXPECT_THAT(p.placeholders(), ElementsAre("talk"));
  EXPECT_THAT(why([&] { p.format({{"b", "1"}}); }), HasSubstr("no value for a, talk (messages)"));
}

TEST(ChatPrompt, AResultIsNotLeftWithoutItsCall) {
  Message call{"assistant", ""}, result{"tool", "sunny"};
  call.tool_calls = {{"c1", "weather", "{}"}};
  result.tool_call_id = "c1";
  const std::vector<Message> talk{{"user", "weather?"}, call, result, {"assistant", "Sunny."}};
  const ChatPromptTemplate two({MessagesPlaceholder{.name = "talk", .last = 2}}),
      three({MessagesPlaceholder{.name = "talk", .last = 3}});
  EXPECT_EQ(two.format({}, {{"talk", talk}}).size(), 1u);  // "Sunny." alone
  EXPECT_EQ(three.format({}, {{"talk", talk}}).size(), 3u);
}

}  // namespace
}  // namespace hanok::chain
