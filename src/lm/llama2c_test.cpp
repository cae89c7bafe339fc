#include "lm/llama2c.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hanok/error.h"
#include "hanok/generate.h"
#include "lm/test_data.h"
#include "lm/tiny_model.h"

namespace hanok::lm {
namespace {

std::filesystem::path stories() { return test_data() / "models" / "llama2c" / "stories260K.bin"; }

TEST(Llama2c, TheStoryThatItsMakerTells) {
  if (!std::filesystem::exists(stories())) GTEST_SKIP() << "no stories260K beside the source";
  const LanguageModel model(stories());
  EXPECT_EQ(model.vocabulary(), 512u);
  const auto out = model.generate(model.encode(""), {.max_tokens = 80, .sampling = {.temperature = 0}});
  EXPECT_THAT(out.text, testing::StartsWith("Once upon a time, there was a little girl named Lily. She loved to play "
                                            "outside in the park. One day, she saw a big, red ball. She wanted to play "
                                            "with it, but it was too high.\nLily's mom said,"));
  EXPECT_EQ(model.decode(model.encode("Lily saw 한글.")), "Lily saw 한글.");
  EXPECT_FALSE(model.has_chat_template());
}

TEST(Llama2c, AModelOfOnesOwn) {
  const base::TempFolder folder;
  const auto file = write_tiny_model(folder.path(), 7);
  ASSERT_TRUE(is_llama2c(file));
  const LanguageModel model(file);
  const auto ids = model.encode("abc 가");
  EXPECT_EQ(model.decode(ids), "abc 가");
  const GenerateOptions options{.max_tokens = 20, .sampling = {.temperature = 0}};
  EXPECT_EQ(model.generate(ids, options).ids, LanguageModel(file).generate(ids, options).ids);
}

TEST(ChatText, ToolsAndCallsReachTheTemplate) {
  const base::TempFolder folder;
  const LanguageModel model(write_tiny_model(folder.path(), 7),
                            {.chat_template = "{{ tools[0].function | tojson }}|{% for m in messages %}{{ m.role }}"
                                              "{% for c in m.tool_calls %}:{{ c.function.name }}({{ "
                                              "c.function.arguments.city }}){% endfor %}"
                                              "{% if m.tool_call_id %}={{ m.tool_call_id }}{% endif %}|{% endfor %}"});
  const Turn turns[] = {{"user", "?"},
                        {"assistant", "", {{"c1", "weather", R"({"city":"서울"})"}}},
                        {.role = "tool", .content = "맑음", .tool_call_id = "c1"}};
  EXPECT_EQ(model.chat_text(turns, R"([{"type":"function","function":{"name":"weather","a":1}}])"),
            "{\"name\": \"weather\", \"a\": 1}|user|assistant:weather(서울)|tool=c1|");
  const Turn broken[] = {{"assistant", "", {{"c1", "weather", "not json"}}}};
  EXPECT_THROW(model.chat_text(broken), Error);
}

std::string error_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& e) {
    return std::string(code_name(e.code())) + ": " + e.what();
  }
  return "no error";
}

TEST(Llama2c, WhatIsWrongIsSaid) {
  const base::TempFolder folder;
  const auto file = write_tiny_model(folder.path(), 7);
  const std::string bytes = base::read_file(file), tokens = base::read_file(folder.path() / "tok288.bin");
  const auto read = [](std::string_view b) { read_llama2c(std::as_bytes(std::span(b.data(), b.size())), "m.bin"); };
  EXPECT_THAT(error_of([&] { read(std::string_view(bytes).substr(0, 20)); }), testing::HasSubstr("corrupt: m.bin"));
  EXPECT_THAT(error_of([&] { read(std::string_view(bytes).substr(0, bytes.size() - 4)); }),
              testing::HasSubstr("the file has " + std::to_string(bytes.size() - 4)));
  for (size_t i = 0; i < 28; i += 4) {  // each size as zero and as nonsense
    for (const char value : {'\0', '\x7f'}) {
      std::string other = bytes;
      other.replace(i, 4, std::string(4, value));
      EXPECT_THAT(error_of([&] { read(other); }), testing::HasSubstr("corrupt")) << i;
    }
  }
  for (size_t n : {size_t{0}, size_t{5}, tokens.size() / 2, tokens.size() - 1})
    EXPECT_THAT(error_of([&] { read_llama2c_tokenizer(std::string_view(tokens).substr(0, n), 288, "t"); }),
                testing::HasSubstr("corrupt"));
  EXPECT_THAT(error_of([&] { read_llama2c_tokenizer(tokens + "x", 288, "t"); }), testing::HasSubstr("holds more"));
  std::filesystem::remove(folder.path() / "tok288.bin");
  EXPECT_THAT(error_of([&] { LanguageModel model(file); }),
              testing::AllOf(testing::HasSubstr("not_found"), testing::HasSubstr("tok288.bin")));
}

}  // namespace
}  // namespace hanok::lm
