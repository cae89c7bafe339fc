#include "chain/providers/openai.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "base/threads.h"
#include "chain/providers/sse.h"
#include "chain/providers/test_server.h"

namespace hanok::chain {
namespace {

using testing::HasSubstr;

using test::event;
using test::kStream;
using test::LocalServer;
using test::reply;

std::string ask(const std::string& url, const std::function<bool(std::string_view)>& on_token = {},
                OpenAiOptions o = {}) {
  o.base_url = url;
  if (o.model.empty()) o.model = "m";
  const Message message{"user", "질문?"};
  return make_openai_chat(o)->chat(std::span(&message, 1), {.on_text = on_token}).text();
}

std::string error_of(const std::function<void()>& f, Code code = Code::Unavailable) {
  try {
    f();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), code) << e.what();
    return e.what();
  }
  return "no error";
}

TEST(Sse, AnyCutGivesTheSameEvents) {
  const std::string bytes =
      "\xEF\xBB\xBF: hello\r\ndata: a\r\ndata:b\r\n\r\nevent: x\ndata\n\rdata: 서울\n\nid: 1\n\ndata: last";
  for (size_t step = 1; step <= bytes.size(); ++step) {
    std::vector<std::string> events;
    SseParser parser([&](std::string_view data) {
      events.emplace_back(data);
      return true;
    });
    for (size_t i = 0; i < bytes.size(); i += step) parser.push(std::string_view(bytes).substr(i, step));
    parser.finish();
    EXPECT_THAT(events, testing::ElementsAre("a\nb", "", "서울", "last")) << "in steps of " << step;
  }
}

TEST(Sse, AnEndlessEventStops) {
  SseParser parser([](std::string_view) { return true; });
  const std::string piece(1 << 20, 'x');
  error_of(
      [&] {
        for (int i = 0; i < 10; ++i) parser.push(piece);
      },
      Code::Exhausted);
}

TEST(OpenAi, StreamsSlowlyAndSplitsCharacters) {
  LocalServer server([](int socket, const std::string& request, int) {
    if (request.find("POST /v1/chat/completions") != 0 || request.find("\"stream\":true") == std::string::npos ||
        request.find("질문?") == std::string::npos || request.find("Authorization: Bearer secret") == std::string::npos)
      return;
    LocalServer::send(socket, kStream);
    for (const char c : event("서울은 ") + ": ping\n\n" + event("수도다 [1].") + "data: [DONE]\n\n") {
      LocalServer::send(socket, {&c, 1});
      ::usleep(300);
    }
  });
  std::vector<std::string> pieces;
  const std::string text = ask(server.url() + "/",
                               [&](std::string_view piece) {
                                 pieces.emplace_back(piece);
                                 return true;
                               },
                               {.api_key = "secret"});
  EXPECT_EQ(text, "서울은 수도다 [1].");
  EXPECT_THAT(pieces, testing::ElementsAre("서울은 ", "수도다 [1]."));
}

TEST(OpenAi, TakesAnswersInOnePiece) {
  LocalServer server([](int socket, const std::string&, int) {
    LocalServer::send(socket, reply(200, R"({"choices":[{"message":{"content":"whole"},"finish_reason":"stop"}]})"));
  });
  EXPECT_EQ(ask(server.url()), "whole");
}

TEST(OpenAi, AsksForTheModelWhenNoneIsNamed) {
  LocalServer server([](int socket, const std::string& request, int) {
    if (request.find("GET /v1/models") == 0) {
      LocalServer::send(socket, reply(200, R"({"data":[{"id":"only-one"}]})"));
    } else if (request.find("\"model\":\"only-one\"") != std::string::npos) {
      LocalServer::send(socket, reply(200, R"({"choices":[{"message":{"content":"yes"}}]})"));
    }
  });
  const auto model = make_openai_chat({.base_url = server.url()});
  const Message message{"user", "?"};
  EXPECT_EQ(model->chat(std::span(&message, 1)).text(), "yes");
  EXPECT_EQ(model->name(), "only-one");
}

