// Chroma's API over a real socket, with the bodies that its clients send.
#include "server/chroma/chroma.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "hanok/records.h"
#include "server/auth/keys.h"
#include "server/test_house.h"

namespace hanok::server {
namespace {

using base::Json;

const std::string kDatabase = "/api/v2/tenants/default_tenant/databases/default_database";

class ChromaTest : public testing::Test {
 protected:
  Json ask(const std::string& method, const std::string& path, const Json& body, int status = 200) {
    const auto answer = house_.send(method, path,
                                    body.is_null()     ? ""
                                    : body.is_string() ? body.get<std::string>()
                                                       : body.dump());
    EXPECT_EQ(answer.status, status) << method << " " << path << " " << answer.body;
    return Json::parse(answer.body, nullptr, false);
  }
  /// The path of a new collection.
  std::string make(const std::string& name, const Json& more = Json::object()) {
    Json body = {{"name", name},
                 {"metadata", nullptr},
                 {"configuration", nullptr},
                 {"schema", nullptr},
                 {"get_or_create", false}};
    body.update(more);
    return kDatabase + "/collections/" + ask("POST", kDatabase + "/collections", body)["id"].get<std::string>();
  }
  /// As the Python client sends it: three records of two dimensions, in base64.
  std::string filled(const std::string& name) {
    const std::string path = make(name);
    ask("POST", path + "/add",
        {{"ids", {"a", "b", "c"}},
         {"embeddings", {"AAAAAAAAAAA=", "AACAPwAAAAA=", "AABAQAAAgEA="}},  // 0 0, 1 0, 3 4
         {"metadatas", {{{"n", 1}, {"t", {"x", "y"}}}, {{"n", 2}, {"f", 1.0}}, nullptr}},
         {"documents", {"red fox", "blue bird", nullptr}},
         {"uris", nullptr}},
        201);
    return path;
  }
  std::vector<std::string> ids(const std::string& path, const Json& body) {
    return ask("POST", path + "/get", body)["ids"].get<std::vector<std::string>>();
  }
  std::string refused(const std::string& method, const std::string& path, const Json& body, int status) {
    const Json answer = ask(method, path, body, status);
    EXPECT_TRUE(answer.is_object() && answer.contains("message")) << answer;
    return answer.value("error", "");
  }

