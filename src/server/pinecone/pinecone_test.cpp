// Pinecone's API over a real socket, with the bodies that its clients send.
#include "server/pinecone/pinecone.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "server/auth/keys.h"
#include "server/test_house.h"

namespace hanok::server {
namespace {

using base::Json;
using Ids = std::vector<std::string>;

const std::string kVersion = "X-Pinecone-Api-Version: 2025-10\r\nApi-Key: any\r\n";

class PineconeTest : public testing::Test {
 protected:
  Json ask(const std::string& method, const std::string& path, const Json& body, int status = 200) {
    const auto answer = house_.send(method, path, text(body), kVersion);
    EXPECT_EQ(answer.status, status) << method << " " << path << " " << answer.body;
    return answer.body.empty() ? Json() : Json::parse(answer.body, nullptr, false);
  }
  static std::string text(const Json& body) {
    return body.is_null() ? "" : body.is_string() ? body.get<std::string>() : body.dump();
  }
  Json make(const std::string& name, size_t dimension, const std::string& metric = "cosine") {
    return ask("POST", "/indexes",
               {{"name", name},
                {"dimension", dimension},
                {"metric", metric},
                {"spec", Json::parse(R"({"serverless":{"cloud":"aws","region":"us-east-1"}})")}},
               201);
  }
  /// An index of three vectors in the default namespace and 120 in "other".
  std::string filled() {
    make("v", 2);
    ask("POST", "/i/v/vectors/upsert", Json::parse(R"({"vectors":[
      {"id":"a","values":[1,0],"metadata":{"genre":"x","year":2020,"tags":["p","q"]}},
      {"id":"b","values":[0,1],"metadata":{"genre":"y","year":2021.5}},
      {"id":"c","values":[1,1]}]})"));
    Json many = {{"namespace", "other"}, {"vectors", Json::array()}};
    for (int i = 0; i < 120; ++i)
      many["vectors"].push_back({{"id", "n" + std::to_string(1000 + i)}, {"values", {1, i}}, {"metadata", {{"i", i}}}});
    EXPECT_EQ(ask("POST", "/i/v/vectors/upsert", many)["upsertedCount"], 120);
    return "/i/v";
  }
  Ids matches(const std::string& path, const Json& body) {
    Ids out;
    const Json answer = ask("POST", path + "/query", body);
    for (const auto& match : answer["matches"]) out.push_back(match["id"]);
    return out;
  }
  void expect_refused(const std::string& method, const std::string& path, const Json& body, int status) {
    const Json said = ask(method, path, body, status);
    ASSERT_TRUE(said.is_object()) << path;
    EXPECT_EQ(said["status"], status);
    EXPECT_TRUE(said["message"].is_string() && said["error"]["message"].is_string() &&
                said["code"].is_number_integer());
  }

