#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chain/outputs/find_json.h"
#include "chain/outputs/schema_check.h"
#include "chain/test_models.h"
#include "hanok/outputs.h"
#include "hanok/traces.h"

namespace hanok::chain {
namespace {

using test::Played;
using testing::ElementsAre;
using testing::HasSubstr;

template <class T>
std::string refused(const Parser<T>& parser, const std::string& answer) {
  try {
    parser.parse(answer);
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::Corrupt);
    return e.what();
  }
  return "was read";
}

TEST(Outputs, Lists) {
  EXPECT_THAT(list_parser().parse(" red,green ,\n blue, \"a, b\", \"say \"\"hi\"\"\",, "),
              ElementsAre("red", "green", "blue", "a, b", "say \"hi\""));
  EXPECT_TRUE(list_parser().parse("").empty());
  EXPECT_THAT(lines_parser().parse("- one\n\n* two\n3. three\n4) four\r\nfive 5. 6\n2024 was\n"),
              ElementsAre("one", "two", "three", "four", "five 5. 6", "2024 was"));
}

TEST(Outputs, JsonIsFoundInWhatIsSaid) {
  EXPECT_EQ(find_json("Here:\n```json\n{\"a\": \"}\"}\n```\nDone {x}"), "{\"a\": \"}\"}");
  EXPECT_EQ(find_json("So {\"a\": [1, \"]}\\\"\"]} it is"), "{\"a\": [1, \"]}\\\"\"]}");
  EXPECT_EQ(find_json("  42 "), "42");
  EXPECT_EQ(find_json("{\"a\": 1"), "{\"a\": 1");
  EXPECT_EQ(json_parser().parse("I think [1, 2] is right")[1], 2);
  EXPECT_THAT(refused(json_parser(), "none"), HasSubstr("'none'"));
  EXPECT_THAT(refused(json_parser(), std::string(10'000, '[')), HasSubstr("deep"));
}

TEST(Outputs, ASchemaSaysWhereAndWhat) {
  const auto parser = schema_parser(
      R"({"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer","minimum":0},
          "tags":{"type":"array","items":{"enum":["a","b"]},"maxItems":2}},
          "required":["name","age"],"additionalProperties":false})");
  EXPECT_EQ(parser.parse(R"(```
{"name":"Kim","age":3,"tags":["a"]}
```)")["name"],
            "Kim");
  EXPECT_THAT(refused(parser, R"({"name":"Kim"})"), HasSubstr("#: \"age\" is missing"));
  EXPECT_THAT(refused(parser, R"({"name":"Kim","age":-3})"),
              HasSubstr("#/age: a number of at least 0 was expected, found -3"));
  EXPECT_THAT(refused(parser, R"({"name":5,"age":3})"), HasSubstr("#/name: a value of type \"string\""));
  EXPECT_THAT(refused(parser, R"({"name":"","age":3,"x":1})"), HasSubstr("\"x\" is none of its properties"));
  EXPECT_THAT(refused(parser, R"({"name":"","age":3,"tags":["c"]})"), HasSubstr("#/tags/0: one of [\"a\",\"b\"]"));
  EXPECT_THAT(refused(parser, R"({"name":"","age":3,"tags":["a","a","a"]})"), HasSubstr("at most 2"));
  EXPECT_EQ(why_not(base::OrderedJson::parse(R"({"anyOf":[{"type":"string","minLength":2},{"type":"null"}]})"), "a"),
            "#: \"a\" does not satisfy the schema");
  EXPECT_THROW(schema_parser("{"), Error);
  EXPECT_THROW(schema_parser(R"({"type":"array","minItems":"two"})").parse("[1]"), Error);
  EXPECT_EQ(why_not(base::OrderedJson::parse(R"({"type":"integer"})"), 1e300), "");
  EXPECT_THAT(why_not(base::OrderedJson::parse(R"({"type":"integer"})"), 1.5), HasSubstr("integer"));
}

TEST(Outputs, Choices) {
  const auto parser = choice_parser({"Yes", "No", "c++ (new)"});
  EXPECT_EQ(parser.parse(" **yes**.\n"), "Yes");
  EXPECT_EQ(parser.parse("C++ (new)"), "c++ (new)");
  EXPECT_THAT(refused(parser, "Yes and no"), HasSubstr("one of Yes, No, c++ (new)"));
  EXPECT_EQ(parser.constraint.regex, "Yes|No|c\\+\\+ \\(new\\)");
  EXPECT_THROW(choice_parser({}), Error);
}

TEST(Outputs, Dates) {
  using namespace std::chrono;
  const auto ms = [](const std::string& text) { return date_parser().parse(text).time_since_epoch().count(); };
  EXPECT_EQ(ms("1970-01-02"), 86'400'000);
  EXPECT_EQ(ms("It was on 2026-11-29T15:44:36.25Z, I think"), 1'795'967'076'250);
  EXPECT_EQ(ms("2026-11-29 15:44"), 1'795'967'040'000);
  EXPECT_EQ(ms("2024-02-29"), 1'709'164'800'000);
  for (const char* wrong : {"2023-02-29", "2026-13-01", "2026-1-1", "tomorrow", "", "2026-11-29T25:00:00Z"})
    EXPECT_THAT(refused(date_parser(), wrong), HasSubstr("a date like")) << wrong;
}

TEST(Outputs, Xml) {
  EXPECT_EQ(xml_parser().parse("Sure: <foo><bar><baz/></bar><baz>slim</baz></foo>."),
            Json::parse(R"({"foo":[{"bar":[{"baz":null}]},{"baz":"slim"}]})"));
  EXPECT_THAT(refused(xml_parser(), "<a><b></a>"), HasSubstr("XML was expected"));
  EXPECT_THAT(refused(xml_parser(), "nothing"), HasSubstr("there is no element"));
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += "<a>";
  for (int i = 0; i < 5000; ++i) deep += "</a>";
  EXPECT_THAT(refused(xml_parser(), deep), HasSubstr("deeper"));
}

TEST(Outputs, AnAnswerOutOfFormIsRepairedSoManyTimes) {
  const auto model = std::make_shared<Played>(std::deque<std::string>{"perhaps", "Yes!"});
  const auto chain =
      prompt("Is it?") | structured(std::shared_ptr<const ChatModel>(model), choice_parser({"Yes", "No"}));
  std::vector<TraceSpan> spans;
  {
    const Tracing scope(std::make_shared<Trace>([&](const TraceSpan& span) { spans.push_back(span); }));
    EXPECT_EQ(chain.invoke({}), "Yes");
  }
  EXPECT_TRUE(std::any_of(spans.begin(), spans.end(), [](const auto& s) { return s.name == "structured choice"; }));
  ASSERT_EQ(model->asked.size(), 2u);
  EXPECT_THAT(model->asked[0].back().text(), HasSubstr("Answer with exactly one of these"));
  EXPECT_THAT(model->asked[1].back().text(), HasSubstr("'perhaps'"));
  const auto never = std::make_shared<Played>(std::deque<std::string>{"a", "b", "c", "d"});
  const auto strict = prompt("?") | structured<std::string>(never, choice_parser({"Yes"}), {.repairs = 2});
  EXPECT_THROW(strict.invoke({}), Error);
  EXPECT_EQ(never->asked.size(), 3u);
}

}  // namespace
}  // namespace hanok::chain
