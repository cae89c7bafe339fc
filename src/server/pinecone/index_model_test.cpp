#include "server/pinecone/index_model.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace hanok::server::pinecone {
namespace {

NewIndex read(const std::string& text) { return read_create(Json::parse(text)); }

// As SDKs of 2025-04 to 2026-04 send it, and as those of 2026-07 do.
const std::string kOld =
    R"({"name":"shop","dimension":3,"metric":"dotproduct","spec":{"serverless":{"cloud":"gcp","region":"eu-1"}},"tags":{"a":"b"},"deletion_protection":"enabled"})";
const std::string kNew =
    R"({"name":"shop","schema":{"fields":{"_values":{"type":"dense_vector","dimension":3,"metric":"dotproduct"}}},"deployment":{"deployment_type":"managed","cloud":"gcp","region":"eu-1"},"tags":{"a":"b"},"deletion_protection":"enabled"})";

TEST(PineconeIndex, BothShapesMeanTheSameAndBothAreShown) {
  const store::RecordsInfo info{.name = "shop", .uuid = "u"};
  const Json old_shown = show(read(kOld).model, info, "http://h/i/shop");
  const Json new_shown = show(read(kNew).model, info, "http://h/i/shop");
  EXPECT_EQ(old_shown, new_shown);
  for (const char* key : {"name", "host", "metric", "dimension", "vector_type", "deletion_protection", "tags", "status",
                          "spec", "deployment", "schema", "read_capacity"})
    EXPECT_TRUE(old_shown.contains(key)) << key;
  EXPECT_EQ(old_shown["schema"]["fields"]["_values"]["dimension"], 3);
  EXPECT_EQ(old_shown["spec"]["serverless"]["region"], "eu-1");
  EXPECT_EQ(old_shown["deployment"]["deployment_type"], "managed");
  EXPECT_EQ(old_shown["read_capacity"]["mode"], "OnDemand");
  EXPECT_TRUE(read(kNew).model.of_vectors());
}

TEST(PineconeIndex, PodsSparseAndDocuments) {
  const NewIndex pod = read(R"({"name":"p","dimension":2,"spec":{"pod":{"environment":"e","replicas":2,"shards":3}}})");
  const Json shown = show(pod.model, {.name = "p"}, "h");
  EXPECT_EQ(shown["spec"]["pod"]["pods"], 6);
  EXPECT_EQ(shown["spec"]["pod"]["pod_type"], "p1.x1");
  EXPECT_EQ(shown["deployment"]["shards"], 3);
  EXPECT_FALSE(shown.contains("read_capacity"));

  const NewIndex sparse =
      read(R"({"name":"s","vector_type":"sparse","spec":{"serverless":{"cloud":"aws","region":"r"}}})");
  EXPECT_EQ(metric_of(sparse.model), store::Metric::InnerProduct);
  EXPECT_FALSE(show(sparse.model, {}, "h").contains("dimension"));
  EXPECT_EQ(show(sparse.model, {}, "h")["schema"]["fields"]["_sparse_values"]["type"], "sparse_vector");

  const NewIndex documents = read(
      R"({"name":"d","schema":{"fields":{"body":{"type":"string","full_text_search":{}},"v":{"type":"dense_vector","dimension":4,"metric":"euclidean"},"year":{"type":"float","filterable":true}}}})");
  EXPECT_FALSE(documents.model.of_vectors());
  EXPECT_EQ(documents.model.dense_field(), "v");
  EXPECT_EQ(documents.model.word_fields(), std::vector<std::string>{"body"});
  EXPECT_EQ(metric_of(documents.model), store::Metric::L2);
}

TEST(PineconeIndex, WhatIsKeptReadsBack) {
  const NewIndex made = read_create_for_model(
      Json::parse(R"({"name":"m","cloud":"aws","region":"r","embed":{"model":"e5","field_map":{"text":"chunk"}}})"));
  EXPECT_EQ(made.model.text_field(), "chunk");
  const Json fields = show(made.model, {.name = "m"}, "h")["schema"]["fields"];
  EXPECT_EQ(fields["chunk"]["type"], "semantic_text");
  EXPECT_EQ(fields["chunk"]["model"], "e5");
}

TEST(PineconeIndex, Configure) {
  IndexModel model = read(kOld).model;
  configure(model, Json::parse(R"({"deletion_protection":"disabled","tags":{"a":"","c":"d"}})"));
  EXPECT_FALSE(model.protected_from_deletion);
  EXPECT_EQ(model.tags, (std::map<std::string, std::string>{{"c", "d"}}));
  EXPECT_THROW(configure(model, Json::parse(R"({"spec":{"pod":{"replicas":2}}})")), Error);
  EXPECT_THROW(configure(model, Json::parse(R"({"embed":{"model":"x"}})")), Error);
  EXPECT_THROW(configure(model, Json::parse("[]")), Error);
  // What would be no index any more when it is described next.
  for (const char* bad :
       {R"({"deployment":{"deployment_type":5}})", R"({"deployment":{"cloud":5}})", R"({"deployment":5})"})
    EXPECT_THROW(configure(model, Json::parse(bad)), Error) << bad;
  IndexModel pod = read(R"({"name":"p","dimension":2,"spec":{"pod":{"environment":"e"}}})").model;
  EXPECT_THROW(configure(pod, Json::parse(R"({"spec":{"pod":{"replicas":"x"}}})")), Error);
  EXPECT_THROW(configure(pod, Json::parse(R"({"deployment":{"cloud":5}})")), Error);  // which its backups show
}

TEST(PineconeIndex, RefusesWhatIsMalformed) {
  const std::string spec = R"("spec":{"serverless":{"cloud":"aws","region":"r"}})";
  for (
      const std::string& bad :
      {std::string("[]"),
       std::string("{}"),
       R"({"name":"A",)" + spec + R"(,"dimension":2})",
       R"({"name":"-a",)" + spec + R"(,"dimension":2})",
       R"({"name":")" + std::string(46, 'a') + R"(",)" + spec + R"(,"dimension":2})",
       R"({"name":"a",)" + spec + "}",
       R"({"name":"a",)" + spec + R"(,"dimension":0})",
       R"({"name":"a",)" + spec + R"(,"dimension":20001})",
       R"({"name":"a",)" + spec + R"(,"dimension":"2"})",
       R"({"name":"a",)" + spec + R"(,"dimension":2.5})",
       R"({"name":"a",)" + spec + R"(,"dimension":2,"metric":"x"})",
       R"({"name":"a",)" + spec + R"(,"dimension":2,"vector_type":"sparse"})",
       R"({"name":"a",)" + spec + R"(,"vector_type":"sparse","metric":"cosine"})",
       std::string(R"({"name":"a","dimension":2})"),
       std::string(R"({"name":"a","dimension":2,"spec":{"serverless":{"cloud":"aws"}}})"),
       std::string(R"({"name":"a","dimension":2,"spec":{"foo":{}}})"),
       R"({"name":"a",)" + spec + R"(,"dimension":2,"tags":{"x":5}})",
       R"({"name":"a",)" + spec + R"(,"dimension":2,"deletion_protection":"x"})",
       std::string(R"({"name":"a","schema":{"fields":{}}})"),
       std::string(R"({"name":"a","schema":{"fields":{"v":{"type":"foo"}}}})"),
       std::string(R"({"name":"a","schema":{"fields":{"v":{"type":"dense_vector"}}}})"),
       std::string(
           R"({"name":"a","schema":{"fields":{"v":{"type":"dense_vector","dimension":2},"w":{"type":"dense_vector","dimension":2}}}})"),
       std::string(R"({"name":"a","schema":{"fields":{"v":{"type":"string"}}},"deployment":{"deployment_type":"x"}})")})
    EXPECT_THROW(read(bad), Error) << bad;
}

TEST(PineconeService, TokensReadBack) {
  for (const std::string text : {"a", "한국어", "x/y z"}) EXPECT_EQ(from_token(to_token(text)), text);
  for (const char* bad : {"", "a", "zz", "0g"}) EXPECT_THROW(from_token(bad), Error) << bad;
  EXPECT_EQ(offset_of_token(to_token("120")), 120u);
  // Of another list, or made up: not the first page again and again.
  for (const char* bad : {"a", "1a", "-1", "99999999999999999999"})
    EXPECT_THROW(offset_of_token(to_token(bad)), Error) << bad;
  EXPECT_EQ(namespace_of("__default__"), "");
  EXPECT_EQ(shown_namespace(""), "__default__");
}

}  // namespace
}  // namespace hanok::server::pinecone