  test::TestHouse house_;
};

TEST_F(PineconeTest, WhatIsNotServedSaysSo) {
  for (const char* path : {"/assistant/assistants", "/admin/projects"}) {
    expect_refused("GET", path, nullptr, 404);
    EXPECT_NE(ask("GET", path, nullptr, 404)["message"].get<std::string>().find("not served"), std::string::npos);
  }
}

TEST_F(PineconeTest, IndexesAreMadeDescribedConfiguredAndDeleted) {
  const Json made = make("shop", 3, "euclidean");
  EXPECT_EQ(made["host"], "http://localhost/i/shop");  // as the client's Host header names this server
  EXPECT_TRUE(made["status"]["ready"].get<bool>());
  EXPECT_EQ(ask("GET", "/indexes/shop", nullptr), made);
  EXPECT_EQ(ask("GET", "/indexes", nullptr)["indexes"].size(), 1u);
  expect_refused("POST", "/indexes", {{"name", "shop"}, {"dimension", 3}, {"spec", made["spec"]}}, 409);
  EXPECT_EQ(
      ask("PATCH", "/indexes/shop", {{"deletion_protection", "enabled"}, {"tags", {{"a", "b"}}}}, 202)["tags"]["a"],
      "b");
  expect_refused("DELETE", "/indexes/shop", nullptr, 403);
  ask("PATCH", "/indexes/shop", {{"deletion_protection", "disabled"}}, 202);
  EXPECT_TRUE(ask("DELETE", "/indexes/shop", nullptr, 202).is_null());
  expect_refused("GET", "/indexes/shop", nullptr, 404);
  expect_refused("POST", "/i/shop/query", {{"topK", 1}}, 404);
}

TEST_F(PineconeTest, VectorsGoInAndComeOut) {
  const std::string path = filled();
  const Json fetched = ask("GET", path + "/vectors/fetch?ids=a&ids=nobody", nullptr);
  EXPECT_EQ(fetched["vectors"].size(), 1u);
  EXPECT_EQ(fetched["vectors"]["a"]["values"], Json({1.0, 0.0}));
  EXPECT_EQ(fetched["vectors"]["a"]["metadata"]["tags"], Json({"p", "q"}));
  EXPECT_FALSE(fetched["vectors"]["a"].contains("sparseValues"));
  const Json found = ask("POST", path + "/query",
                         Json::parse(R"({"vector":[1,0.1],"topK":2,"includeMetadata":true,"includeValues":true})"));
  EXPECT_EQ(found["matches"][0]["id"], "a");
  EXPECT_NEAR(found["matches"][0]["score"].get<double>(), 0.99503719, 1e-6);
  EXPECT_EQ(found["matches"][0]["metadata"]["year"], 2020);
  EXPECT_EQ(found["namespace"], "");
  EXPECT_EQ(matches(path, {{"id", "b"}, {"topK", 1}, {"namespace", "__default__"}}), Ids{"b"});
  EXPECT_EQ(matches(path, {{"id", "nobody"}, {"topK", 1}}), Ids{});
  EXPECT_EQ(matches(path, {{"vector", {1, 0}}, {"topK", 1}, {"namespace", "nobody"}}), Ids{});
  ask("POST", path + "/vectors/update", Json::parse(R"({"id":"a","values":[2,2],"setMetadata":{"year":1}})"));
  const Json changed = ask("GET", path + "/vectors/fetch?ids=a", nullptr)["vectors"]["a"];
  EXPECT_EQ(changed["metadata"]["year"], 1);
  EXPECT_EQ(changed["metadata"]["genre"], "x");
  EXPECT_EQ(changed["values"], Json({2.0, 2.0}));
  EXPECT_EQ(ask("POST", path + "/vectors/update",
                Json::parse(R"({"id":"nobody","setMetadata":{"year":1}})"))["matchedRecords"],
            0);
  EXPECT_EQ(
      ask("POST", path + "/vectors/update",
          Json::parse(R"({"filter":{"i":{"$lt":5}},"setMetadata":{"low":true},"namespace":"other","dryRun":true})"))
          ["matchedRecords"],
      5);
  EXPECT_EQ(ask("POST", path + "/vectors/update",
                Json::parse(
                    R"({"filter":{"i":{"$lt":5}},"setMetadata":{"low":true},"namespace":"other"})"))["matchedRecords"],
            5);
  const Json page = ask("POST", path + "/vectors/fetch_by_metadata",
                        Json::parse(R"({"filter":{"low":true},"namespace":"other","limit":3})"));
  EXPECT_EQ(page["vectors"].size(), 3u);
  const Json rest = ask("POST", path + "/vectors/fetch_by_metadata",
                        {{"filter", {{"low", true}}},
                         {"namespace", "other"},
                         {"limit", 3},
                         {"paginationToken", page["pagination"]["next"]}});
  EXPECT_EQ(rest["vectors"].size(), 2u);
  EXPECT_FALSE(rest.contains("pagination"));
}

TEST_F(PineconeTest, Filters) {
  const std::string path = filled();
  const auto where = [&](const char* filter) {
    Ids out = matches(path, {{"vector", {1, 1}}, {"topK", 10}, {"filter", Json::parse(filter)}});
    std::sort(out.begin(), out.end());
    return out;
  };
  EXPECT_EQ(where(R"({"genre":"x"})"), Ids{"a"});
  EXPECT_EQ(where(R"({"genre":{"$ne":"x"}})"), (Ids{"b", "c"}));
  EXPECT_EQ(where(R"({"year":{"$gte":2020}})"), (Ids{"a", "b"}));
  EXPECT_EQ(where(R"({"tags":"p"})"), Ids{"a"});  // any element of a list
  EXPECT_EQ(where(R"({"tags":{"$nin":["q"]}})"), (Ids{"b", "c"}));
  EXPECT_EQ(where(R"({"$or":[{"genre":"y"},{"year":{"$lt":2021}}]})"), (Ids{"a", "b"}));
  EXPECT_EQ(where(R"({"genre":{"$exists":false}})"), Ids{"c"});
  EXPECT_EQ(where("{}").size(), 3u);
}

TEST_F(PineconeTest, ListsStatisticsNamespacesAndDeletes) {
  const std::string path = filled();
  Ids listed;
  std::string token;
  for (int pages = 0; pages < 3; ++pages) {
    const Json page =
        ask("GET", path + "/vectors/list?namespace=other&prefix=n10&limit=40&paginationToken=" + token, nullptr);
    for (const auto& vector : page["vectors"]) listed.push_back(vector["id"]);
    EXPECT_EQ(page.contains("pagination"), pages < 2);
    token = page.value("/pagination/next"_json_pointer, "");
  }
  EXPECT_EQ(listed.size(), 100u);
  EXPECT_TRUE(std::is_sorted(listed.begin(), listed.end()));
  const Json stats = ask("POST", path + "/describe_index_stats", Json::object());
  EXPECT_EQ(stats["totalVectorCount"], 123);
  EXPECT_EQ(stats["namespaces"]["__default__"]["vectorCount"], 3);
  EXPECT_EQ(stats["dimension"], 2);
  expect_refused("POST", path + "/describe_index_stats", {{"filter", {{"a", 1}}}}, 400);
  EXPECT_EQ(ask("GET", path + "/namespaces", nullptr)["namespaces"].size(), 2u);
  EXPECT_EQ(ask("POST", path + "/namespaces", {{"name", "made"}}, 201)["name"], "made");
  expect_refused("POST", path + "/namespaces", {{"name", "made"}}, 409);
  EXPECT_EQ(ask("GET", path + "/namespaces/made", nullptr)["record_count"], 0);
  ask("DELETE", path + "/namespaces/made", nullptr, 202);
  expect_refused("GET", path + "/namespaces/made", nullptr, 404);

  ask("POST", path + "/vectors/delete", {{"ids", {"a", "nobody"}}});
  ask("POST", path + "/vectors/delete", {{"filter", {{"i", {{"$gte", 10}}}}}, {"namespace", "other"}});
  EXPECT_EQ(ask("POST", path + "/describe_index_stats", Json::object())["totalVectorCount"], 12);
  ask("POST", path + "/vectors/delete", {{"deleteAll", true}, {"namespace", "other"}});
  EXPECT_EQ(ask("POST", path + "/describe_index_stats", Json::object())["totalVectorCount"], 2);
  expect_refused("POST", path + "/vectors/delete", {{"deleteAll", true}, {"namespace", "other"}}, 404);
}

TEST_F(PineconeTest, SparseVectorsAndBothTogether) {
  make("both", 2, "dotproduct");
  ask("POST", "/i/both/vectors/upsert", Json::parse(R"({"vectors":[
    {"id":"a","values":[1,0],"sparseValues":{"indices":[1,5],"values":[1,2]}},{"id":"b","values":[0,1]}]})"));
  EXPECT_EQ(ask("GET", "/i/both/vectors/fetch?ids=a", nullptr)["vectors"]["a"]["sparseValues"]["indices"],
            Json({1, 5}));
  const Json found = ask("POST", "/i/both/query",
                         Json::parse(R"({"vector":[0,1],"sparseVector":{"indices":[5],"values":[3]},"topK":2})"));
  EXPECT_EQ(found["matches"][0]["id"], "a");
  EXPECT_EQ(found["matches"][0]["score"], 6.0);
  EXPECT_EQ(found["matches"][1]["score"], 1.0);
  ask("POST", "/indexes",
      Json::parse(
          R"({"name":"words","vector_type":"sparse","metric":"dotproduct","spec":{"serverless":{"cloud":"aws","region":"r"}}})"),
      201);
  ask("POST", "/i/words/vectors/upsert",
      Json::parse(R"({"vectors":[{"id":"a","sparseValues":{"indices":[1],"values":[1]}}]})"));
  EXPECT_EQ(matches("/i/words", Json::parse(R"({"sparseVector":{"indices":[1],"values":[1]},"topK":2})")), Ids{"a"});
}

