// Models of this process as chat models, with random weights: what they say means nothing, what is told about it does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/file.h"
#include "base/json.h"
#include "base/test_error.h"
#include "base/threads.h"
#include "hanok/chat.h"
#include "hanok/context.h"
#include "lm/tiny_model.h"

namespace hanok::chain {
namespace {

using base::error_of;
using testing::HasSubstr;

class LocalChatTest : public testing::Test {
 protected:
  base::TempFolder folder_;
  const std::string file_ = lm::write_tiny_model(folder_.path(), 3).string();
  const std::shared_ptr<const ChatModel> model_ = open_chat_model(file_, {.plain_if_none = true});
  const Message hello_{"user", "hello"};
};

TEST_F(LocalChatTest, CountsAndEnds) {
  std::string shown;
  const ChatReply r = model_->chat(std::span(&hello_, 1),
                                   {.temperature = 0.0f, .max_tokens = 7, .on_text = [&](std::string_view piece) {
                                      shown += piece;
                                      return true;
                                    }});
  EXPECT_EQ(r.text(), shown);
  EXPECT_EQ(r.message.role, "assistant");
  EXPECT_EQ(r.prompt_tokens, model_->count_tokens(std::span(&hello_, 1)));
  EXPECT_GT(r.prompt_tokens, std::string("user: hello").size() - 1);
  if (r.finish == ChatFinish::Length) EXPECT_EQ(r.completion_tokens, 7u);
  EXPECT_LE(r.completion_tokens, 7u);
  EXPECT_EQ(
      model_
          ->chat(std::span(&hello_, 1),
                 {.temperature = 1.0f, .seed = 1, .max_tokens = 200, .on_text = [](std::string_view) { return false; }})
          .finish,
      ChatFinish::Cancelled);
}

TEST_F(LocalChatTest, SeveralThreadsGetWhatEachWouldGetAlone) {
  const auto ask = [&](uint64_t seed) {
    const Message message{"user", "hello " + std::to_string(seed % 3)};
    return model_->chat(std::span(&message, 1), {.temperature = 1.0f, .seed = seed, .max_tokens = 25}).text();
  };
  std::vector<std::string> alone(12), together(12);
  for (size_t i = 0; i < alone.size(); ++i) alone[i] = ask(i);
  base::parallel_for(
      together.size(), 1,
      [&](size_t begin, size_t end, size_t) {
        for (size_t i = begin; i < end; ++i) together[i] = ask(i);
      },
      4);
  EXPECT_EQ(together, alone);
  EXPECT_NE(alone[0], alone[3]);  // seeds matter
}

TEST_F(LocalChatTest, ScoresAreTheModelsOwnProbabilities) {
  // Its likeliest letter scores highest among all letters, and longer answers are never likelier than their beginning.
  std::vector<std::string> letters;
  for (char c = 'a'; c <= 'z'; ++c) letters.push_back(std::string(1, c));
  letters.push_back("한");  // three bytes
  const auto scores = model_->score(std::span(&hello_, 1), letters);
  double sum = 0;
  for (const double s : scores) {
    EXPECT_LT(s, 0);
    sum += std::exp(s);
  }
  EXPECT_LE(sum, 1.0);
  const std::vector<std::string> longer{"a", "ab", "abc"};
  const auto s = model_->score(std::span(&hello_, 1), longer);
  EXPECT_GT(s[0], s[1]);
  EXPECT_GT(s[1], s[2]);
  // p("ab") = p("a") p("b" behind "a"): the second factor from a model that is told the answer's beginning.
  const LanguageModel direct(file_, {.chat_template = plain_chat_template()});
  const Turn turn{"user", "hello"};
  auto ids = direct.chat_prompt(std::span(&turn, 1));
  const auto answer = direct.encode("ab", false);
  double expected = 0;
  for (const int32_t id : answer) {
    const Matrix row = direct.logits(ids, 1);
    double total = 0;
    for (const float x : row.data) total += std::exp(static_cast<double>(x));
    expected += static_cast<double>(row.data[static_cast<size_t>(id)]) - std::log(total);
    ids.push_back(id);
  }
  EXPECT_NEAR(s[1], expected, 1e-3);
  const std::vector<std::string> none{""};
  error_of([&] { model_->score(std::span(&hello_, 1), none); }, Code::Invalid);
}

TEST_F(LocalChatTest, WhatItCannotTakeIsSaid) {
  Message picture{"user", "What is this?"};
  picture.parts.push_back({Part::Kind::Image, "data:image/png;base64,AA=="});
  EXPECT_THAT(error_of([&] { model_->chat(std::span(&picture, 1)); }, Code::Unsupported), HasSubstr("picture"));
  const auto without = open_chat_model(file_);
  EXPECT_THAT(error_of([&] { without->chat(std::span(&hello_, 1)); }, Code::Unsupported), HasSubstr("chat template"));
  const Message book{"user", std::string(600, 'x')};
  EXPECT_THAT(error_of([&] { model_->chat(std::span(&book, 1)); }, Code::Exhausted), HasSubstr("512"));
  CancelSource stop;
  stop.cancel();
  const Context::Scope scope(Context().with_cancel(stop));
  error_of([&] { model_->chat(std::span(&hello_, 1)); }, Code::Cancelled);
}

TEST_F(LocalChatTest, ToolCallsAreTakenOutOfTheAnswer) {
  const base::TempFolder folder;
  const std::string says =
      "Let me look. <tool_call>{\"name\": \"weather\", \"arguments\": {\"city\": \"서울\"}}</tool_call>";
  const auto file = lm::write_saying_model(folder.path(), says).string();
  const auto calling = open_chat_model(
      file,
      {.chat_template = "{# <tool_call> #}{% for m in messages %}{{ m.content }}{% endfor %}{{ tools | tojson }}"});
  const ChatOptions with{.temperature = 0.0f, .tools = {{"weather", "Tells the weather."}}};
  std::string shown;
  ChatOptions streamed = with;
  streamed.on_text = [&](std::string_view piece) {
    shown += piece;
    return true;
  };
  const ChatReply r = calling->chat(std::span(&hello_, 1), streamed);
  EXPECT_EQ(r.finish, ChatFinish::ToolCalls);
  EXPECT_THAT(r.text(), testing::StartsWith("Let me look."));
  EXPECT_EQ(r.text().find("tool_call"), std::string::npos) << r.text();
  EXPECT_EQ(shown, r.text());
  ASSERT_EQ(r.message.tool_calls.size(), 1u);
  EXPECT_EQ(r.message.tool_calls[0].name, "weather");
  EXPECT_THAT(r.message.tool_calls[0].arguments, HasSubstr("서울"));
  EXPECT_FALSE(r.message.tool_calls[0].id.empty());
  // Without tools it is text; with a template that knows none it cannot be asked.
  const auto plain = open_chat_model(file, {.plain_if_none = true});
  EXPECT_EQ(plain->chat(std::span(&hello_, 1), {.temperature = 0.0f}).text(), says);
  EXPECT_THAT(error_of([&] { plain->chat(std::span(&hello_, 1), with); }, Code::Unsupported),
              HasSubstr("knows no tools"));
}

// Random weights write anything: a call that must come is one all the same, in every style.
TEST_F(LocalChatTest, CallsThatMustCome) {
  const base::TempFolder folder;
  const std::string file = lm::write_tiny_model(folder.path(), 3, 2048).string();
  const Tool weather{"get_weather", "Tells the weather.",
                     R"({"type":"object","properties":{"city":{"type":"string","maxLength":12},
                         "days":{"type":"integer","minimum":1,"maximum":9}},"required":["city","days"],
                         "additionalProperties":false})"};
  const Tool get{"get", "", R"({"properties":{"n":{"enum":[1,2]}},"required":["n"],"additionalProperties":false})"};
  for (const char* style : {"<tool_call>", "<|python_tag|>", "[TOOL_CALLS]", "[TOOL_CALLS] [ARGS]", "<|tool_call|>",
                            "<|START_ACTION|>", "tool▁call▁begin", "something else"}) {
    SCOPED_TRACE(style);
    const auto model = open_chat_model(
        file, {.chat_template = "{# " + std::string(style) +
                                " #}{% for m in messages %}{{ m.content }}{% endfor %}{{ tools | tojson }}"});
    for (uint64_t seed = 0; seed < 4; ++seed) {
      ChatOptions o{.temperature = 1.4f, .seed = seed, .max_tokens = 120, .tools = {weather, get}};
      o.tool_choice.kind = ToolChoice::Kind::Required;
      if (seed == 3) o.tool_choice = {ToolChoice::Kind::Named, "get_weather"};
      o.stop = {"e", "\""};  // they end texts, not calls
      o.top_logprobs = 0;
      std::vector<ToolCallPiece> pieces;
      o.on_tool_call = [&](const ToolCallPiece& p) { return pieces.push_back(p), true; };
      const ChatReply r = model->chat(std::span(&hello_, 1), o);
      EXPECT_EQ(r.finish, ChatFinish::ToolCalls);
      EXPECT_EQ(r.text(), "");
      ASSERT_EQ(r.message.tool_calls.size(), 1u);
      const ToolCall& call = r.message.tool_calls[0];
      const auto arguments = base::Json::parse(call.arguments);
      if (call.name == "get")
        EXPECT_TRUE(arguments["n"] == 1 || arguments["n"] == 2) << call.arguments;
      else
        EXPECT_TRUE(arguments["city"].is_string() && arguments["days"] >= 1 && arguments["days"] <= 9);
      EXPECT_TRUE(seed != 3 || call.name == "get_weather") << call.name;
      EXPECT_TRUE(call.name == "get" || call.name == "get_weather") << call.name;
      ASSERT_FALSE(pieces.empty());
      EXPECT_EQ(pieces[0].name, call.name);
      EXPECT_EQ(pieces[0].id, call.id);
      std::string together;
      for (const auto& p : pieces) together += p.arguments;
      EXPECT_EQ(together, call.arguments);
      EXPECT_GT(pieces.size(), 3u);  // it was told as it came
      EXPECT_EQ(r.logprobs.size(), r.completion_tokens);
      EXPECT_LE(r.completion_tokens, 120u);
    }
  }
}

