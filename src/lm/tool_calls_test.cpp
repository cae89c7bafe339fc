#include "lm/tool_calls.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "lm/test_data.h"

namespace hanok::lm {
namespace {

// The same, in pieces of n bytes.
ToolPiece in_pieces(ToolStyle style, std::string_view text, size_t n) {
  ToolCallParser parser(style);
  ToolPiece all;
  const auto add = [&](ToolPiece p) {
    all.text += p.text;
    all.calls.insert(all.calls.end(), p.calls.begin(), p.calls.end());
    all.faults.insert(all.faults.end(), p.faults.begin(), p.faults.end());
  };
  for (size_t i = 0; i < text.size(); i += n) add(parser.add(text.substr(i, n)));
  add(parser.finish());
  return all;
}

struct Case {
  ToolStyle style;
  std::string text, shown;
  std::vector<ToolCall> calls;
  size_t faults = 0;
};

const std::vector<Case>& cases() {
  using enum ToolStyle;
  static const std::vector<Case> all{
      {Hermes, "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>", "", {{"", "now", "{}"}}},
      {Hermes,
       "I look.\n<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"서울\", \"note\": \"</tool_call> \\\"}\"}}\n"
       "</tool_call>\n<tool_call>{\"name\":\"now\"}</tool_call>\n",
       "I look.\n",
       {{"", "weather", R"({"city":"서울","note":"</tool_call> \"}"})"}, {"", "now", "{}"}}},
      {Hermes,
       "<think>maybe <tool_call>{\"name\":\"x\"}</tool_call></think>\nNo.",
       "<think>maybe <tool_call>{\"name\":\"x\"}</tool_call></think>\nNo.",
       {}},
      {Hermes,
       "<tool_call>{\"name\": \"a\", \"arguments\": \"{\\\"b\\\": 1}\"}</tool_call>",
       "",
       {{"", "a", R"({"b":1})"}}},
      {Hermes, "<tool_call>{\"name\": \"a\", \"arguments\": {}}", "", {{"", "a", "{}"}}},  // the model stopped there
      {Hermes, "<tool_call>{\"name\": \"a\", \"argu", "<tool_call>{\"name\": \"a\", \"argu", {}, 1},
      {Hermes, "<tool_call>{\"name\": \"a\", }</tool_call> ok", "<tool_call>{\"name\": \"a\", }</tool_call> ok", {}, 1},
      {Hermes, "<tool_call>{\"nme\": \"a\"}</tool_call>", "<tool_call>{\"nme\": \"a\"}</tool_call>", {}, 1},
      {Hermes,
       "<tool_call>{\"name\": \"a\", \"arguments\": [1]}</tool_call>",
       "<tool_call>{\"name\": \"a\", \"arguments\": [1]}</tool_call>",
       {},
       1},
      {Hermes,
       "<tool_call>call a</tool_call><tool_call>{\"name\":\"b\"}</tool_call>",
       "<tool_call>call a</tool_call>",
       {{"", "b", "{}"}},
       1},
      {Hermes, "if a <tool b", "if a <tool b", {}},
      {Llama,
       "{\"name\": \"weather\", \"parameters\": {\"city\": \"Paris\"}}",
       "",
       {{"", "weather", R"({"city":"Paris"})"}}},
      {Llama,
       "{\"type\": \"function\", \"name\": \"a\", \"parameters\": {}}; {\"name\": \"b\", \"parameters\": {\"x\": 1}}",
       "",
       {{"", "a", "{}"}, {"", "b", R"({"x":1})"}}},
      {Llama, "<|python_tag|>{\"name\": \"a\", \"parameters\": {\"x\": null}}", "", {{"", "a", R"({"x":null})"}}},
      {Llama, "{\"answer\": 42}", "{\"answer\": 42}", {}},
      {Llama, "{\"name\": \"Kim\"} is my JSON.", "{\"name\": \"Kim\"} is my JSON.", {}},
      {Llama,
       "The object {\"name\": \"a\", \"parameters\": {}} is shown.",
       "The object {\"name\": \"a\", \"parameters\": {}} is shown.",
       {}},
      {Mistral,
       "[TOOL_CALLS][{\"name\": \"a\", \"arguments\": {\"x\": [1, 2]}, \"id\": \"abc123def\"}, {\"name\": \"b\", \"arguments\": {}}]",
       "",
       {{"abc123def", "a", R"({"x":[1,2]})"}, {"", "b", "{}"}}},
      {Mistral,
       "[TOOL_CALLS]weather[CALL_ID]123456789[ARGS]{\"city\": \"Busan\"}[TOOL_CALLS]now[ARGS]{}",
       "",
       {{"123456789", "weather", R"({"city":"Busan"})"}, {"", "now", "{}"}}},
      {Mistral, "A list [TOOL] and [1, 2].", "A list [TOOL] and [1, 2].", {}},
      {Granite, "<|tool_call|>[{\"name\": \"a\", \"arguments\": {\"x\": true}}]", "", {{"", "a", R"({"x":true})"}}},
      {Command,
       "<|START_ACTION|>[\n    {\"tool_call_id\": \"0\", \"tool_name\": \"a\", \"parameters\": {\"q\": \"x\"}}\n]<|END_ACTION|>",
       "",
       {{"0", "a", R"({"q":"x"})"}}},
      {DeepSeek,
       "Now.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>weather\n```json\n{\"city\": \"Paris\"}\n```<｜tool▁call▁end｜>\n"
       "<｜tool▁call▁begin｜>function<｜tool▁sep｜>now\n```json\n{}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
       "Now.",
       {{"", "weather", R"({"city":"Paris"})"}, {"", "now", "{}"}}},
      {Any, "\n<tool_call>{\"name\": \"a\"}</tool_call> [TOOL_CALLS]b[ARGS]{}", "", {{"", "a", "{}"}, {"", "b", "{}"}}},
      {Any, "[{\"name\": \"a\", \"arguments\": {}}]", "", {{"", "a", "{}"}}},
      {Any, "<think>x  y</think> \n<tool_call>{\"name\":\"y\"}</tool_call>", "<think>x  y</think>", {{"", "y", "{}"}}},
      {Any, "[1] says so", "[1] says so", {}},
      {Any, "[{\"year\": 1}]", "[{\"year\": 1}]", {}},
      {Any, " \n{ no JSON", " \n{ no JSON", {}},
      {None, "<tool_call>{\"name\":\"a\"}</tool_call>", "<tool_call>{\"name\":\"a\"}</tool_call>", {}},
  };
  return all;
}

TEST(ToolCalls, EveryStyleInPiecesOfAnySize) {
  for (const Case& c : cases())
    for (const size_t n : {1, 2, 3, 7, 1000}) {
      SCOPED_TRACE(c.text + " in " + std::to_string(n));
      const ToolPiece p = in_pieces(c.style, c.text, n);
      EXPECT_EQ(p.text, c.shown);
      EXPECT_EQ(p.calls, c.calls);
      EXPECT_EQ(p.faults.size(), c.faults);
    }
}

TEST(ToolCalls, TextComesAsSoonAsItIsCertain) {
  ToolCallParser parser(ToolStyle::Hermes);
  EXPECT_EQ(parser.add("Hello <b").text, "Hello <b");
  EXPECT_EQ(parser.add(" <tool").text, " ");
  EXPECT_EQ(parser.add("s>").text, "<tools>");
  EXPECT_EQ(parser.add("<tool_call>{\"name\":").text, "");
  EXPECT_TRUE(parser.within_call());
  EXPECT_EQ(parser.add("\"a\"}").calls.size(), 0u);
  EXPECT_EQ(parser.add("</tool_call>").calls.size(), 1u);  // before the text ends
  EXPECT_FALSE(parser.within_call());
  EXPECT_EQ(parser.add("done").text, "done");
}

TEST(ToolCalls, OnlyToolsThatWereOffered) {
  ToolCallParser parser(ToolStyle::Any, {"weather"});
  const auto piece = parser.add("<tool_call>{\"name\":\"now\"}</tool_call>");
  EXPECT_EQ(piece.text, "<tool_call>{\"name\":\"now\"}</tool_call>");
  ASSERT_EQ(piece.faults.size(), 1u);
  EXPECT_NE(piece.faults[0].find("'now'"), std::string::npos);
  EXPECT_EQ(parser.add("<tool_call>{\"name\":\"weather\"}</tool_call>").calls.size(), 1u);
}

TEST(ToolCalls, FaultsSayWhy) {
  const auto why = [](const char* text) { return parse_tool_calls(ToolStyle::Hermes, text).faults.at(0); };
  EXPECT_NE(why("<tool_call>{\"name\":1}</tool_call>").find("name of a tool"), std::string::npos);
  EXPECT_NE(why("<tool_call>{\"name\":\"f\",\"arguments\":7}</tool_call>").find("arguments of f"), std::string::npos);
  EXPECT_NE(why("<tool_call>{]</tool_call>").find("brackets"), std::string::npos);
}

TEST(ToolCalls, StylesOfRealTemplates) {
  const auto folder = test_data() / "golden" / "lm" / "chat" / "templates";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no golden templates beside the source";
  const std::pair<const char*, ToolStyle> expected[] = {{"qwen2.5", ToolStyle::Hermes},
                                                        {"qwen3", ToolStyle::Hermes},
                                                        {"hermes-3-tools", ToolStyle::Hermes},
                                                        {"granite-4.0", ToolStyle::Hermes},
                                                        {"llama-3.1", ToolStyle::Llama},
                                                        {"llama-3.2", ToolStyle::Llama},
                                                        {"mistral-nemo", ToolStyle::Mistral},
                                                        {"mistral-small-3.2", ToolStyle::Mistral},
                                                        {"granite-3.3", ToolStyle::Granite},
                                                        {"command-r7b-tools", ToolStyle::Command},
                                                        {"deepseek-r1-qwen", ToolStyle::DeepSeek},
                                                        {"gemma-2", ToolStyle::None},
                                                        {"chatml", ToolStyle::None}};
  for (const auto& [file, style] : expected)
    EXPECT_EQ(tool_style(base::read_file(folder / (std::string(file) + ".jinja"))), style) << file;
}

TEST(ToolCalls, CallsThatAreWrittenAreReadBack) {
  for (const auto& [style, chat_template] :
       std::initializer_list<std::pair<ToolStyle, std::string_view>>{{ToolStyle::Hermes, ""},
                                                                     {ToolStyle::Llama, ""},
                                                                     {ToolStyle::Mistral, ""},
                                                                     {ToolStyle::Mistral, "[TOOL_CALLS]name[ARGS]"},
                                                                     {ToolStyle::Granite, ""},
                                                                     {ToolStyle::Command, ""},
                                                                     {ToolStyle::DeepSeek, ""},
                                                                     {ToolStyle::None, ""}}) {
    const CallForm form = call_form(style, chat_template);
    const std::string text = std::string(form.before) + "weather" + std::string(form.between) + R"({"city": "서울"})" +
                             std::string(form.after);
    for (const ToolStyle read : {style, ToolStyle::Any}) {
      if (read == ToolStyle::None) continue;
      const ToolPiece piece = parse_tool_calls(read, text);
      ASSERT_EQ(piece.calls.size(), 1u) << text;
      EXPECT_EQ(piece.calls[0].name, "weather");
      EXPECT_EQ(piece.calls[0].arguments, R"({"city":"서울"})");
      EXPECT_EQ(piece.text, "") << text;
      EXPECT_TRUE(piece.faults.empty()) << piece.faults[0];
    }
  }
}

}  // namespace
}  // namespace hanok::lm