TEST_F(PineconeTest, BackupsAndCollectionsAreCopiesOfTheirMoment) {
  filled();
  const Json backup = ask("POST", "/indexes/v/backups", {{"name", "first"}}, 201);
  EXPECT_EQ(backup["record_count"], 123);
  EXPECT_EQ(backup["source_index_name"], "v");
  ask("POST", "/i/v/vectors/delete", {{"deleteAll", true}});
  const std::string id = backup["backup_id"];
  EXPECT_EQ(ask("GET", "/indexes/v/backups", nullptr)["data"].size(), 1u);
  EXPECT_EQ(ask("GET", "/backups/" + id, nullptr)["status"], "Ready");
  const Json job = ask("POST", "/backups/" + id + "/create-index", {{"name", "again"}}, 202);
  EXPECT_EQ(ask("POST", "/i/again/describe_index_stats", Json::object())["totalVectorCount"], 123);
  EXPECT_EQ(ask("GET", "/restore-jobs/" + job["restore_job_id"].get<std::string>(), nullptr)["status"], "Completed");
  EXPECT_EQ(ask("GET", "/restore-jobs", nullptr)["data"].size(), 1u);
  EXPECT_EQ(ask("GET", "/indexes", nullptr)["indexes"].size(), 2u);  // backups are no indexes
  ask("DELETE", "/backups/" + id, nullptr, 202);
  expect_refused("GET", "/backups/" + id, nullptr, 404);

  EXPECT_EQ(ask("POST", "/collections", {{"name", "kept"}, {"source", "again"}}, 201)["vector_count"], 123);
  ask("POST", "/indexes",
      Json::parse(
          R"({"name":"third","dimension":2,"spec":{"pod":{"environment":"e","pod_type":"p1.x1","source_collection":"kept"}}})"),
      201);
  EXPECT_EQ(ask("POST", "/i/third/describe_index_stats", Json::object())["totalVectorCount"], 123);
  ask("DELETE", "/collections/kept", nullptr, 202);
  expect_refused("GET", "/collections/kept", nullptr, 404);
}

