// Chats over the wire, with a model of random weights: what it says means nothing, what is told about it does.
#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "lm/tiny_model.h"
#include "server/test_house.h"

namespace hanok::server {
namespace {

using base::Json;
using test::TestHouse;
using testing::HasSubstr;

ServedModels tiny(const base::fs::path& folder, size_t context = 0,
                  const std::string& chat_template = chain::plain_chat_template()) {
  LanguageModelOptions options;
  options.context_tokens = context;
  options.chat_template = chat_template;
  const auto model = std::make_shared<const LanguageModel>(lm::write_tiny_model(folder, 3), options);
  return {.chat = {{"tiny", chain::make_local_chat(model)}}, .language = {{"tiny", model}}};
}

/// The JSON of every "data:" line of a stream, and whether [DONE] came last.
struct Events {
  std::vector<Json> all;
  bool done = false;
  explicit Events(const std::string& body) {
    for (size_t at = body.find("data: "); at != body.npos; at = body.find("data: ", at)) {
      const std::string line = body.substr(at + 6, body.find("\n\n", at) - at - 6);
      at += 6;
      if (line == "[DONE]")
        done = true;
      else
        all.push_back(Json::parse(line)), done = false;
    }
  }
};

class OpenAiChat : public testing::Test {
 protected:
  Json ask(Json more = Json::object(), int status = 200) {
    return house.json(house.post("/v1/chat/completions", with(std::move(more))), status);
  }
  Json with(Json more) {
    Json body = {
        {"model", "tiny"}, {"messages", {{{"role", "user"}, {"content", "hello"}}}}, {"max_tokens", 12}, {"seed", 7}};
    body.update(more);
    return body;
  }
  base::TempFolder folder;
  TestHouse house{tiny(folder.path())};
};

TEST_F(OpenAiChat, WholeAnswersHaveOpenAisShape) {
  const Json out = ask();
  EXPECT_EQ(out["object"], "chat.completion");
  EXPECT_THAT(out["id"].get<std::string>(), HasSubstr("chatcmpl-"));
  const Json& choice = out["choices"][0];
  EXPECT_EQ(choice["message"]["role"], "assistant");
  EXPECT_TRUE(choice["message"]["content"].is_string());
  EXPECT_TRUE(choice["message"]["refusal"].is_null());
  EXPECT_TRUE(choice["logprobs"].is_null());
  EXPECT_TRUE(choice["finish_reason"] == "length" || choice["finish_reason"] == "stop");
  EXPECT_EQ(out["usage"]["total_tokens"],
            out["usage"]["prompt_tokens"].get<int>() + out["usage"]["completion_tokens"].get<int>());
  EXPECT_EQ(ask()["choices"], out["choices"]) << "the same seed";
  EXPECT_EQ(house.json(house.post("/chat/completions", with(Json::object())))["choices"], out["choices"])
      << "without /v1";
  const Json three = ask({{"n", 3}});
  EXPECT_EQ(three["choices"].size(), 3u);
  EXPECT_EQ(three["choices"][0]["message"], choice["message"]);
}

TEST_F(OpenAiChat, StreamsSayTheSame) {
  const Json whole = ask();
  const auto answer =
      house.post("/v1/chat/completions", with({{"stream", true}, {"stream_options", {{"include_usage", true}}}}));
  EXPECT_EQ(answer.headers.at("content-type"), "text/event-stream; charset=utf-8");
  const Events events(answer.body);
  EXPECT_TRUE(events.done);
  std::string text;
  for (const Json& event : events.all) {
    EXPECT_EQ(event["id"], events.all[0]["id"]);
    EXPECT_EQ(event["created"], events.all[0]["created"]);
    EXPECT_EQ(event["object"], "chat.completion.chunk");
    if (event["choices"].empty()) continue;
    EXPECT_TRUE(event["usage"].is_null());
    text += event["choices"][0]["delta"].value("content", "");
  }
  EXPECT_EQ(text, whole["choices"][0]["message"]["content"]);
  EXPECT_EQ(events.all[0]["choices"][0]["delta"]["role"], "assistant");
  EXPECT_EQ(events.all.back()["usage"]["completion_tokens"], whole["usage"]["completion_tokens"]);
  EXPECT_EQ(events.all[events.all.size() - 2]["choices"][0]["finish_reason"], whole["choices"][0]["finish_reason"]);
  EXPECT_EQ(events.all[events.all.size() - 2]["choices"][0]["delta"], Json::object());
}

TEST_F(OpenAiChat, MessagesComeInEveryShape) {
  const auto prompt = [&](const Json& messages) { return ask({{"messages", messages}})["usage"]["prompt_tokens"]; };
  const Json parts = {
      {{"role", "user"}, {"content", {{{"type", "text"}, {"text", "hel"}}, {{"type", "text"}, {"text", "lo"}}}}}};
  EXPECT_EQ(prompt(parts), prompt({{{"role", "user"}, {"content", "hello"}}}));
  const auto system = [&](const char* role) {
    return prompt({{{"role", role}, {"content", "be kind"}}, {{"role", "user"}, {"content", "hello"}}});
  };
  EXPECT_EQ(system("developer"), system("system"));
  EXPECT_EQ(ask({{"messages", {{{"role", "user"}, {"content", {{{"type", "input_audio"}}}}}}}}, 400)["error"]["param"],
            "messages[0].content[0].type");
  EXPECT_EQ(ask({{"messages", {{{"role", "king"}, {"content", "x"}}}}}, 400)["error"]["param"], "messages[0].role");
  EXPECT_EQ(ask({{"messages", Json::array()}}, 400)["error"]["param"], "messages");
  EXPECT_EQ(ask({{"messages",
                  {{{"role", "user"}, {"content", {{{"type", "image_url"}, {"image_url", {{"url", "data:,"}}}}}}}}}},
                400)["error"]["type"],
            "invalid_request_error")
      << "this model does not see";
}

TEST_F(OpenAiChat, NothingIsCutSilently) {
  TestHouse small{tiny(folder.path(), 64)};
  const std::string longer(2000, 'x');
  const Json error = small.json(
      small.post("/v1/chat/completions", {{"model", "tiny"}, {"messages", {{{"role", "user"}, {"content", longer}}}}}),
      400)["error"];
  EXPECT_EQ(error["code"], "context_length_exceeded");
  EXPECT_EQ(error["param"], "messages");
  const Json streamed = small.json(
      small.post("/v1/chat/completions",
                 {{"model", "tiny"}, {"stream", true}, {"messages", {{{"role", "user"}, {"content", longer}}}}}),
      400);
  EXPECT_EQ(streamed["error"]["code"], "context_length_exceeded");
}

TEST_F(OpenAiChat, SettingsAreHeeded) {
  const std::string text = ask({{"temperature", 0}, {"max_tokens", 200}})["choices"][0]["message"]["content"];
  const size_t letter = text.find_first_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ");
  ASSERT_NE(letter, text.npos) << "the random model says nothing that could stop it";
  EXPECT_EQ(ask({{"temperature", 0},
                 {"max_tokens", 200},
                 {"stop", text.substr(letter, 1)}})["choices"][0]["message"]["content"],
            text.substr(0, letter));
  const Json probable =
      ask({{"temperature", 0}, {"logprobs", true}, {"top_logprobs", 3}})["choices"][0]["logprobs"]["content"];
  ASSERT_FALSE(probable.empty());
  EXPECT_EQ(probable[0]["top_logprobs"].size(), 3u);
  EXPECT_LE(probable[0]["logprob"].get<double>(), 0);
  EXPECT_TRUE(probable[0]["bytes"].is_array());
  const Events streamed(
      house.post("/v1/chat/completions", with({{"temperature", 0}, {"logprobs", true}, {"stream", true}})).body);
  size_t told = 0;
  for (const Json& event : streamed.all)
    if (event["choices"][0]["logprobs"].is_object()) told += event["choices"][0]["logprobs"]["content"].size();
  EXPECT_EQ(told, probable.size());
  const Json wrong = {{"temperature", 3}, {"top_p", -1},           {"n", 0},
                      {"max_tokens", 0},  {"seed", "x"},           {"stop", 1},
                      {"stream", "yes"},  {"tool_choice", "must"}, {"response_format", {{"type", "xml"}}}};
  for (const auto& [key, value] : wrong.items()) {
    Json more = {{key, value}};
    if (key == "tool_choice") more["tools"] = {{{"type", "function"}, {"function", {{"name", "f"}}}}};
    EXPECT_EQ(ask(more, 400)["error"]["type"], "invalid_request_error") << more;
  }
  for (const Json& bias : {Json({{"x", 1}}), Json({{"1", 200}}), Json(1)})
    EXPECT_EQ(ask({{"logit_bias", bias}}, 400)["error"]["param"], "logit_bias");
  EXPECT_EQ(ask({{"functions", Json::array({1})}}, 400)["error"]["param"], "functions");
  EXPECT_EQ(ask({{"unknown_field", 1}, {"user", "u"}, {"metadata", {{"a", "b"}}}})["object"], "chat.completion");
  EXPECT_EQ(ask({{"model", "gone"}}, 404)["error"]["code"], "model_not_found");
}

TEST_F(OpenAiChat, AnswersKeepToASchemaInItsOwnOrder) {
  const std::string schema =
      R"({"type":"object","properties":{"z":{"enum":["yes"]},"a":{"enum":[1,2]}},"required":["z","a"],"additionalProperties":false})";
  const std::string body =
      R"({"model":"tiny","messages":[{"role":"user","content":"x"}],"max_tokens":200,"response_format":
{"type":"json_schema","json_schema":{"name":"s","strict":true,"schema":)" +
      schema + "}}}";
  const std::string text = house.json(house.post("/v1/chat/completions", body))["choices"][0]["message"]["content"];
  const auto parsed = base::OrderedJson::parse(text);
  EXPECT_EQ(parsed.begin().key(), "z") << text;
  EXPECT_EQ(parsed["z"], "yes");
  const Json object = ask({{"response_format", {{"type", "json_object"}}}, {"max_tokens", 300}});
  EXPECT_TRUE(Json::parse(object["choices"][0]["message"]["content"].get<std::string>()).is_object());
}

TEST_F(OpenAiChat, ToolsThatMustBeCalledAre) {
  TestHouse tools{tiny(folder.path(), 2048, R"({% if tools %}<tool_call>{{ tools | tojson }}
{% endif %}{% for m in messages %}{{ m.role }}: {{ m.content }}
{% endfor %}assistant:)")};
  Json body = with({{"tool_choice", "required"}, {"max_tokens", 300}, {"temperature", 0}});
  body["tools"] = Json::parse(R"([{"type":"function","function":{"name":"weather","parameters":{"type":"object",
"properties":{"city":{"enum":["Seoul","Busan"]}},"required":["city"],"additionalProperties":false}}}])");
  const Json whole = tools.json(tools.post("/v1/chat/completions", body))["choices"][0];
  EXPECT_EQ(whole["finish_reason"], "tool_calls");
  EXPECT_TRUE(whole["message"]["content"].is_null());
  ASSERT_EQ(whole["message"]["tool_calls"].size(), 1u);
  const Json& call = whole["message"]["tool_calls"][0];
  EXPECT_EQ(call["type"], "function");
  EXPECT_EQ(call["function"]["name"], "weather");
  EXPECT_TRUE(Json::parse(call["function"]["arguments"].get<std::string>()).contains("city"));
  EXPECT_FALSE(call["id"].get<std::string>().empty());

