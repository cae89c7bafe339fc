#include "server/chroma/configuration.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "server/chroma/restrictions.h"

namespace hanok::server::chroma {
namespace {

Tree tree(const std::string& text) { return Tree::parse(text); }
Description of(const std::string& configuration, const std::string& schema = "null",
               const std::string& metadata = "null") {
  return describe(tree(configuration), tree(schema), tree(metadata));
}

// What the server of Chroma 1.5.9 answers to {"name": "abc"}.
constexpr const char* kUsualConfiguration =
    R"({"hnsw":{"space":"l2","ef_construction":100,"ef_search":100,"max_neighbors":16,"resize_factor":1.2,"sync_threshold":1000},"spann":null,"embedding_function":null})";
constexpr const char* kUsualSchema =
    R"({"defaults":{"string":{"fts_index":{"enabled":false,"config":{}},"string_inverted_index":{"enabled":true,"config":{}}},"float_list":{"vector_index":{"enabled":false,"config":{"space":"l2","hnsw":{"ef_construction":100,"max_neighbors":16,"ef_search":100,"num_threads":2,"batch_size":100,"sync_threshold":1000,"resize_factor":1.2}}}},"sparse_vector":{"sparse_vector_index":{"enabled":false,"config":{"embedding_function":{"type":"unknown"},"bm25":false}}},"int":{"int_inverted_index":{"enabled":true,"config":{}}},"float":{"float_inverted_index":{"enabled":true,"config":{}}},"bool":{"bool_inverted_index":{"enabled":true,"config":{}}}},"keys":{"#embedding":{"float_list":{"vector_index":{"enabled":true,"config":{"space":"l2","source_key":"#document","hnsw":{"ef_construction":100,"max_neighbors":16,"ef_search":100,"num_threads":2,"batch_size":100,"sync_threshold":1000,"resize_factor":1.2}}}}},"#document":{"string":{"fts_index":{"enabled":true,"config":{}},"string_inverted_index":{"enabled":false,"config":{}}}}}})";

TEST(ChromaConfiguration, WhatAServerOfChromaShowsWhereNothingWasSaid) {
  const Description usual = of("null");
  EXPECT_EQ(base::dump_json(usual.configuration()), kUsualConfiguration);
  EXPECT_EQ(base::dump_json(usual.schema), kUsualSchema);
  EXPECT_EQ(usual.metric(), store::Metric::L2);
  EXPECT_EQ(restrictions_of(usual), "");
}

TEST(ChromaConfiguration, SpaceAndNumbersFromEitherOfThreeWays) {
  const auto space = [](const Description& d) { return d.configuration()["hnsw"]["space"].get<std::string>(); };
  const Description said = of(R"({"hnsw":{"space":"cosine","ef_search":50}})");
  EXPECT_EQ(said.metric(), store::Metric::Cosine);
  EXPECT_EQ(said.configuration()["hnsw"]["ef_search"], 50);
  const Description legacy = of("null", "null", R"({"hnsw:space":"ip","hnsw:M":5,"other":1})");
  EXPECT_EQ(legacy.metric(), store::Metric::InnerProduct);
  EXPECT_EQ(legacy.configuration()["hnsw"]["max_neighbors"], 5);
  Tree schema = of("null").schema;
  schema["keys"]["#embedding"]["float_list"]["vector_index"]["config"]["space"] = "cosine";
  const Description by_schema = describe(nullptr, schema, nullptr);
  EXPECT_EQ(by_schema.metric(), store::Metric::Cosine);
  EXPECT_EQ(space(by_schema), "cosine");
  EXPECT_EQ(of(R"({"spann":{"space":"ip"}})").metric(), store::Metric::InnerProduct);
  EXPECT_THROW(describe(tree(R"({"hnsw":{"space":"ip"}})"), schema, nullptr), Error);
  const auto both = [](const char* configuration) {
    return of(configuration, "null", R"({"hnsw:space":"ip"})").metric();
  };
  EXPECT_EQ(both(R"({"spann":{"space":"l2"}})"), store::Metric::L2) << "not the metadata's, though it is the default";
  EXPECT_EQ(both(R"({"spann":{"space":null}})"), store::Metric::InnerProduct);
  EXPECT_EQ(both(R"({"hnsw":{"space":"l2"}})"), store::Metric::InnerProduct) << "as Chroma's server reads it";
}

TEST(ChromaConfiguration, AnUnusualWidthOfWalksIsTakenAtItsWord) {
  EXPECT_EQ(of("null").ef(), 0u);
  EXPECT_EQ(of(R"({"hnsw":{"ef_search":100}})").ef(), 0u) << "what is shown where nothing was said";
  EXPECT_EQ(of(R"({"hnsw":{"ef_search":37}})").ef(), 37u);
  EXPECT_EQ(of("null", "null", R"({"hnsw:search_ef":400})").ef(), 400u);
  EXPECT_EQ(of(R"({"hnsw":{"ef_search":1000000000000}})").ef(), UINT32_MAX);
  Description d = of("null");
  update(d, tree(R"({"hnsw":{"ef_search":64}})"));
  EXPECT_EQ(d.ef(), 64u);
}

TEST(ChromaConfiguration, AnEmbeddingFunctionComesBackAsItWasGiven) {
  const std::string embedder = R"({"type":"known","name":"mine","config":{"z":1,"a":[1.5,null],"m":"x"}})";
  const Description d = of("{\"embedding_function\":" + embedder + "}");
  EXPECT_EQ(base::dump_json(d.configuration()["embedding_function"]), embedder);
  EXPECT_EQ(base::dump_json(from_note(to_note(d)).configuration()["embedding_function"]), embedder);
}

TEST(ChromaConfiguration, ChangesOfARequestToModify) {
  Description d = of(R"({"hnsw":{"space":"cosine"}})");
  update(d, tree(R"({"hnsw":{"ef_search":77},"embedding_function":{"type":"legacy"}})"));
  EXPECT_EQ(d.configuration()["hnsw"]["ef_search"], 77);
  EXPECT_EQ(d.configuration()["hnsw"]["space"], "cosine");
  EXPECT_EQ(d.configuration()["embedding_function"]["type"], "legacy");
  EXPECT_THROW(update(d, tree(R"({"hnsw":{"space":"l2"}})")), Error);
  EXPECT_THROW(update(d, tree(R"({"spann":{"ef_search":7}})")), Error);
}

TEST(ChromaConfiguration, RefusesWhatIsMalformed) {
  for (const char* bad :
       {"5", R"({"hnsw":5})", R"({"hnsw":{"foo":1}})", R"({"hnsw":{"space":"foo"}})", R"({"hnsw":{"ef_search":-1}})",
        R"({"hnsw":{"ef_search":"x"}})", R"({"hnsw":{"sync_threshold":1}})", R"({"hnsw":{},"spann":{}})",
        R"({"embedding_function":{"type":"foo"}})", R"({"embedding_function":{"type":"known"}})"})
    EXPECT_THROW(of(bad), Error) << bad;
  for (const char* bad : {"5", "{}", R"({"":1})", R"({"#a":1})", R"({"hnsw:space":"foo"})", R"({"hnsw:foo":1})"})
    EXPECT_THROW(of("null", "null", bad), Error) << bad;
  for (const char* bad :
       {"5", "{}", R"({"defaults":{},"keys":{"#mine":{}}})", R"({"defaults":{"foo":{}},"keys":{}})",
        R"({"defaults":{},"keys":{"a":{"float_list":{"vector_index":{"enabled":true,"config":{}}}}}})",
        R"({"defaults":{"sparse_vector":{"sparse_vector_index":{"enabled":true,"config":{}}}},"keys":{}})",
        R"({"defaults":{},"keys":{"a":{"string":{"fts_index":{"enabled":true}}}}})",
        R"({"defaults":{},"keys":{"a":{"string":{"fts_index":5}}}})"})
    EXPECT_THROW(of("null", bad), Error) << bad;
}

}  // namespace
}  // namespace hanok::server::chroma
