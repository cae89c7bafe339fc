// What conditions on records mean, case by case.
#include <cmath>
#include <string>
#include <vector>

#include "store/test_records.h"

namespace hanok::store {
namespace {

TEST_F(RecordsTest, NumbersCompareAcrossKindsAndBooleansWithThemselvesAlone) {
  auto c = store->catalog().create({.name = "c"});
  c->write(WriteMode::Add, {record("int", {}, {{"x", 1}}), record("real", {}, {{"x", 1.0}}),
                            record("true", {}, {{"x", true}}), record("text", {}, {{"x", "1"}}),
                            record("large", {}, {{"x", 9007199254740993}}), record("half", {}, {{"x", 1.5}})});
  const auto now = c->read();
  const auto where = [&](const char* json) { return ids(*now, {.where = Filter(Json::parse(json))}); };
  using Ids = std::vector<std::string>;
  EXPECT_EQ(where(R"({"x":1})"), (Ids{"int", "real"}));
  EXPECT_EQ(where(R"({"x":1.0})"), (Ids{"int", "real"}));
  EXPECT_EQ(where(R"({"x":true})"), (Ids{"true"}));
  EXPECT_EQ(where(R"({"x":{"$gt":1}})"), (Ids{"large", "half"}));
  EXPECT_EQ(where(R"({"x":{"$gt":9007199254740992}})"), (Ids{"large"}));
  EXPECT_EQ(where(R"({"x":{"$ne":1}})"), (Ids{"true", "text", "large", "half"}));
  EXPECT_TRUE(now->get({.ids = {{"int"}}}).at(0).metadata["x"].is_number_integer());
  EXPECT_TRUE(now->get({.ids = {{"real"}}}).at(0).metadata["x"].is_number_float());
}

TEST_F(RecordsTest, PatternsAndTextsAreAskedOfDocuments) {
  auto c = store->catalog().create({.name = "c"});
  c->write(WriteMode::Add, {record("a", {}, {}, "Red shoes, size 42"), record("b", {}, {}, "red shirt"), record("c")});
  const auto now = c->read();
  using Ids = std::vector<std::string>;
  EXPECT_EQ(ids(*now, {.where = Filter(Json{{"#document", {{"$regex", "size \\d+$"}}}})}), (Ids{"a"}));
  EXPECT_EQ(ids(*now, {.where = Filter(Json{{"#document", {{"$not_regex", "(?i)^red"}}}})}), (Ids{"c"}));
  EXPECT_EQ(ids(*now, {.where = Filter(Json{{"#document", {{"$contains", "red"}}}})}), (Ids{"b"}));
  EXPECT_EQ(ids(*now, {.where = Filter(Json{{"#document", {{"$not_contains", "red"}}}})}), (Ids{"a", "c"}));
  EXPECT_EQ(ids(*now, {.where = Filter(Json{{"#id", {{"$in", {"c", "a", "zz"}}}}})}), (Ids{"a", "c"}));
  for (const char* bad : {"(a{1000}){1000}", "(", "\\1"})
    EXPECT_THROW(Filter(Json{{"#document", {{"$regex", bad}}}}), Error) << bad;
  EXPECT_THROW(Filter(Json{{"#other", "x"}}), Error);
}

TEST_F(RecordsTest, SparseVectorsInMetadataAreSearchedByTheirKey) {
  auto c = store->catalog().create({.name = "c"});
  const auto sparse = [](std::vector<int> i, std::vector<float> v) {
    return Json{{"#type", "sparse_vector"}, {"indices", i}, {"values", v}};
  };
  c->write(WriteMode::Add, {record("a", {}, {{"s", sparse({3, 1}, {2, 1})}}),
                            record("b", {}, {{"s", sparse({1}, {5})}}), record("n", {}, {{"t", 1}})});
  const auto now = c->read();
  const auto found = now->nearest_sparse({{1, 3}, {1, 1}}, {}, "s");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].score, 5);
  EXPECT_EQ(found[1].score, 3);
  EXPECT_EQ(now->fetch({{found[1].chunk}}).at(0).metadata["s"], sparse({3, 1}, {2, 1}));
  const std::vector<ChunkId> all = now->select({});
  const auto scores = now->sparse_scores({{1, 3}, {1, 1}}, all, "s");
  EXPECT_EQ(scores[0], 3);
  EXPECT_TRUE(std::isnan(scores[2]));
  EXPECT_EQ(ids(*now, {.where = Filter(Json{{"s", {{"$exists", true}}}})}), (std::vector<std::string>{"a", "b"}));
  EXPECT_THROW(c->write(WriteMode::Add, {record("x", {}, {{"s", sparse({1, 1}, {1, 2})}})}), Error);
}

}  // namespace
}  // namespace hanok::store