TEST(PineconeAccess, ACopyIsReachedByThoseWhoReachItsIndex) {
  const base::TempFolder folder;
  Keys keys;
  const std::string all = keys.add("all", Scope::Admin), own = keys.add("own", Scope::Write, {{"mine", Scope::Write}});
  keys.save(folder.path() / "keys.json");
  test::TestHouse house({}, {.keys_file = folder.path() / "keys.json"});
  const auto ask = [&](const std::string& key, const std::string& method, const std::string& path, const Json& body,
                       int status) {
    const auto answer = house.send(method, path, body.is_null() ? "" : body.dump(),
                                   "X-Pinecone-Api-Version: 2025-10\r\nApi-Key: " + key + "\r\n");
    EXPECT_EQ(answer.status, status) << method << " " << path << " " << answer.body;
    return Json::parse(answer.body, nullptr, false);
  };
  const Json spec = Json::parse(R"({"serverless":{"cloud":"aws","region":"r"}})");
  for (const char* name : {"secret", "mine"})
    ask(all, "POST", "/indexes", {{"name", name}, {"dimension", 2}, {"spec", spec}}, 201);
  const Json backup = ask(all, "POST", "/indexes/secret/backups", Json::object(), 201);
  ask(all, "POST", "/collections", {{"name", "kept"}, {"source", "secret"}}, 201);
  const std::string path = "/backups/" + backup["backup_id"].get<std::string>();
  const Json job = ask(all, "POST", path + "/create-index", {{"name", "again"}}, 202);

  EXPECT_EQ(ask(own, "GET", "/backups", nullptr, 200)["data"], Json::array());
  EXPECT_EQ(ask(own, "GET", "/collections", nullptr, 200)["collections"], Json::array());
  EXPECT_EQ(ask(own, "GET", "/restore-jobs", nullptr, 200)["data"], Json::array());
  ask(own, "GET", path, nullptr, 403);
  ask(own, "DELETE", path, nullptr, 403);
  ask(own, "GET", "/collections/kept", nullptr, 403);
  ask(own, "DELETE", "/collections/kept", nullptr, 403);
  ask(own, "GET", "/restore-jobs/" + job["restore_job_id"].get<std::string>(), nullptr, 404);
  ask(own, "DELETE", "/indexes/mine", nullptr, 202);
  ask(own, "POST", path + "/create-index", {{"name", "mine"}}, 403);
  ask(own, "POST", "/indexes",
      Json::parse(R"({"name":"mine","dimension":2,"spec":{"pod":{"environment":"e","source_collection":"kept"}}})"),
      403);
  ask(all, "DELETE", path, nullptr, 202);
  ask(all, "DELETE", "/collections/kept", nullptr, 202);
}