TEST_F(LocalChatTest, ACallThatMustComeHasTheArgumentsThatAreNamed) {
  const base::TempFolder folder;
  const auto model = open_chat_model(
      lm::write_tiny_model(folder.path(), 3, 2048).string(),
      {.chat_template = "{# <tool_call> #}{% for m in messages %}{{ m.content }}{% endfor %}{{ tools | tojson }}"});
  const Tool book{"book", "",
                  R"({"properties":{"n":{"enum":[1,2]},"who":{"$ref":"#/$defs/who"}},"required":["n","who"],
                      "$defs":{"who":{"type":"object","properties":{"name":{"enum":["a"]}},"required":["name"]}}})"};
  const Tool nothing{"nothing", "", R"({"type":"object","properties":{}})"};
  // Names beside those that are listed are no contradiction.
  const Tool either{"either", "",
                    R"({"properties":{"n":{"enum":[1]}},"required":["n"],
                        "anyOf":[{"properties":{"a":{"enum":[1]}},"required":["a"]},{"required":["b"]}]})"};
  const Tool more{"more", "", R"({"properties":{"n":{"enum":[1]}},"required":["n","m"]})"};
  for (const Tool& tool : {either, more}) {
    ChatOptions o{.temperature = 1.4f, .seed = 3, .max_tokens = 60, .tools = {tool}};
    o.tool_choice = {ToolChoice::Kind::Required, ""};
    EXPECT_NO_THROW(model->chat(std::span(&hello_, 1), o)) << tool.name;
  }
  for (uint64_t seed = 0; seed < 12; ++seed) {
    ChatOptions o{.temperature = 1.4f, .seed = seed, .max_tokens = 200, .tools = {book, nothing}};
    o.tool_choice = {ToolChoice::Kind::Named, seed % 2 ? "book" : "nothing"};
    const ChatReply r = model->chat(std::span(&hello_, 1), o);
    ASSERT_EQ(r.message.tool_calls.size(), 1u);
    const auto arguments = base::Json::parse(r.message.tool_calls[0].arguments);
    if (seed % 2 == 0) {
      EXPECT_TRUE(arguments.empty()) << arguments;
      continue;
    }
    EXPECT_EQ(arguments.size(), 2u) << arguments;
    EXPECT_EQ(arguments["who"], base::Json({{"name", "a"}})) << arguments;
  }
}