TEST(OpenAi, ServersSayWhatTheyServe) {
  const std::string list =
      R"({"data":[{"id":"a","max_model_len":4096},{"id":"b","meta":{"n_ctx":2048,"n_ctx_train":32768}},
                                       {"id":"c"},{"id":7},5]})";
  EXPECT_EQ(read_models(list, "").name, "a");
  EXPECT_EQ(read_models(list, "").context_tokens, 4096u);
  EXPECT_EQ(read_models(list, "b").context_tokens, 2048u);
  EXPECT_EQ(read_models(list, "c").context_tokens, 0u);
  for (const char* other :
       {"", "{", "[]", R"({"data":5})", R"({"data":[]})", R"({"data":[{"id":"x","max_model_len":-1}]})"})
    EXPECT_EQ(read_models(other, "a").name, "") << other;
  LocalServer server([&](int socket, const std::string&, int) { LocalServer::send(socket, reply(200, list)); });
  EXPECT_EQ(served_model({.base_url = server.url(), .model = "b"}).context_tokens, 2048u);
  EXPECT_EQ(served_model({.base_url = "http://127.0.0.1:1/v1"}).name, "");
}

TEST(OpenAi, CountsAsItIsTold) {
  const auto estimate = make_openai_chat({.base_url = "http://127.0.0.1:1/v1"});
  EXPECT_EQ(estimate->count_tokens("one two three four"), text::count_tokens("one two three four") * 5 / 4 + 1);
  const auto letters = make_openai_chat(
      {.base_url = "http://127.0.0.1:1/v1", .count = [](std::string_view text) { return text.size(); }});
  EXPECT_EQ(letters->count_tokens("one two"), 7u);
}

TEST(OpenAi, TriesAgainWhenToldTo) {
  LocalServer server([](int socket, const std::string&, int n) {
    if (n == 0) LocalServer::send(socket, reply(429, R"({"error":{"message":"slow down"}})", "Retry-After: 0\r\n"));
    if (n == 1) LocalServer::send(socket, reply(503, "busy", "retry-after-ms: 10\r\n"));
    if (n == 2) LocalServer::send(socket, kStream + event("third time") + "data: [DONE]\n\n");
  });
  const base::Stopwatch watch;
  EXPECT_EQ(ask(server.url()), "third time");
  EXPECT_LT(watch.seconds(), 5);
}

TEST(OpenAi, GivesUpWithTheServersWords) {
  LocalServer busy([](int socket, const std::string&, int) {
    LocalServer::send(socket,
                      reply(500, R"({"error":{"message":"model is \"loading\"","code":1}})", "Retry-After: 0\r\n"));
  });
  EXPECT_THAT(error_of([&] { ask(busy.url()); }),
              testing::AllOf(HasSubstr("500: model is \"loading\""), HasSubstr("3 tries")));
  LocalServer wrong([](int socket, const std::string&, int n) {
    LocalServer::send(socket, reply(n == 0 ? 400 : 200, R"({"error":"context of 512 tokens exceeded"})"));
  });
  EXPECT_THAT(error_of([&] { ask(wrong.url()); }), HasSubstr("400: context of 512 tokens exceeded"));
  LocalServer stubborn([](int socket, const std::string&, int) {
    LocalServer::send(socket, reply(500, R"({"detail":"never"})", "x-should-retry: false\r\n"));
  });
  EXPECT_THAT(error_of([&] { ask(stubborn.url()); }),
              testing::AllOf(HasSubstr("never"), testing::Not(HasSubstr("tries"))));
}

TEST(OpenAi, AnErrorInsideTheStream) {
  LocalServer server([](int socket, const std::string&, int) {
    LocalServer::send(socket, kStream + event("So") + "data: {\"error\":{\"message\":\"out of memory\"}}\n\n");
  });
  EXPECT_THAT(error_of([&] { ask(server.url()); }), HasSubstr("out of memory"));
  LocalServer html([](int socket, const std::string&, int) {
    LocalServer::send(socket, kStream + std::string("data: <html>\n\n"));
  });
  EXPECT_THAT(error_of([&] { ask(html.url()); }), HasSubstr("JSON was expected"));
}