  body["stream"] = true;
  body["tool_choice"] = {{"type", "function"}, {"function", {{"name", "weather"}}}};
  const Events events(tools.post("/v1/chat/completions", body).body);
  std::string arguments;
  size_t names = 0, ids = 0;
  for (const Json& event : events.all) {
    const Json& delta = event["choices"][0]["delta"];
    if (!delta.contains("tool_calls")) continue;
    const Json& piece = delta["tool_calls"][0];
    EXPECT_EQ(piece["index"], 0);
    ids += piece.contains("id"), names += piece["function"].contains("name");
    arguments += piece["function"]["arguments"].get<std::string>();
  }
  EXPECT_EQ(ids, 1u) << "once, and never null";
  EXPECT_EQ(names, 1u);
  EXPECT_EQ(arguments, call["function"]["arguments"]);
  EXPECT_EQ(events.all.back()["choices"][0]["finish_reason"], "tool_calls");

  const Json responses =
      tools.json(tools.post("/v1/responses", Json::parse(R"({"model":"tiny","input":"x","tool_choice":"required",
"max_output_tokens":300,"tools":[{"type":"function","name":"now","parameters":{"type":"object","additionalProperties":false}}]})")));
  EXPECT_EQ(responses["output"][0]["type"], "function_call");
  EXPECT_EQ(responses["output"][0]["name"], "now");
  body["tool_choice"] = {{"type", "function"}, {"function", {{"name", "other"}}}};
  EXPECT_EQ(tools.post("/v1/chat/completions", body).status, 400);
}

// Some of the tools alone may be called: OpenAI's allowed_tools, in the words of both APIs.
TEST_F(OpenAiChat, ToolsThatAreNotAllowedAreNotCalled) {
  TestHouse tools{
      tiny(folder.path(), 2048, R"({% if tools %}{% for t in tools %}[{{ t.function.name }}]{% endfor %}{% endif %}
{% for m in messages %}{{ m.role }}: {{ m.content }}
{% endfor %}assistant:)")};
  const Json none = {{"type", "object"}, {"additionalProperties", false}};
  Json body = with({{"max_tokens", 300}, {"temperature", 0}});
  for (const char* name : {"now", "weather", "river"})
    body["tools"].push_back({{"type", "function"}, {"function", {{"name", name}, {"parameters", none}}}});
  for (const char* name : {"now", "weather", "river"}) {
    body["tool_choice"] = {
        {"type", "allowed_tools"},
        {"allowed_tools", {{"mode", "required"}, {"tools", {{{"type", "function"}, {"function", {{"name", name}}}}}}}}};
    const Json choice = tools.json(tools.post("/v1/chat/completions", body))["choices"][0];
    ASSERT_EQ(choice["message"]["tool_calls"].size(), 1u);
    EXPECT_EQ(choice["message"]["tool_calls"][0]["function"]["name"], name);
  }
  Json asked = {{"model", "tiny"}, {"input", "x"}, {"max_output_tokens", 300}, {"temperature", 0}};
  for (const char* name : {"now", "weather"})
    asked["tools"].push_back({{"type", "function"}, {"name", name}, {"parameters", none}});
  asked["tool_choice"] = {
      {"type", "allowed_tools"}, {"mode", "required"}, {"tools", {{{"type", "function"}, {"name", "weather"}}}}};
  EXPECT_EQ(tools.json(tools.post("/v1/responses", asked))["output"][0]["name"], "weather");
  for (const Json& wrong : {Json{{"mode", "required"}, {"tools", Json::array()}},
                            Json{{"mode", "often"}, {"tools", {{{"type", "function"}, {"name", "now"}}}}},
                            Json{{"mode", "auto"}, {"tools", {{{"type", "function"}, {"name", "gone"}}}}},
                            Json{{"mode", "auto"}, {"tools", {"now"}}}, Json::object()}) {
    asked["tool_choice"] = wrong;
    asked["tool_choice"]["type"] = "allowed_tools";
    EXPECT_EQ(tools.post("/v1/responses", asked).status, 400) << wrong;
  }
}

TEST_F(OpenAiChat, PlainCompletions) {
  const Json out = house.json(house.post(
      "/v1/completions",
      {{"model", "tiny"}, {"prompt", {"a", "b"}}, {"n", 2}, {"temperature", 0}, {"max_tokens", 4}, {"logprobs", 2}}));
  EXPECT_EQ(out["object"], "text_completion");
  EXPECT_EQ(out["choices"].size(), 4u);
  EXPECT_EQ(out["choices"][0]["text"], out["choices"][1]["text"]);
  EXPECT_EQ(out["choices"][0]["logprobs"]["tokens"].size(), out["choices"][0]["logprobs"]["token_logprobs"].size());
  const Events events(house
                          .post("/v1/completions", {{"model", "tiny"},
                                                    {"prompt", "a"},
                                                    {"temperature", 0},
                                                    {"max_tokens", 4},
                                                    {"stream", true},
                                                    {"echo", true}})
                          .body);
  std::string text;
  for (const Json& event : events.all) text += event["choices"][0]["text"].get<std::string>();
  EXPECT_EQ(text, "a" + out["choices"][0]["text"].get<std::string>());
  EXPECT_TRUE(events.done);
  EXPECT_EQ(
      house.json(house.post("/v1/completions",
                            {{"model", "tiny"}, {"prompt", {1, 2}}, {"max_tokens", 1}}))["usage"]["prompt_tokens"],
      2);
  EXPECT_EQ(house.json(house.post("/v1/completions", {{"model", "tiny"}}), 400)["error"]["param"], "prompt");
  EXPECT_EQ(house.json(house.post("/v1/completions", {{"model", "tiny"}, {"prompt", {-1}}}), 400)["error"]["param"],
            "prompt");
  EXPECT_EQ(house.json(house.post("/v1/completions", {{"model", "tiny"}, {"prompt", "a"}, {"suffix", "b"}}),
                       400)["error"]["param"],
            "suffix");
  EXPECT_EQ(
      house.json(house.post("/v1/completions", {{"model", "tiny"}, {"prompt", "a"}, {"echo", true}, {"logprobs", 1}}),
                 400)["error"]["param"],
      "logprobs")
      << "the prompt's tokens would be missing";
}

TEST_F(OpenAiChat, ResponsesTellProbabilitiesWhereTheyAreAskedFor) {
  Json body = {{"model", "tiny"},  {"input", "hello"},  {"max_output_tokens", 8},
               {"temperature", 0}, {"top_logprobs", 2}, {"include", {"message.output_text.logprobs"}}};
  const Json whole = house.json(house.post("/v1/responses", body));
  const Json& told = whole["output"][0]["content"][0]["logprobs"];
  ASSERT_FALSE(told.empty());
  EXPECT_LE(told.size(), whole["usage"]["output_tokens"]);
  EXPECT_EQ(told[0]["top_logprobs"].size(), 2u);
  EXPECT_EQ(told[0]["logprob"], told[0]["top_logprobs"][0]["logprob"]) << "at temperature 0 the likeliest comes";
  body["stream"] = true;
  const Events events(house.post("/v1/responses", body).body);
  Json streamed = Json::array();
  for (const Json& event : events.all)
    if (event["type"] == "response.output_text.delta")
      streamed.insert(streamed.end(), event["logprobs"].begin(), event["logprobs"].end());
  EXPECT_EQ(streamed.size(), told.size());
  EXPECT_EQ(streamed[0]["token"], told[0]["token"]);
  body["stream"] = false;
  body.erase("include");
  EXPECT_TRUE(house.json(house.post("/v1/responses", body))["output"][0]["content"][0]["logprobs"].empty());
  body["top_logprobs"] = 21;
  EXPECT_EQ(house.post("/v1/responses", body).status, 400);
}

TEST_F(OpenAiChat, ResponsesHaveTheirOwnShapes) {
  const Json body = {
      {"model", "tiny"}, {"input", "hello"}, {"instructions", "be kind"}, {"max_output_tokens", 12}, {"seed", 7}};
  const Json whole = house.json(house.post("/v1/responses", body));
  EXPECT_EQ(whole["object"], "response");
  EXPECT_EQ(whole["output"][0]["type"], "message");
  EXPECT_EQ(whole["output"][0]["content"][0]["type"], "output_text");
  EXPECT_EQ(whole["usage"]["total_tokens"],
            whole["usage"]["input_tokens"].get<int>() + whole["usage"]["output_tokens"].get<int>());
  Json streaming = body;
  streaming["stream"] = true;
  const Events events(house.post("/v1/responses", streaming).body);
  EXPECT_EQ(house.json(house.post("/v1/responses/input_tokens", body))["input_tokens"], whole["usage"]["input_tokens"]);
  std::vector<std::string> types;
  std::string text;
  for (size_t i = 0; i < events.all.size(); ++i) {
    EXPECT_EQ(events.all[i]["sequence_number"], i);
    const std::string type = events.all[i]["type"];
    if (types.empty() || types.back() != type) types.push_back(type);
    if (type == "response.output_text.delta") text += events.all[i]["delta"].get<std::string>();
  }
  EXPECT_EQ(text, whole["output"][0]["content"][0]["text"]);
  const std::string end = "response." + whole["status"].get<std::string>();
  EXPECT_EQ(types, (std::vector<std::string>{"response.created", "response.in_progress", "response.output_item.added",
                                             "response.content_part.added", "response.output_text.delta",
                                             "response.output_text.done", "response.content_part.done",
                                             "response.output_item.done", end}));
  EXPECT_EQ(events.all.back()["response"]["output"][0]["content"], whole["output"][0]["content"]);
  const Json items = {{{"role", "user"}, {"content", {{{"type", "input_text"}, {"text", "2+2?"}}}}},
                      {{"type", "function_call"}, {"call_id", "c1"}, {"name", "add"}, {"arguments", "{}"}},
                      {{"type", "function_call_output"}, {"call_id", "c1"}, {"output", "4"}}};
  EXPECT_EQ(house.json(
                house.post("/v1/responses", {{"model", "tiny"}, {"input", items}, {"max_output_tokens", 4}}))["object"],
            "response");
  for (const Json& wrong : {Json({{"previous_response_id", "resp_1"}}), Json({{"background", true}}),
                            Json({{"input", 1}}), Json({{"input", Json::array()}}),
                            Json({{"tools", {{{"type", "web_search"}}}}}), Json({{"input", {{{"type", "odd"}}}}})}) {
    Json bad = body;
    bad.update(wrong);
    EXPECT_EQ(house.json(house.post("/v1/responses", bad), 400)["error"]["type"], "invalid_request_error") << wrong;
  }
}

// An ordered object is searched for each of its keys: these would take minutes.
TEST_F(OpenAiChat, AnObjectOfVeryManyKeysIsRefused) {
  Json keys = Json::object();
  for (int i = 0; i < 200'000; ++i) keys["key " + std::to_string(i)] = true;
  EXPECT_EQ(
      ask({{"response_format", {{"type", "json_schema"}, {"json_schema", {{"schema", keys}}}}}}, 400)["error"]["code"],
      "invalid");
  EXPECT_EQ(house.json(house.post("/v1/responses", {{"model", "tiny"}, {"input", "hello"}, {"metadata", keys}}),
                       400)["error"]["code"],
            "invalid");
}

// What no answer could be made to keep to is the request's fault, and no want of room here.
TEST_F(OpenAiChat, ASchemaThatAsksTooMuchIsRefused) {
  for (const char* schema :
       {R"({"$ref":"#"})", R"({"type":"array","minItems":2000000})", R"({"type":"string","maxLength":900000})",
        R"({"type":"string","pattern":"a{1,2000000}"})"}) {
    const Json parsed = Json::parse(schema);
    EXPECT_EQ(ask({{"response_format", {{"type", "json_schema"}, {"json_schema", {{"schema", parsed}}}}}},
                  400)["error"]["type"],
              "invalid_request_error")
        << schema;
    EXPECT_EQ(
        house.json(house.post("/v1/responses", {{"model", "tiny"},
                                                {"input", "hello"},
                                                {"text", {{"format", {{"type", "json_schema"}, {"schema", parsed}}}}}}),
                   400)["error"]["type"],
        "invalid_request_error")
        << schema;
  }
  EXPECT_EQ(ask({{"tool_choice", "required"}}, 400)["error"]["param"], "tools");
  EXPECT_EQ(ask({{"top_logprobs", 2}}, 400)["error"]["param"], "logprobs");
  EXPECT_EQ(house.json(house.post("/v1/completions", {{"model", "tiny"}, {"prompt", "a"}, {"best_of", 3}, {"n", 2}}),
                       400)["error"]["param"],
            "best_of");
}

TEST_F(OpenAiChat, WhatIsNotServedSaysSo) {
  EXPECT_EQ(house.json(house.post("/v1/audio/speech", Json::object()), 501)["error"]["code"], "not_implemented");
  EXPECT_EQ(house.send("POST", "/v1/audio/transcriptions", "xx").status, 501);
  for (const char* path : {"/v1/responses/resp_1", "/v1/images/generations", "/v1/assistants", "/batches"})
    EXPECT_EQ(house.json(house.get(path), 501)["error"]["code"], "not_implemented") << path;
  EXPECT_EQ(house.json(house.post("/v1/rerank", {{"query", "q"}, {"documents", {"a"}}}), 404)["error"]["code"],
            "model_not_found");
  const Json ranked = house.json(house.post("/v1/rerank", {{"model", "words"},
                                                           {"query", "a b c"},
                                                           {"documents", {"aaaaaaaaaaaaaaaaaaaa", {{"text", "d e f"}}}},
                                                           {"top_n", 1},
                                                           {"return_documents", true}}));
  ASSERT_EQ(ranked["results"].size(), 1u);
  EXPECT_EQ(ranked["results"][0]["index"], 1);
  EXPECT_EQ(ranked["results"][0]["document"]["text"], "d e f");
}

TEST_F(OpenAiChat, AClientThatLeavesAStreamEndsIt) {
  test::Client client(house.server().port());
  client.ask("POST", "/v1/chat/completions", with({{"stream", true}, {"max_tokens", 100'000}, {"n", 16}}).dump());
  client.until("data: ");
  client.close();
  for (int i = 0; i < 1000; ++i) {
    if (house.get("/metrics").body.find(R"(lane="generate",state="busy"} 0)") != std::string::npos) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  FAIL() << "it still writes";
}

}  // namespace
}  // namespace hanok::server