TEST_F(LocalChatTest, WhatAToolChoiceMeans) {
  const base::TempFolder folder;
  const std::string says = "<tool_call>{\"name\": \"get\", \"arguments\": {\"n\": 1}}</tool_call>";
  const auto model = open_chat_model(
      lm::write_saying_model(folder.path(), says).string(),
      {.chat_template = "{# <tool_call> #}{% for m in messages %}{{ m.content }}{% endfor %}{{ tools | tojson }}"});
  ChatOptions o{.temperature = 0.0f, .max_tokens = 40, .tools = {{"get", ""}, {"set", ""}}};
  // A call that need not come is told when it is one.
  std::vector<ToolCallPiece> pieces;
  o.on_tool_call = [&](const ToolCallPiece& p) { return pieces.push_back(p), true; };
  EXPECT_EQ(model->chat(std::span(&hello_, 1), o).finish, ChatFinish::ToolCalls);
  ASSERT_EQ(pieces.size(), 1u);
  EXPECT_EQ(pieces[0].name + pieces[0].arguments, "get{\"n\":1}");
  // None: the model is not told of them, and its words are words.
  o.tool_choice.kind = ToolChoice::Kind::None;
  const ChatReply none = model->chat(std::span(&hello_, 1), o);
  EXPECT_EQ(none.text(), says);
  EXPECT_LT(none.prompt_tokens, 20u);
  // What cannot be.
  o.tool_choice = {ToolChoice::Kind::Named, "put"};
  EXPECT_THAT(error_of([&] { model->chat(std::span(&hello_, 1), o); }, Code::Invalid), HasSubstr("only get, set"));
  o.tools.clear();
  o.tool_choice = {ToolChoice::Kind::Required};
  EXPECT_THAT(error_of([&] { model->chat(std::span(&hello_, 1), o); }, Code::Invalid), HasSubstr("there is none"));
  o.tools = {{"get", "", R"({"type":"object","not":{}})"}};
  EXPECT_THAT(error_of([&] { model->chat(std::span(&hello_, 1), o); }, Code::Unsupported), HasSubstr("not"));
  o.tools = {{"get", "", R"({"type":"string"})"}};
  EXPECT_THAT(error_of([&] { model->chat(std::span(&hello_, 1), o); }, Code::Invalid), HasSubstr("object"));
  o.tools = {{"get", ""}};
  o.tool_choice = {};
  o.constraint.regex = "a";
  EXPECT_THAT(error_of([&] { model->chat(std::span(&hello_, 1), o); }, Code::Invalid), HasSubstr("constraint"));
  // No room for the call: no call.
  o.constraint = {};
  o.tool_choice = {ToolChoice::Kind::Required};
  o.max_tokens = 2;
  o.tools = {{"get", "", R"({"properties":{"long":{"const":"as long as this"}},"required":["long"]})"}};
  const ChatReply cut = model->chat(std::span(&hello_, 1), o);
  EXPECT_EQ(cut.finish, ChatFinish::Length);
  EXPECT_TRUE(cut.message.tool_calls.empty());
  // Whoever is told may end it.
  o.max_tokens = 40;
  o.on_tool_call = [](const ToolCallPiece& p) { return p.arguments.empty(); };
  EXPECT_EQ(model->chat(std::span(&hello_, 1), o).finish, ChatFinish::Cancelled);
}