TEST(OpenAi, ACutConnectionIsNoAnswer) {
  LocalServer server(
      [](int socket, const std::string&, int) { LocalServer::send(socket, kStream + event("Half an")); });
  std::string shown;
  EXPECT_THAT(error_of([&] {
                ask(server.url(), [&](std::string_view piece) {
                  shown += piece;
                  return true;
                });
              }),
              HasSubstr("ended before the answer did"));
  EXPECT_EQ(shown, "Half an");  // and it was not asked for again
}

TEST(OpenAi, NobodyListens) {
  EXPECT_THAT(error_of([&] { ask("http://127.0.0.1:1/v1", {}, {.retries = 0}); }), HasSubstr("127.0.0.1"));
  error_of([&] { ask("ftp://127.0.0.1/v1"); }, Code::Invalid);
}

TEST(OpenAi, TheReceiverCanStop) {
  LocalServer server([](int socket, const std::string&, int) {
    LocalServer::send(socket, kStream);
    while (LocalServer::send(socket, event("more "))) ::usleep(1000);
  });
  int n = 0;
  EXPECT_EQ(ask(server.url(), [&](std::string_view) { return ++n < 3; }), "more more more ");
}

TEST(OpenAi, EndlessDataStops) {
  LocalServer server([](int socket, const std::string&, int) {
    LocalServer::send(socket, kStream);
    const std::string piece = event(std::string(1 << 16, 'x'));
    while (LocalServer::send(socket, piece)) {
    }
  });
  EXPECT_THAT(error_of([&] { ask(server.url()); }, Code::Exhausted), HasSubstr("stopped"));
}

TEST(OpenAi, OptionsGoOutAndCountsComeBack) {
  LocalServer server([](int socket, const std::string& request, int) {
    const auto body = base::Json::parse(request.substr(request.find("\r\n\r\n") + 4));
    const base::Json expected{{"model", "m"},       {"stream", true}, {"stream_options", {{"include_usage", true}}},
                              {"temperature", 0.7}, {"top_p", 0.9},   {"top_k", 40},
                              {"min_p", 0.05},      {"seed", 7},      {"max_tokens", 12},
                              {"stop", {"END"}}};
    for (const auto& [key, value] : expected.items())
      if (body.value(key, base::Json()) != value) return (void)LocalServer::send(socket, reply(400, "wrong: " + key));
    LocalServer::send(socket, kStream + event("So") +
                                  "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n\n"
                                  "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":31,\"completion_tokens\":12,"
                                  "\"prompt_tokens_details\":{\"cached_tokens\":16}}}\n\ndata: [DONE]\n\n");
  });
  const Message message{"user", "?"};
  const auto model = make_openai_chat({.base_url = server.url(), .model = "m"});
  const ChatReply r = model->chat(
      std::span(&message, 1),
      {.temperature = 0.7f, .top_p = 0.9f, .min_p = 0.05f, .top_k = 40, .seed = 7, .max_tokens = 12, .stop = {"END"}});
  EXPECT_EQ(r.text(), "So");
  EXPECT_EQ(r.finish, ChatFinish::Length);
  EXPECT_EQ(r.prompt_tokens, 31u);
  EXPECT_EQ(r.completion_tokens, 12u);
  EXPECT_EQ(r.cached_tokens, 16u);
}

TEST(OpenAi, WhatIsNotSetIsNotSent) {
  const Message message{"user", "?"};
  const auto body = base::Json::parse(chat_request({.model = "m"}, std::span(&message, 1), {}));
  for (const char* key : {"temperature", "top_p", "top_k", "min_p", "seed", "max_tokens", "stop", "tools", "logprobs",
                          "tool_choice", "response_format"})
    EXPECT_FALSE(body.contains(key)) << key;
}