TEST_F(PineconeTest, AnIndexThatEmbeds) {
  const Json made = ask(
      "POST", "/indexes/create-for-model",
      Json::parse(
          R"({"name":"texts","cloud":"aws","region":"r","embed":{"model":"words","metric":"euclidean","field_map":{"text":"chunk"}}})"),
      201);
  EXPECT_EQ(made["dimension"], 3);
  EXPECT_EQ(made["embed"]["field_map"]["text"], "chunk");
  // One record a line; a client sends it as text/plain.
  ask("POST", "/i/texts/records/namespaces/docs/upsert",
      "{\"_id\":\"1\",\"chunk\":\"one two\",\"kind\":\"x\"}\n{\"id\":\"2\",\"chunk\":\"one two three four\"}\n\n", 201);
  const Json found = ask("POST", "/i/texts/records/namespaces/docs/search",
                         Json::parse(R"({"query":{"inputs":{"text":"a b c d"},"top_k":2},"fields":["chunk"]})"));
  EXPECT_EQ(found["result"]["hits"].size(), 2u);
  EXPECT_EQ(found["result"]["hits"][0]["fields"].size(), 1u);
  EXPECT_TRUE(found["result"]["hits"][0]["_score"].is_number());
  EXPECT_EQ(ask("GET", "/i/texts/vectors/fetch?ids=1&namespace=docs", nullptr)["vectors"]["1"]["metadata"]["chunk"],
            "one two");
  expect_refused("POST", "/i/texts/records/namespaces/docs/upsert", R"({"_id":"3"})", 400);
  expect_refused(
      "POST", "/indexes/create-for-model",
      Json::parse(R"({"name":"t2","cloud":"a","region":"r","embed":{"model":"nothing","field_map":{"text":"c"}}})"),
      404);
  EXPECT_EQ(
      ask("POST", "/embed",
          Json::parse(R"({"model":"words","inputs":[{"text":"a b"}],"parameters":{"input_type":"query"}})"))["data"][0]
                                                                                                            ["values"]
                                                                                                                .size(),
      3u);
  EXPECT_EQ(ask("GET", "/models", nullptr)["models"][0]["model"], "words");
  // A text that is too long is cut where the client lets it be, and refused where not.
  Json lengthy = Json::parse(R"({"model":"words","inputs":[{"text":"1 2 3 4 5 6 7 8 9"}]})");
  ask("POST", "/embed", lengthy);
  lengthy["parameters"] = {{"truncate", "END"}};
  ask("POST", "/embed", lengthy);
  for (const Json& wrong : {Json({{"truncate", "NONE"}}), Json({{"truncate", "START"}}), Json({{"dimension", 2}})}) {
    lengthy["parameters"] = wrong;
    expect_refused("POST", "/embed", lengthy, 400);
  }
}

