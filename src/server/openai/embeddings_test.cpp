#include <gmock/gmock.h>

#include <mutex>
#include <thread>

#include "base/file.h"
#include "server/auth/keys.h"
#include "server/base64.h"
#include "server/test_house.h"

namespace hanok::server {
namespace {

using base::Json;
using test::TestHouse;
using testing::HasSubstr;

TEST(OpenAiEmbeddings, TakeTextsAndTokensInEveryShape) {
  TestHouse house;
  const auto vectors = [&](const Json& input, Json more = Json::object()) {
    Json body = {{"model", "words"}, {"input", input}};
    body.update(more);
    const Json out = house.json(house.post("/v1/embeddings", body));
    Json rows = Json::array();
    for (const auto& row : out["data"]) rows.push_back(row["embedding"]);
    return rows;
  };
  EXPECT_EQ(vectors("two words"), Json::parse("[[2.0,9.0,0.0]]"));
  EXPECT_EQ(vectors({"a", "b c", ""}), Json::parse("[[1.0,1.0,0.0],[2.0,3.0,0.0],[0.0,0.0,0.0]]"));
  EXPECT_EQ(vectors({1, 2}), Json::parse("[[2.0,11.0,0.0]]"));
  EXPECT_EQ(vectors({{1, 2}, {3}}), Json::parse("[[2.0,11.0,0.0],[1.0,5.0,0.0]]"));
  EXPECT_EQ(vectors("two words", {{"encoding_format", "base64"}}),
            Json({base64_of_floats(std::vector<float>{2, 9, 0})}));
  EXPECT_EQ(base64_of_floats(std::vector<float>{1.0f}), "AACAPw==");
  EXPECT_EQ(vectors("ab", {{"input_type", "query"}}), Json::parse("[[1.0,2.0,2.0]]"));
  EXPECT_EQ(vectors("aaa b c", {{"dimensions", 2}}).dump(), "[[0.39391932,0.9191451]]") << "at length 1 again";
  const Json whole =
      house.json(house.post("/embeddings", {{"model", "words"}, {"input", {"a b", "c"}}, {"user", "u"}}));
  EXPECT_EQ(whole["object"], "list");
  EXPECT_EQ(whole["model"], "words");
  EXPECT_EQ(whole["data"][1]["index"], 1);
  EXPECT_EQ(whole["usage"], Json({{"prompt_tokens", 3}, {"total_tokens", 3}}));
}

TEST(OpenAiEmbeddings, WhatIsWrongIsNamed) {
  TestHouse house;
  const auto error = [&](const Json& body, int status = 400) {
    const Json out = house.json(house.post("/v1/embeddings", body), status)["error"];
    EXPECT_TRUE(out.contains("message") && out.contains("type") && out.contains("param") && out.contains("code"));
    return out;
  };
  EXPECT_EQ(error({{"model", "words"}, {"input", "1 2 3 4 5 6 7 8 9"}})["code"], "context_length_exceeded");
  EXPECT_EQ(error({{"model", "gone"}, {"input", "a"}}, 404)["code"], "model_not_found");
  EXPECT_EQ(error({{"input", "a"}})["param"], "model");
  EXPECT_EQ(error({{"model", "words"}})["param"], "input");
  for (const Json& input : {Json(1), Json(Json::array()), Json({{"a", 1}}), Json({"a", 1}), Json({1, "a"}), Json({1.5}),
                            Json({-1}), Json({{1}, {"a"}}), Json({nullptr})})
    EXPECT_EQ(error({{"model", "words"}, {"input", input}})["param"], "input") << input;
  EXPECT_EQ(error({{"model", "words"}, {"input", "a"}, {"dimensions", 4}})["param"], "dimensions");
  EXPECT_EQ(error({{"model", "words"}, {"input", "a"}, {"dimensions", 0}})["param"], "dimensions");
  EXPECT_EQ(error({{"model", "words"}, {"input", "a"}, {"encoding_format", "int8"}})["param"], "encoding_format");
  EXPECT_EQ(error({{"model", "words"}, {"input", Json(std::vector<std::string>(2049, "a"))}})["param"], "input");
  for (const char* body : {"", "nonsense", "[]", "{\"model\":", "{\"model\":\"words\",\"input\":NaN}",
                           "{\"model\":\"words\",\"input\":1e999}", "{\"model\":\"\xff\"}", "\"text\""}) {
    const auto answer = house.send("POST", "/v1/embeddings", body);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_THAT(answer.body, HasSubstr("invalid_request_error"));
    EXPECT_EQ(answer.headers.at("x-should-retry"), "false");
  }
  EXPECT_EQ(house.send("POST", "/v1/embeddings", std::string(200'000, '[')).status, 400);
}

TEST(OpenAiEmbeddingsConcurrent, ManyClientsAtOnce) {
  TestHouse house;
  std::vector<std::thread> clients;
  for (int c = 0; c < 8; ++c)
    clients.emplace_back([&, c] {
      test::Client client(house.server().port());
      for (int i = 0; i < 20; ++i) {
        const std::string text(static_cast<size_t>(1 + c * 20 + i), 'x');
        const auto answer =
            client.ask_and_read("POST", "/v1/embeddings", Json({{"model", "words"}, {"input", text}}).dump());
        EXPECT_EQ(Json::parse(answer.body)["data"][0]["embedding"][1], text.size());
      }
    });
  for (auto& client : clients) client.join();
}

TEST(OpenAiModels, AreListedAndCollectionsToo) {
  TestHouse house;
  house.store().collection("notes", true);
  const Json all = house.json(house.get("/v1/models"));
  EXPECT_EQ(all["object"], "list");
  EXPECT_EQ(all["data"][0], Json({{"id", "words"}, {"object", "model"}, {"created", 0}, {"owned_by", "hanok"}}));
  EXPECT_EQ(all["data"][1]["id"], "hanok/notes");
  EXPECT_EQ(house.json(house.get("/models")), all);
  EXPECT_EQ(house.json(house.get("/v1/models/words"))["id"], "words");
  EXPECT_EQ(house.json(house.get("/v1/models/hanok/notes"))["id"], "hanok/notes");
  EXPECT_EQ(house.json(house.get("/v1/models/hanok%2Fnotes"))["id"], "hanok/notes");
  EXPECT_EQ(house.json(house.get("/v1/models/gone"), 404)["error"]["code"], "model_not_found");
}

TEST(Server, HealthVersionAndNumbers) {
  TestHouse house({}, {.version = "1.2.3"});
  EXPECT_EQ(house.get("/healthz").body, "ok\n");
  EXPECT_EQ(house.get("/readyz").body, "ready\n");
  EXPECT_EQ(house.json(house.get("/version")), Json({{"name", "hanok"}, {"version", "1.2.3"}}));
  const std::string metrics = house.get("/metrics").body;
  EXPECT_THAT(metrics, HasSubstr(R"(hanok_http_requests_total{method="GET",route="/healthz",status="200"} 1)"));
  EXPECT_THAT(metrics, HasSubstr("hanok_connections "));
}

TEST(Server, TellsOfEveryRoute) {
  TestHouse house({}, {.version = "1.2.3"});
  const Json all = house.json(house.get("/openapi.json"));
  EXPECT_EQ(all["info"]["version"], "1.2.3");
  EXPECT_EQ(all["paths"]["/v1/embeddings"]["post"]["requestBody"]["content"]["application/json"]["schema"]["required"],
            Json({"model", "input"}));
  EXPECT_EQ(all["paths"]["/v1/vector_stores/{store}/files/{file}"]["get"]["parameters"].size(), 2u);
  EXPECT_FALSE(all["paths"].contains("/embeddings")) << "told of once";
  using Named = std::vector<std::pair<std::string, std::string>>;
  for (const auto& [path, method] : Named{{"/rerank", "post"}, {"/models", "get"}, {"/models/{model}", "get"}})
    EXPECT_EQ(all["paths"][path][method]["parameters"].back()["name"], "x-pinecone-api-version") << path;
  EXPECT_FALSE(all["paths"]["/healthz"]["get"].contains("security"));
  for (const auto& [path, methods] : all["paths"].items())
    for (const auto& [method, operation] : methods.items())
      EXPECT_FALSE(operation["summary"].get<std::string>().empty()) << method << " " << path;
}

TEST(Server, KeysOpenAsMuchAsTheySay) {
  TestHouse house({}, {.api_key = "the whole house"});
  EXPECT_EQ(house.get("/healthz").status, 200);
  const auto refused = house.get("/v1/models");
  EXPECT_EQ(house.json(refused, 401)["error"]["code"], "invalid_api_key");
  EXPECT_EQ(house.get("/v1/models", "Authorization: Bearer other\r\n").status, 401);
  EXPECT_EQ(house.get("/v1/models", "Authorization: Bearer the whole house\r\n").status, 200);
  EXPECT_EQ(house.get("/v1/models", "Host: hanok.example\r\nAuthorization: Bearer the whole house\r\n").status, 400);
}

TEST(Server, ReadsItsOwnFilesForAdminsAlone) {
  const base::TempFolder folder;
  Keys keys;
  const std::string writer = keys.add("writer", Scope::Write), admin = keys.add("admin", Scope::Admin);
  keys.save(folder.path() / "keys.json");
  base::write_file_atomic(folder.path() / "maps.txt", "The map room is open.");
  TestHouse house({}, {.keys_file = folder.path() / "keys.json"});
  const auto ingest = [&](const std::string& path, const std::string& key) {
    return house.post("/hanok/ingest", {{"collection", "notes"}, {"paths", {path}}},
                      "Authorization: Bearer " + key + "\r\n");
  };
  EXPECT_EQ(ingest(folder.path() / "maps.txt", writer).status, 403);
  EXPECT_EQ(ingest("maps.txt", admin).status, 400);
  EXPECT_EQ(house
                .post("/hanok/ingest", {{"collection", "notes"}, {"paths", {"/"}}, {"metadata", "text"}},
                      "Authorization: Bearer " + admin + "\r\n")
                .status,
            400);
  EXPECT_EQ(house.json(ingest(folder.path() / "maps.txt", admin))["files"]["new"], 1);
  EXPECT_EQ(house.store().collection("notes")->document_count(), 1u);
}

TEST(Server, WithoutAKeyItIsForThisMachineAlone) {
  const base::TempFolder folder;
  const std::shared_ptr<store::Store> store = store::Store::open(folder.path() / "data");
  EXPECT_THROW(Server(store, {}, {.host = "0.0.0.0", .port = 0}), Error);
  EXPECT_NO_THROW(Server(store, {}, {.host = "0.0.0.0", .port = 0, .api_key = "long enough"}));
  EXPECT_THROW(Server(store, {}, {.host = "example.com", .port = 0, .api_key = "long enough"}), Error);
  const Server first(store, {}, {.port = 0});
  try {
    Server(store, {}, {.port = first.port()});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::Unavailable);
  }
}

TEST(Server, LogsALineOfJsonARequest) {
  std::vector<std::string> lines;
  std::mutex mutex;
  {
    TestHouse house({}, {.log = [&](std::string_view line) {
                      std::lock_guard lock(mutex);
                      lines.emplace_back(line);
                    }});
    house.get("/v1/models?x=1", "X-Request-Id: abc\r\n");
  }
  ASSERT_EQ(lines.size(), 1u);
  const Json line = Json::parse(lines[0]);
  EXPECT_EQ(line["id"], "abc");
  EXPECT_EQ(line["path"], "/v1/models");
  EXPECT_EQ(line["status"], 200);
}

}  // namespace
}  // namespace hanok::server