TEST(OpenAi, ServersThatDoNotKnowStreamOptions) {
  LocalServer server([](int socket, const std::string& request, int n) {
    const bool asked = request.find("stream_options") != std::string::npos;
    if (n == 0 && asked)
      LocalServer::send(socket, reply(422, R"({"detail":"extra field stream_options not permitted"})"));
    else if (!asked)
      LocalServer::send(socket, kStream + event("fine") + "data: [DONE]\n\n");
  });
  EXPECT_EQ(ask(server.url()), "fine");
}

TEST(OpenAi, PartsAndToolCallsBothWays) {
  Message picture{"user", "What is this?"};
  picture.parts.push_back({Part::Kind::Image, "data:image/png;base64,AA=="});
  Message called{"assistant", ""};
  called.tool_calls = {{"c1", "weather", R"({"city":"서울"})"}};
  Message result{"tool", "맑음"};
  result.tool_call_id = "c1";
  const Message messages[] = {picture, called, result};
  const Tool tool{"weather", "Tells the weather.", R"({"type":"object","properties":{"city":{"type":"string"}}})"};
  const auto body = base::Json::parse(chat_request({.model = "m"}, messages, {.tools = {tool}}));
  EXPECT_EQ(body["messages"][0]["content"][1]["image_url"]["url"], "data:image/png;base64,AA==");
  EXPECT_EQ(body["messages"][1]["tool_calls"][0]["function"]["arguments"], R"({"city":"서울"})");
  EXPECT_EQ(body["messages"][2]["tool_call_id"], "c1");
  EXPECT_EQ(body["tools"][0]["function"]["parameters"]["properties"]["city"]["type"], "string");
  LocalServer server([](int socket, const std::string&, int) {
    const auto piece = [](const char* call) {
      return std::string("data: {\"choices\":[{\"delta\":{\"tool_calls\":[") + call + "]}}]}\n\n";
    };
    LocalServer::send(socket, kStream + piece(R"({"index":0,"id":"a","function":{"name":"weather","arguments":""}})") +
                                  piece(R"({"index":0,"function":{"arguments":"{\"city\":"}})") +
                                  piece(R"({"index":1,"id":"b","function":{"name":"time","arguments":"{}"}})") +
                                  piece(R"({"index":0,"function":{"arguments":"\"서울\"}"}})") +
                                  "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n"
                                  "data: [DONE]\n\n");
  });
  const auto model = make_openai_chat({.base_url = server.url(), .model = "m"});
  const ChatReply r = model->chat(std::span(messages, 1), {.tools = {tool}});
  EXPECT_EQ(r.finish, ChatFinish::ToolCalls);
  EXPECT_THAT(r.message.tool_calls,
              testing::ElementsAre(ToolCall{"a", "weather", "{\"city\":\"서울\"}"}, ToolCall{"b", "time", "{}"}));
}

TEST(OpenAi, ConstraintsChoicesAndBiasGoOut) {
  const Message message{"user", "?"};
  ChatOptions o{.tools = {{"get", ""}}};
  o.tool_choice = {ToolChoice::Kind::Named, "get"};
  o.top_logprobs = 3;
  o.logit_bias = {{5, -100.0f}, {7, 1.5f}};
  o.typical = 0.9f;
  o.repeat_penalty = 1.1f;
  o.dry = Dry{.multiplier = 0.8f, .breakers = {}};
  auto body = base::Json::parse(chat_request({.model = "m"}, std::span(&message, 1), o));
  EXPECT_EQ(body["tool_choice"], (base::Json{{"type", "function"}, {"function", {{"name", "get"}}}}));
  EXPECT_EQ(body["logprobs"], true);
  EXPECT_EQ(body["top_logprobs"], 3);
  EXPECT_EQ(body["logit_bias"], (base::Json{{"5", -100.0}, {"7", 1.5}}));
  EXPECT_EQ(body["typical_p"], 0.9);
  EXPECT_EQ(body["repeat_penalty"], 1.1);
  EXPECT_EQ(body["dry_multiplier"], 0.8);
  EXPECT_FALSE(body.contains("response_format"));
  o = {};
  o.constraint.json_schema = R"({"type":"object"})";
  body = base::Json::parse(chat_request({.model = "m"}, std::span(&message, 1), o));
  EXPECT_EQ(body["response_format"]["type"], "json_schema");
  EXPECT_EQ(body["response_format"]["json_schema"]["schema"]["type"], "object");
  EXPECT_EQ(body["response_format"]["json_schema"]["strict"], true);
  for (const char* key : {"tool_choice", "logprobs", "logit_bias", "typical_p", "repeat_penalty", "dry_multiplier"})
    EXPECT_FALSE(body.contains(key)) << key;
}