TEST_F(LocalChatTest, ConstraintsBiasAndAdapters) {
  for (uint64_t seed = 0; seed < 5; ++seed) {
    ChatOptions o{.temperature = 1.5f, .seed = seed, .max_tokens = 60};
    o.constraint.regex = "(yes|no), [0-9]{2}";
    EXPECT_THAT(model_->chat(std::span(&hello_, 1), o).text(), testing::MatchesRegex("(yes|no), [0-9][0-9]"));
    o.constraint = {.json_schema = R"({"type":"array","items":{"type":"boolean"},"minItems":2,"maxItems":3})"};
    const auto list = base::Json::parse(model_->chat(std::span(&hello_, 1), o).text());
    EXPECT_TRUE(list.is_array() && list.size() >= 2 && list.size() <= 3);
  }
  ChatOptions o{.temperature = 0.0f, .max_tokens = 6, .top_logprobs = 1};
  const ChatReply plain = model_->chat(std::span(&hello_, 1), o);
  ASSERT_FALSE(plain.logprobs.empty());
  EXPECT_EQ(plain.logprobs[0].chosen.id, plain.logprobs[0].top[0].id);
  o.logit_bias = {{plain.logprobs[0].chosen.id, -100.0f}};
  for (const auto& t : model_->chat(std::span(&hello_, 1), o).logprobs)
    EXPECT_NE(t.chosen.id, plain.logprobs[0].chosen.id);
  o.logit_bias = {};
  o.adapter = "polite";
  EXPECT_THAT(error_of([&] { model_->chat(std::span(&hello_, 1), o); }, Code::NotFound), HasSubstr("polite"));
}