TEST_F(PineconeTest, Documents) {
  ask("POST", "/indexes",
      Json::parse(R"({"name":"docs","schema":{"fields":{"body":{"type":"string","full_text_search":{}},
    "v":{"type":"dense_vector","dimension":2,"metric":"cosine"},"s":{"type":"sparse_vector"},"year":{"type":"float"}}}})"),
      201);
  const std::string path = "/i/docs/namespaces/n/documents";
  EXPECT_EQ(ask("POST", path + "/upsert", Json::parse(R"({"documents":[
    {"_id":"1","body":"red foxes run","v":[1,0],"year":2020,"s":{"indices":[1],"values":[1]}},
    {"_id":"2","body":"blue birds sing","v":[0,1],"year":2021}]})"),
                202)["upserted_count"],
            2);
  const auto found = [&](const char* clause, const char* more = "") {
    Ids out;
    const Json answer =
        ask("POST", path + "/search", std::string(R"({"top_k":5,"score_by":[)") + clause + "]" + more + "}");
    for (const auto& match : answer["matches"]) out.push_back(match["_id"]);
    return out;
  };
  EXPECT_EQ(found(R"({"type":"dense_vector","field":"v","values":[0.1,1]})"), (Ids{"2", "1"}));
  EXPECT_EQ(found(R"({"type":"dense_vector","fields":["v"],"values":[1,1]})", R"(,"filter":{"year":{"$gt":2020}})"),
            Ids{"2"});
  EXPECT_EQ(found(R"({"type":"text","fields":["body"],"query":"fox"})"), Ids{"1"});
  EXPECT_EQ(found(R"({"type":"sparse_vector","field":"s","sparse_values":{"indices":[1],"values":[2]}})"), Ids{"1"});
  const Json one = ask("POST", path + "/fetch", Json::parse(R"({"ids":["1"]})"))["documents"]["1"];
  EXPECT_EQ(one["v"], Json({1.0, 0.0}));
  EXPECT_EQ(one["s"], Json::parse(R"({"indices":[1],"values":[1.0]})"));
  ask("POST", path + "/update",
      Json::parse(R"({"documents":[{"_id":"2","body":"green frogs","_remove_fields":["year"]}]})"), 202);
  EXPECT_EQ(found(R"({"type":"text","fields":["body"],"query":"frog"})"), Ids{"2"});
  EXPECT_EQ(found(R"({"type":"text","fields":["body"],"query":"bird"})"), Ids{});
  EXPECT_FALSE(ask("POST", path + "/fetch", Json::parse(R"({"ids":["2"]})"))["documents"]["2"].contains("year"));
  EXPECT_EQ(ask("POST", path + "/list", Json::object())["documents"].size(), 2u);
  expect_refused("POST", "/i/docs/vectors/upsert", Json::parse(R"({"vectors":[{"id":"a","values":[1,2]}]})"), 400);
  expect_refused("POST", path + "/upsert", Json::parse(R"({"documents":[{"_id":"3","body":"x"}]})"),
                 400);  // v is missing
  expect_refused("POST", path + "/upsert", Json::parse(R"({"documents":[{"_id":"3","v":[1,2],"year":"x"}]})"), 400);
  EXPECT_EQ(ask("POST", path + "/delete", Json::parse(R"({"ids":["1","nobody"]})"), 202)["matched_records"], 1);
}

TEST_F(PineconeTest, WhatOneApiWritesTheOtherReads) {
  filled();
  const std::string chroma = "/api/v2/tenants/default_tenant/databases/default_database/collections";
  const Json seen = ask("GET", chroma + "/v", nullptr);
  EXPECT_EQ(seen["dimension"], 2);
  EXPECT_EQ(seen["configuration_json"]["hnsw"]["space"], "cosine");
  EXPECT_EQ(ask("GET", chroma + "/" + seen["id"].get<std::string>() + "/count", nullptr), 123);
  const Json made = ask("POST", chroma, {{"name", "from-chroma"}});
  ask("POST", chroma + "/" + made["id"].get<std::string>() + "/add",
      Json::parse(R"({"ids":["z"],"embeddings":[[1,2]]})"), 201);
  EXPECT_EQ(ask("GET", "/indexes/from-chroma", nullptr)["metric"], "euclidean");
  EXPECT_EQ(matches("/i/from-chroma", {{"vector", {1, 2}}, {"topK", 1}}), Ids{"z"});
}