TEST(OpenAi, WhatAServerDoesNotKeepToIsNoAnswer) {
  LocalServer server([](int socket, const std::string& request, int) {
    const char* content = request.find("good") != std::string::npos  ? R"({\"n\": 3})"
                          : request.find("big") != std::string::npos ? R"({\"n\": 30})"
                                                                     : "I cannot.";
    LocalServer::send(socket, reply(200, std::string(R"({"choices":[{"message":{"content":")") + content +
                                             R"("},"finish_reason":"stop"}]})"));
  });
  const auto model = make_openai_chat({.base_url = server.url(), .model = "m"});
  ChatOptions o;
  o.constraint.json_schema =
      R"({"type":"object","properties":{"n":{"type":"integer","maximum":9}},"required":["n"],"additionalProperties":false})";
  const Message good{"user", "good"}, big{"user", "big"}, words{"user", "words"};
  EXPECT_EQ(model->chat(std::span(&good, 1), o).text(), R"({"n": 3})");
  EXPECT_THAT(error_of([&] { model->chat(std::span(&big, 1), o); }), HasSubstr("no such value"));
  EXPECT_THAT(error_of([&] { model->chat(std::span(&words, 1), o); }), HasSubstr("no JSON"));
  o.constraint = {.json_schema = {}, .regex = "a", .grammar = {}};
  EXPECT_THAT(error_of([&] { model->chat(std::span(&good, 1), o); }, Code::Unsupported), HasSubstr("JSON schemas"));
  o = {};
  o.adapter = "polite";
  EXPECT_THAT(error_of([&] { model->chat(std::span(&good, 1), o); }, Code::Unsupported), HasSubstr("as the model"));
  o = {.tools = {{"get", ""}}};
  o.tool_choice.kind = ToolChoice::Kind::Required;
  EXPECT_THAT(error_of([&] { model->chat(std::span(&words, 1), o); }), HasSubstr("called none"));
}

TEST(OpenAi, CallsAndProbabilitiesAreToldAsTheyCome) {
  LocalServer server([](int socket, const std::string&, int) {
    const auto piece = [](const char* call) {
      return std::string("data: {\"choices\":[{\"delta\":{\"tool_calls\":[") + call + "]}}]}\n\n";
    };
    LocalServer::send(
        socket,
        kStream +
            std::string(
                R"(data: {"choices":[{"delta":{"content":"So"},"logprobs":{"content":[{"token":"So","logprob":-0.25,)"
                R"("bytes":[83,111],"top_logprobs":[{"token":"So","logprob":-0.25,"bytes":null},)"
                R"({"token":"No","logprob":-2}]}]}}]})") +
            "\n\n" + piece(R"({"index":0,"id":"a","function":{"name":"get","arguments":""}})") +
            piece(R"({"index":0,"id":"a","function":{"arguments":"{\"n\":"}})") +
            piece(R"({"index":0,"function":{"arguments":"1}"}})") +
            "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n");
  });
  const auto model = make_openai_chat({.base_url = server.url(), .model = "m"});
  const Message message{"user", "?"};
  ChatOptions o{.tools = {{"get", ""}}};
  o.top_logprobs = 2;
  std::string told;
  o.on_text = [&](std::string_view piece) { return told += piece, true; };
  o.on_logprob = [&](const TokenLogprob& t) { told += "[" + t.top[1].bytes + "]"; };
  o.on_tool_call = [&](const ToolCallPiece& p) {
    told += " " + std::to_string(p.index) + p.id + p.name + p.arguments;
    return true;
  };
  const ChatReply r = model->chat(std::span(&message, 1), o);
  EXPECT_EQ(told, "[No]So 0aget 0{\"n\": 01}");
  EXPECT_THAT(r.message.tool_calls, testing::ElementsAre(ToolCall{"a", "get", "{\"n\":1}"}));
  ASSERT_EQ(r.logprobs.size(), 1u);
  EXPECT_EQ(r.logprobs[0].chosen.bytes, "So");
  EXPECT_EQ(r.logprobs[0].chosen.logprob, -0.25);
  EXPECT_EQ(r.logprobs[0].top[1].logprob, -2);
  o.on_tool_call = [](const ToolCallPiece&) { return false; };
  EXPECT_EQ(model->chat(std::span(&message, 1), o).finish, ChatFinish::Cancelled);
}