  test::TestHouse house_{{}, {.allow_reset = true}};
};

using Ids = std::vector<std::string>;

TEST(ChromaKeys, OfSomeCollectionsAreShownAndCountThese) {
  const base::TempFolder folder;
  Keys keys;
  const std::string admin = keys.add("admin", Scope::Admin),
                    some = keys.add("some", Scope::Read, {{"ours", Scope::Read}});
  keys.save(folder.path() / "keys.json");
  test::TestHouse house({}, {.keys_file = folder.path() / "keys.json"});
  const auto token = [](const std::string& key) { return "x-chroma-token: " + key + "\r\n"; };
  for (const char* name : {"ours", "theirs", "others"})
    house.json(house.post(kDatabase + "/collections", {{"name", name}}, token(admin)));
  EXPECT_EQ(house.json(house.get(kDatabase + "/collections_count", token(admin))), 3);
  EXPECT_EQ(house.json(house.get(kDatabase + "/collections_count", token(some))), 1);
  EXPECT_EQ(house.json(house.get(kDatabase + "/collections", token(some))).size(), 1u);
}

TEST_F(ChromaTest, EfSearchIsHowWideAWalkIs) {
  const auto ef = [&](const std::string& name) {
    const auto settings = house_.store().catalog().find(name)->settings();
    return settings.value("index", Json::object()).value("ef", 0);
  };
  const auto wide = [](int width) { return Json{{"new_configuration", {{"hnsw", {{"ef_search", width}}}}}}; };
  make("usual", {{"configuration", {{"hnsw", {{"space", "cosine"}}}}}});
  EXPECT_EQ(ef("usual"), 0);
  const std::string path = make("wide", {{"configuration", {{"hnsw", {{"ef_search", 250}}}}}});
  EXPECT_EQ(ef("wide"), 250);
  ask("PUT", path, wide(300));
  EXPECT_EQ(ef("wide"), 300);
  ask("PUT", path, {{"new_name", "renamed"}});
  EXPECT_EQ(ef("renamed"), 300);
  ask("PUT", path, wide(100));
  EXPECT_EQ(ef("renamed"), 0);
}

TEST_F(ChromaTest, WhatClientsAskFirst) {
  EXPECT_EQ(ask("GET", "/api/v2/auth/identity", nullptr)["tenant"], "default_tenant");
  EXPECT_EQ(ask("GET", "/api/v2/tenants/default_tenant", nullptr)["name"], "default_tenant");
  EXPECT_EQ(ask("GET", kDatabase, nullptr)["name"], "default_database");
  EXPECT_GT(ask("GET", "/api/v2/heartbeat", nullptr)["nanosecond heartbeat"].get<int64_t>(), 0);
  EXPECT_TRUE(ask("GET", "/api/v2/pre-flight-checks", nullptr)["supports_base64_encoding"].get<bool>());
  EXPECT_TRUE(ask("GET", "/api/v2/version", nullptr).is_string());
  EXPECT_FALSE(house_.get("/api/v2/nothing").headers["chroma-trace-id"].empty());
  EXPECT_EQ(refused("GET", "/api/v1/heartbeat", nullptr, 410), "Unimplemented");
  EXPECT_EQ(refused("GET", "/api/v2/nothing", nullptr, 404), "NotFoundError");
}

TEST_F(ChromaTest, CollectionsAreMadeShownChangedAndDropped) {
  const std::string path =
      make("things", {{"metadata", {{"a", 1}}}, {"configuration", {{"hnsw", {{"space", "cosine"}}}}}});
  const Json shown = ask("GET", kDatabase + "/collections/things", nullptr);
  EXPECT_EQ(shown["configuration_json"]["hnsw"]["space"], "cosine");
  EXPECT_EQ(shown["metadata"], Json({{"a", 1}}));
  EXPECT_TRUE(shown["dimension"].is_null());
  EXPECT_EQ(refused("POST", kDatabase + "/collections", {{"name", "things"}}, 409), "ChromaError");
  EXPECT_EQ(ask("POST", kDatabase + "/collections", {{"name", "things"}, {"get_or_create", true}})["id"], shown["id"]);
  ask("PUT", path, {{"new_name", "stuff"}, {"new_metadata", {{"b", 2}}}, {"new_configuration", nullptr}});
  EXPECT_EQ(refused("GET", kDatabase + "/collections/things", nullptr, 404), "NotFoundError");
  EXPECT_EQ(ask("GET", kDatabase + "/collections/stuff", nullptr)["metadata"], Json({{"b", 2}}));
  make("other");
  EXPECT_EQ(refused("PUT", path, {{"new_name", "other"}}, 409), "ChromaError");
  EXPECT_EQ(ask("GET", kDatabase + "/collections_count", nullptr), 2);
  EXPECT_EQ(ask("GET", kDatabase + "/collections?limit=1&offset=1", nullptr).size(), 1u);
  ask("DELETE", kDatabase + "/collections/stuff", nullptr);
  EXPECT_EQ(refused("GET", path + "/count", nullptr, 404), "NotFoundError");
  EXPECT_EQ(refused("GET", kDatabase + "/collections/nothing/count", nullptr, 400), "InvalidArgumentError");
}

TEST_F(ChromaTest, RecordsGoInAndComeOut) {
  const std::string path = filled("records");
  EXPECT_EQ(ask("GET", path + "/count?read_level=index_and_wal", nullptr), 3);
  const Json all = ask("POST", path + "/get", {{"include", {"embeddings", "documents", "metadatas", "uris"}}});
  EXPECT_EQ(all["ids"], Json({"a", "b", "c"}));
  EXPECT_EQ(all["embeddings"], Json({{0.0, 0.0}, {1.0, 0.0}, {3.0, 4.0}}));
  EXPECT_EQ(all["documents"], Json({"red fox", "blue bird", nullptr}));
  EXPECT_EQ(all["metadatas"][0], Json({{"n", 1}, {"t", {"x", "y"}}}));
  EXPECT_TRUE(all["metadatas"][1]["f"].is_number_float());  // 1.0 stays a float
  EXPECT_TRUE(all["metadatas"][2].is_null());
  EXPECT_EQ(all["include"].size(), 4u);
  EXPECT_TRUE(ask("POST", path + "/get", {{"include", Json::array()}})["documents"].is_null());

  const Json found = ask("POST", path + "/query", {{"query_embeddings", {{0, 0}, {3, 3}}}, {"n_results", 2}});
  EXPECT_EQ(found["ids"][0], Json({"a", "b"}));
  EXPECT_EQ(found["distances"][0], Json({0.0, 1.0}));
  EXPECT_EQ(found["ids"][1][0], "c");
  EXPECT_EQ(ask("POST", path + "/query", {{"query_embeddings", {{0, 0}}}, {"n_results", 4294967295U}})["ids"][0].size(),
            3u);
  EXPECT_EQ(ask("POST", path + "/query", {{"query_embeddings", {{0, 0}}}, {"ids", {"c"}}})["ids"], Json({{"c"}}));
  EXPECT_EQ(refused("POST", path + "/query", {{"query_embeddings", {{0, 0}}}, {"ids", {"c", "nobody"}}}, 404),
            "NotFoundError");
  EXPECT_EQ(ask("POST", path + "/query", {{"query_embeddings", {{9, 9}}}, {"where", {{"n", 1}}}})["ids"],
            Json({{"a"}}));

  ask("POST", path + "/update",
      {{"ids", {"a", "nobody"}},
       {"embeddings", nullptr},
       {"documents", {"green fox", "x"}},
       {"metadatas", {{{"n", 5}, {"t", nullptr}}, nullptr}}});
  const Json changed = ask("POST", path + "/get", {{"ids", {"a"}}});
  EXPECT_EQ(changed["documents"], Json({"green fox"}));
  EXPECT_EQ(changed["metadatas"], Json({{{"n", 5}}}));
  ask("POST", path + "/upsert",
      {{"ids", {"c", "d"}}, {"embeddings", {{3, 4}, {7, 7}}}, {"metadatas", {{{"n", 3}}, nullptr}}});
  ask("POST", path + "/add", {{"ids", {"d"}}, {"embeddings", {{0, 0}}}}, 201);  // is there: left alone
  EXPECT_EQ(ask("POST", path + "/get", {{"ids", {"d"}}, {"include", {"embeddings"}}})["embeddings"],
            Json({{7.0, 7.0}}));
  EXPECT_EQ(ask("POST", path + "/delete", {{"ids", {"d", "nobody"}}})["deleted"], 1);
  EXPECT_EQ(ask("POST", path + "/delete", {{"where", {{"n", {{"$gte", 3}}}}}, {"limit", 1}})["deleted"], 1);
  EXPECT_EQ(ask("POST", path + "/delete", Json::object())["deleted"], 0);
  EXPECT_EQ(ids(path, Json::object()), (Ids{"b", "c"}));
}

TEST_F(ChromaTest, Conditions) {
  const std::string path = filled("conditions");
  const auto where = [&](const char* text) { return ids(path, {{"where", Json::parse(text)}}); };
  EXPECT_EQ(where(R"({"n":1.0})"), Ids{"a"});
  EXPECT_EQ(where(R"({"n":{"$ne":1}})"), (Ids{"b", "c"}));
  EXPECT_EQ(where(R"({"$or":[{"n":{"$gt":1}},{"t":{"$contains":"x"}}]})"), (Ids{"a", "b"}));
  EXPECT_EQ(where(R"({"t":"x"})"), Ids{});  // a list is no string: $contains asks lists
  EXPECT_EQ(where(R"({"t":{"$not_contains":"x"}})"), (Ids{"b", "c"}));
  EXPECT_EQ(where(R"({"#document":{"$contains":"fox"}})"), Ids{"a"});
  EXPECT_EQ(ids(path, {{"where_document", {{"$regex", "b.rd$"}}}}), Ids{"b"});
  EXPECT_EQ(ids(path, {{"where_document", {{"$not_contains", "fox"}}}, {"where", {{"n", {{"$gte", 1}}}}}}), Ids{"b"});
  EXPECT_EQ(ids(path, {{"where_document", {{"$regex", "(a*)*b"}}}}), Ids{"b"});
}

TEST_F(ChromaTest, ACollectionFromBeforeThereWereSchemasShowsWhatWasKeptWithIt) {
  house_.store().catalog().create(
      {.name = "old",
       .metric = store::Metric::InnerProduct,
       .notes = {{"chroma.imported", R"({"metadata":{"topic":"x","hnsw:M":5},"configuration":{"hnsw":{"ef_search":50},)"
                                     R"("embedding_function":{"type":"known","name":"mine","config":{}}}})"}}});
  const Json shown = ask("GET", kDatabase + "/collections/old", nullptr);
  EXPECT_EQ(shown["metadata"], Json::parse(R"({"topic":"x","hnsw:M":5})"));
  EXPECT_EQ(shown["configuration_json"]["hnsw"]["space"], "ip");
  EXPECT_EQ(shown["configuration_json"]["hnsw"]["ef_search"], 50);
  EXPECT_EQ(shown["configuration_json"]["hnsw"]["max_neighbors"], 5);
  EXPECT_EQ(shown["configuration_json"]["embedding_function"]["name"], "mine");
}

TEST_F(ChromaTest, HybridSearchSparseVectorsAndForks) {
  const std::string path = make("hybrid");
  const auto words = [](Json indices, Json values) {
    return Json{{"#type", "sparse_vector"}, {"indices", std::move(indices)}, {"values", std::move(values)}};
  };
  ask("POST", path + "/add",
      {{"ids", {"a", "b", "c"}},
       {"embeddings", {{0, 0}, {1, 0}, {2, 0}}},
       {"documents", {"one", "two", "three"}},
       {"metadatas",
        {{{"g", "x"}, {"w", words({1, 2}, {1.0, 1.0})}}, {{"g", "x"}, {"w", words({2}, {2.0})}}, {{"g", "y"}}}}},
      201);
  const Json dense = {{"$knn", {{"query", {0, 0}}, {"key", "#embedding"}, {"limit", 16}}}};
  const Json sparse = {{"$knn", {{"query", words({2}, {1.0})}, {"key", "w"}, {"limit", 16}}}};
  const auto search = [&](Json rank, Json more = Json::object()) {
    Json one = {{"filter", Json::object()},
                {"rank", std::move(rank)},
                {"group_by", Json::object()},
                {"limit", {{"offset", 0}}},
                {"select", {{"keys", {"#score", "g"}}}}};
    one.update(more);
    return ask("POST", path + "/search", {{"searches", {one}}, {"read_level", "index_and_wal"}});
  };
  const Json near = search(dense);
  EXPECT_EQ(near["ids"], Json({{"a", "b", "c"}}));
  EXPECT_EQ(near["scores"], Json({{0.0, 1.0, 4.0}}));
  EXPECT_EQ(near["metadatas"][0][0], Json({{"g", "x"}}));
  EXPECT_EQ(near["documents"], Json({nullptr}));
  EXPECT_EQ(near["select"], Json::parse(R"([["#score","g"]])"));
  EXPECT_EQ(search(sparse)["ids"], Json::parse(R"([["b","a"]])"));
  EXPECT_EQ(search({{"$sum", {dense, sparse}}})["scores"], Json({{0.0, 0.0}}));  // 0 + (1 - 1), 1 + (1 - 2)
  EXPECT_EQ(search(dense, {{"filter", {{"g", "y"}}}})["ids"], Json({{"c"}}));
  // As the Rust client says that nothing is grouped.
  EXPECT_EQ(search(dense, {{"group_by", {{"keys", Json::array()}, {"aggregate", nullptr}}}})["ids"], near["ids"]);
  for (const Json& half : {Json{{"keys", {"g"}}}, Json{{"aggregate", {{"$min_k", {{"keys", {"#score"}}, {"k", 1}}}}}}})
    refused("POST", path + "/search", {{"searches", {{{"rank", dense}, {"group_by", half}}}}}, 400);
  EXPECT_EQ(search(dense, {{"limit", {{"limit", 1}, {"offset", 1}}}})["ids"], Json({{"b"}}));
  EXPECT_EQ(search(dense, {{"group_by",
                            {{"keys", {"g"}}, {"aggregate", {{"$min_k", {{"keys", {"#score"}}, {"k", 1}}}}}}}})["ids"],
            Json::parse(R"([["a","c"]])"));
  EXPECT_EQ(ask("POST", path + "/search", {{"searches", {Json::object()}}})["ids"], Json({{"a", "b", "c"}}));

  const Json fork = ask("POST", path + "/fork", {{"new_name", "copy"}});
  const std::string copy = kDatabase + "/collections/" + fork["id"].get<std::string>();
  ask("POST", copy + "/delete", {{"ids", {"a"}}});
  EXPECT_EQ(ask("GET", copy + "/count", nullptr), 2);
  EXPECT_EQ(ask("GET", path + "/count", nullptr), 3);
  EXPECT_EQ(ask("GET", path + "/fork_count", nullptr)["count"], 1);
  EXPECT_EQ(ask("GET", copy + "/fork_count", nullptr)["count"], 1);
}

TEST_F(ChromaTest, TenantsAndDatabasesKeepCollectionsApart) {
  ask("POST", "/api/v2/tenants", {{"name", "other"}});
  EXPECT_EQ(refused("POST", "/api/v2/tenants", {{"name", "other"}}, 409), "ChromaError");
  EXPECT_EQ(refused("POST", "/api/v2/tenants", {{"name", "x"}}, 400), "InvalidArgumentError");
  ask("POST", "/api/v2/tenants/other/databases", {{"name", "base"}});
  const std::string path = "/api/v2/tenants/other/databases/base/collections";
  const Json made = ask("POST", path, {{"name", "same"}});
  make("same");
  EXPECT_EQ(ask("GET", path, nullptr).size(), 1u);
  EXPECT_NE(ask("GET", kDatabase + "/collections/same", nullptr)["id"], made["id"]);
  // A collection is reached through its own place only.
  EXPECT_EQ(refused("GET", kDatabase + "/collections/" + made["id"].get<std::string>() + "/count", nullptr, 404),
            "NotFoundError");
  ask("DELETE", "/api/v2/tenants/other/databases/base", nullptr);
  EXPECT_EQ(refused("GET", "/api/v2/tenants/other/databases/base", nullptr, 404), "NotFoundError");
  EXPECT_EQ(ask("GET", "/api/v2/tenants/other/databases", nullptr), Json::array());
  EXPECT_EQ(ask("POST", "/api/v2/reset", nullptr), true);
  EXPECT_EQ(ask("GET", kDatabase + "/collections", nullptr), Json::array());
}

TEST_F(ChromaTest, WhatIsWrongIsRefusedInChromasShape) {
  const std::string path = filled("wrong");
  const std::vector<std::pair<std::string, Json>> wrong = {
      {"/add", ""},
      {"/add", "{"},
      {"/add", "[]"},
      {"/add", "\"\xFF\""},
      {"/add", std::string(100'000, '[')},
      {"/add", {{"ids", {"x"}}}},
      {"/add", {{"ids", "x"}, {"embeddings", {{1, 2}}}}},
      {"/add", {{"ids", {"x"}}, {"embeddings", {{1, 2, 3}}}}},
      {"/add", {{"ids", {"x"}}, {"embeddings", {Json::array()}}}},
      {"/add", {{"ids", {"x"}}, {"embeddings", {nullptr}}}},
      {"/add", {{"ids", {"x"}}, {"embeddings", {"!"}}}},
      {"/add", {{"ids", {"x"}}, {"embeddings", {"AADAfwAAAAA="}}}},  // NaN
      {"/add", R"({"ids":["x"],"embeddings":[[1e39,0]]})"},
      {"/add", R"({"ids":["x"],"embeddings":[[NaN,0]]})"},
      {"/add", {{"ids", {"x", "y"}}, {"embeddings", {{1, 2}}}}},
      {"/add", {{"ids", {""}}, {"embeddings", {{1, 2}}}}},
      {"/add", {{"ids", {std::string(5000, 'x')}}, {"embeddings", {{1, 2}}}}},
      {"/add", {{"ids", {"x"}}, {"embeddings", {{1, 2}}}, {"metadatas", {{{"#a", 1}}}}}},
      {"/add", {{"ids", {"x"}}, {"embeddings", {{1, 2}}}, {"metadatas", {{{"a", {{"b", 1}}}}}}}},
      {"/add", {{"ids", {"x"}}, {"embeddings", {{1, 2}}}, {"metadatas", {{{"a", {1, "b"}}}}}}},
      {"/add", {{"ids", {"x"}}, {"embeddings", {{1, 2}}}, {"documents", {5}}}},
      {"/get", {{"limit", -1}}},
      {"/get", {{"limit", 1e300}}},
      {"/get", {{"include", {"secrets"}}}},
      {"/get", {{"where", {{"a", {{"$foo", 1}}}}}}},
      {"/get", {{"where_document", {{"$regex", "("}}}}},
      {"/query", {{"n_results", 1}}},
      {"/query", {{"query_embeddings", {{1, 2, 3}}}}},
      {"/query", {{"query_embeddings", {{1, 2}}}, {"n_results", -1}}},
      {"/query", {{"query_embeddings", {{1, 2}}}, {"n_results", 0.5}}},
      {"/delete", {{"ids", {"a"}}, {"limit", 1}}},
      {"/search", {{"searches", {{{"rank", {{"$foo", 1}}}}}}}},
      {"/search", {{"searches", {{{"rank", {{"$knn", {{"query", {1, 2, 3}}}}}}}}}}},
      {"/fork", {{"new_name", "x"}}},
      {"/nothing", Json::object()},
  };
  for (const auto& [route, body] : wrong) {
    const auto answer = house_.send("POST", path + route, body.is_string() ? body.get<std::string>() : body.dump());
    EXPECT_GE(answer.status, 400) << route << body;
    EXPECT_LT(answer.status, 500) << route << body << answer.body;
    const Json said = Json::parse(answer.body, nullptr, false);
    EXPECT_TRUE(said.is_object() && said["error"].is_string() && said["message"].is_string()) << answer.body;
  }
  EXPECT_EQ(ask("GET", path + "/count", nullptr), 3);  // nothing of it was written
}

}  // namespace
}  // namespace hanok::server
