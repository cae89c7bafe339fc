#include "chain/providers/tool_calls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hanok::chain {
namespace {

struct Read {
  std::string text;
  std::vector<ToolCall> calls;
  bool operator==(const Read&) const = default;
};

// In pieces of every length: the same comes out.
Read read(const std::string& answer) {
  std::optional<Read> first;
  for (size_t step = 1; step <= answer.size(); ++step) {
    std::string shown;
    ToolCallReader reader({"weather", "time"}, [&](std::string_view piece) {
      shown += piece;
      return true;
    });
    for (size_t i = 0; i < answer.size(); i += step) reader.push(std::string_view(answer).substr(i, step));
    reader.finish();
    EXPECT_EQ(shown, reader.text());
    const Read now{shown, reader.calls()};
    if (!first) first = now;
    EXPECT_TRUE(*first == now) << "in steps of " << step << ": " << shown;
  }
  return *first;
}

const ToolCall kSeoul{"call_1", "weather", R"({"city":"서울"})"};

TEST(ToolCalls, CommonStyles) {
  for (const char* answer : {"<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"서울\"}}\n</tool_call>",
                             "{\"name\": \"weather\", \"parameters\": {\"city\": \"서울\"}}",
                             "<|python_tag|>{\"name\": \"weather\", \"parameters\": {\"city\": \"서울\"}}",
                             "[TOOL_CALLS][{\"name\": \"weather\", \"arguments\": {\"city\": \"서울\"}}]",
                             "[{\"name\": \"weather\", \"arguments\": {\"city\": \"서울\"}}]",
                             "<tool_call>{\"name\": \"weather\", \"arguments\": {\"city\": \"서울\"}}"})
    EXPECT_TRUE(read(answer) == (Read{"", {kSeoul}})) << answer;
}

TEST(ToolCalls, WordsBeforeAndSeveralCalls) {
  const Read r = read(
      "Let me look.<tool_call>{\"name\":\"weather\",\"arguments\":{\"city\":\"서울\"}}</tool_call>\n"
      "<tool_call>{\"name\":\"time\"}</tool_call>");
  EXPECT_EQ(r.text, "Let me look.");
  EXPECT_THAT(r.calls, testing::ElementsAre(kSeoul, ToolCall{"call_2", "time", "{}"}));
}

TEST(ToolCalls, WhatIsNoneStaysText) {
  for (const char* answer :
       {"plain words", "{\"a\": 1}", "{ not json", "a < b and <tool", "[1] says so", "[TOOL_CALLS] oh",
        "<tool_call>{\"name\":\"unknown\",\"arguments\":{}}</tool_call>", "<tool_call>broken</tool_call> and on"})
    EXPECT_TRUE(read(answer) == (Read{answer, {}})) << answer << " gave " << read(answer).text;
}

TEST(ToolCalls, TheReceiverCanStop) {
  int n = 0;
  ToolCallReader reader({"weather"}, [&](std::string_view) { return ++n < 2; });
  EXPECT_TRUE(reader.push("one "));
  EXPECT_FALSE(reader.push("two "));
  EXPECT_FALSE(reader.push("three"));
  EXPECT_EQ(n, 2);
}

}  // namespace
}  // namespace hanok::chain