TEST(OpenAi, AnswersAreScoredByTheirFirstTokens) {
  LocalServer server([](int socket, const std::string& request, int) {
    if (request.find("\"logprobs\":true") == std::string::npos) return;
    if (request.find("none") != std::string::npos)
      LocalServer::send(socket, reply(200, R"({"choices":[{"message":{"content":"x"},"finish_reason":"length"}]})"));
    LocalServer::send(socket, reply(200, R"({"choices":[{"message":{"content":"pos"},"finish_reason":"length",
        "logprobs":{"content":[{"token":"pos","logprob":-0.5,"top_logprobs":[{"token":"pos","logprob":-0.5},
        {"token":" Positive","logprob":-2.0},{"token":"ne","logprob":-1.0},{"token":"neg","logprob":-3.0},
        {"token":"other","logprob":-6.0}]}]}}]})"));
  });
  const std::vector<std::string> labels{"positive", "negative", "neutral"};
  const auto model = make_openai_chat({.base_url = server.url(), .model = "m"});
  const Message message{"user", "?"};
  const auto scores = model->score(std::span(&message, 1), labels);
  EXPECT_NEAR(scores[0], std::log(std::exp(-0.5) + std::exp(-2.0)), 1e-9);
  EXPECT_NEAR(scores[1], -3, 1e-9);  // "ne" begins two of them
  EXPECT_NEAR(scores[2], -6, 1e-9);
  const Message silent{"user", "none"};
  EXPECT_THAT(error_of([&] { model->score(std::span(&silent, 1), labels); }, Code::Unsupported),
              HasSubstr("gives no probabilities"));
}

TEST(OpenAi, OneModelForSeveralThreads) {
  LocalServer server([](int socket, const std::string& request, int) {
    if (request.find("GET /v1/models") == 0)
      LocalServer::send(socket, reply(200, R"({"data":[{"id":"only-one"}]})"));
    else
      LocalServer::send(socket, kStream + event(request.substr(request.find("Q"), 3)) + "data: [DONE]\n\n");
  });
  const auto model = make_openai_chat({.base_url = server.url()});
  std::vector<std::string> answers(8);
  base::parallel_for(
      8, 1,
      [&](size_t begin, size_t end, size_t) {
        for (size_t i = begin; i < end; ++i) {
          const Message message{"user", "Q" + std::to_string(10 + i)};
          answers[i] = model->chat(std::span(&message, 1)).text();
        }
      },
      4);
  for (size_t i = 0; i < 8; ++i) EXPECT_EQ(answers[i], "Q" + std::to_string(10 + i));
}

TEST(OpenAi, TimeoutCancelAndDeadline) {
  LocalServer server([](int, const std::string&, int) { ::pause(); });
  const base::Stopwatch watch;
  error_of([&] { ask(server.url(), {}, {.timeout_seconds = 0.3}); });
  const CancelSource stop;
  stop.cancel();
  {
    const Context::Scope scope(Context().with_cancel(stop));
    error_of([&] { ask(server.url()); }, Code::Cancelled);
  }
  {
    const Context::Scope scope(Context().with_timeout(0.2));
    error_of([&] { ask(server.url()); }, Code::Unavailable);
  }
  EXPECT_LT(watch.seconds(), 10);
}

}  // namespace
}  // namespace hanok::chain