TEST_F(PineconeTest, WhatIsWrongIsRefusedInPineconesShape) {
  const std::string path = filled();
  const std::vector<std::pair<std::string, Json>> wrong = {
      {"/vectors/upsert", ""},
      {"/vectors/upsert", "{"},
      {"/vectors/upsert", "\"\xFF\""},
      {"/vectors/upsert", std::string(100'000, '[')},
      {"/vectors/upsert", Json::parse(R"({"vectors":[]})")},
      {"/vectors/upsert", Json::parse(R"({"vectors":[{"id":"x"}]})")},
      {"/vectors/upsert", Json::parse(R"({"vectors":[{"id":"x","values":[1,2,3]}]})")},
      {"/vectors/upsert", Json::parse(R"({"vectors":[{"id":5,"values":[1,2]}]})")},
      {"/vectors/upsert", {{"vectors", {{{"id", std::string(513, 'x')}, {"values", {1, 2}}}}}}},
      {"/vectors/upsert", R"({"vectors":[{"id":"x","values":[1e39,1]}]})"},
      {"/vectors/upsert", R"({"vectors":[{"id":"x","values":[1e999,1]}]})"},
      {"/vectors/upsert", Json::parse(R"({"vectors":[{"id":"x","values":[1,2],"metadata":{"a":null}}]})")},
      {"/vectors/upsert", Json::parse(R"({"vectors":[{"id":"x","values":[1,2],"metadata":{"a":{"b":1}}}]})")},
      {"/vectors/upsert",
       {{"vectors", {{{"id", "x"}, {"values", {1, 2}}, {"metadata", {{"a", std::string(50'000, 'x')}}}}}}}},
      {"/vectors/upsert",
       Json::parse(R"({"vectors":[{"id":"x","values":[1,2],"sparseValues":{"indices":[1],"values":[1]}}]})")},
      {"/query", Json::parse(R"({"vector":[1,2]})")},
      {"/query", Json::parse(R"({"topK":1})")},
      {"/query", Json::parse(R"({"vector":[1,2],"topK":0})")},
      {"/query", Json::parse(R"({"vector":[1,2],"topK":10001})")},
      {"/query", Json::parse(R"({"vector":[1,2,3],"topK":1})")},
      {"/query", Json::parse(R"({"vector":[1,2],"id":"a","topK":1})")},
      {"/query", Json::parse(R"({"vector":[1,2],"topK":1,"filter":{"a":{"$foo":1}}})")},
      {"/vectors/delete", Json::object()},
      {"/vectors/delete", Json::parse(R"({"filter":{}})")},
      {"/vectors/delete", Json::parse(R"({"ids":["a"],"deleteAll":true})")},
      {"/vectors/update", Json::object()},
      {"/records/namespaces/n/upsert", R"({"_id":"a"})"},
      {"/records/namespaces/n/search", Json::parse(R"({"query":{"top_k":1}})")},
      {"/nothing", Json::object()},
  };
  for (const auto& [route, body] : wrong) {
    const auto answer = house_.send("POST", path + route, text(body), kVersion);
    EXPECT_GE(answer.status, 400) << route << body;
    EXPECT_LT(answer.status, 500) << route << body << answer.body;
    const Json said = Json::parse(answer.body, nullptr, false);
    EXPECT_TRUE(said.is_object() && said["error"]["code"].is_string() && said["message"].is_string()) << answer.body;
  }
  // What stands in lists counts as other metadata does.
  const Json lists = {{"tags", Json::array({std::string(30'000, 'x'), std::string(30'000, 'y')})}};
  expect_refused("POST", path + "/vectors/upsert",
                 {{"vectors", {{{"id", "z"}, {"values", {1, 0}}, {"metadata", lists}}}}}, 400);
  expect_refused("GET", path + "/vectors/list?limit=-1", nullptr, 400);
  expect_refused("GET", path + "/vectors/list?paginationToken=zz", nullptr, 400);
  EXPECT_EQ(ask("POST", path + "/describe_index_stats", Json::object())["totalVectorCount"], 123);
}

}  // namespace
}  // namespace hanok::server