// A real model keeps to a schema and still says what it means.
TEST(RealChats, ConstrainedAnswersMakeSense) {
  const char* models = std::getenv("HANOK_MODELS");
  const auto path = std::filesystem::path(models ? models : "") / "smollm2" / "SmolLM2-135M-Instruct.Q4_1.gguf";
  if (!models || !std::filesystem::exists(path)) GTEST_SKIP() << "no real model at hand (HANOK_MODELS)";
  const auto model = open_chat_model(path.string(), {.context_tokens = 1024, .exact = true});
  const Message message{"user", "Which city is the capital of France? Answer as JSON with the key capital."};
  ChatOptions o{.temperature = 0.0f, .max_tokens = 40, .top_logprobs = 2};
  o.constraint.json_schema =
      R"({"type":"object","properties":{"capital":{"type":"string","maxLength":40}},"required":["capital"],"additionalProperties":false})";
  const ChatReply r = model->chat(std::span(&message, 1), o);
  EXPECT_EQ(base::Json::parse(r.text())["capital"], "Paris");
  EXPECT_EQ(r.logprobs.size(), r.completion_tokens);
}

TEST_F(LocalChatTest, TheContextsEndIsAReason) {
  const Message most{"user", std::string(480, 'x')};
  const ChatReply r = model_->chat(std::span(&most, 1), {.temperature = 1.0f, .seed = 2, .max_tokens = 400});
  EXPECT_TRUE(r.finish == ChatFinish::Context || r.finish == ChatFinish::Stop);
  EXPECT_LE(r.prompt_tokens + r.completion_tokens, 512u);
}

TEST_F(LocalChatTest, NamesThatMeanNothing) {
  EXPECT_THAT(error_of([&] { open_chat_model((folder_.path() / "no.gguf").string()); }, Code::NotFound),
              HasSubstr("no such file"));
  EXPECT_THAT(error_of([&] { open_chat_model("org/never-pulled"); }, Code::NotFound), HasSubstr("hanok models pull"));
  error_of([&] { open_chat_model(""); }, Code::Invalid);
  EXPECT_THAT(error_of([&] { find_language_model("http://127.0.0.1:1/v1"); }, Code::Unsupported), HasSubstr("server"));
  EXPECT_EQ(find_language_model(file_), file_);
}

}  // namespace
}  // namespace hanok::chain
