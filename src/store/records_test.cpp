// What is a record and what is none, and what the two doors of the room show of each other.
#include "hanok/records.h"

#include <cmath>

#include "store/test_documents.h"
#include "store/test_records.h"

namespace hanok::store {
namespace {

TEST_F(RecordsTest, WhatIsNoRecordIsRefusedAndNothingOfItsCallIsWritten) {
  auto c = store->catalog().create({.name = "c"});
  c->write(WriteMode::Add, {record("first", {1, 2, 3})});
  const auto refused = [&](Record bad) {
    try {
      c->write(WriteMode::Replace, {record("good", {1, 2, 3}), std::move(bad)});
    } catch (const Error& e) {
      return e.code() == Code::Invalid;
    }
    return false;
  };
  EXPECT_TRUE(refused(record("")));
  EXPECT_TRUE(refused(record("x", {1, 2})));
  EXPECT_TRUE(refused(record("x", {1, 2, NAN})));
  EXPECT_TRUE(refused(record("x", {}, {{"$a", 1}})));
  EXPECT_TRUE(refused(record("x", {}, {{"a", {1, "b"}}})));
  EXPECT_TRUE(refused(record("x", {}, {{"a", {{"b", 1}}}})));
  EXPECT_EQ(c->read()->count(), 1u);
  EXPECT_THROW(c->read()->nearest(std::vector<float>{1, 2}), Error);
  EXPECT_EQ(c->info().dim, std::optional<size_t>(3));
}

TEST_F(RecordsTest, IngestedPassagesAreRecordsAndRecordsAreFoundAsPassages) {
  const auto documents = store->collection("notes", true);
  documents->put(make_document("/tmp/a.txt", "first line about apples\nsecond about pears\n", {{"lang", "en"}}));
  auto c = store->catalog().find("notes");
  ASSERT_TRUE(c);
  EXPECT_EQ(c->read()->count(), 2u);
  const auto passage = c->read()->get({.ids = {{"/tmp/a.txt#1"}}}).at(0);
  EXPECT_EQ(passage.document, "second about pears");
  EXPECT_EQ(passage.metadata["lang"], "en");
  EXPECT_EQ(ids(*c->read(), {.where = Filter(Json{{"lang", "en"}})}).size(), 2u);
  EXPECT_EQ(c->read()->list("", "/tmp").ids.size(), 2u);
  EXPECT_THROW(c->write(WriteMode::Replace, {record("/tmp/a.txt#1")}), Error);
  EXPECT_THROW(c->remove({.ns = "", .ids = {{"/tmp/a.txt#1"}}}), Error);

  c->write(WriteMode::Add, {record("mine", {}, {{"lang", "de"}}, "a record about apples")});
  const auto snapshot = documents->snapshot();
  EXPECT_EQ(snapshot->search_keyword("apples", 10).size(), 2u);
  EXPECT_EQ(snapshot->chunk_count(), 3u);
  EXPECT_EQ(snapshot->document_text("mine"), "a record about apples");
  const auto of_record = snapshot->matching(Filter(Json{{"lang", "de"}}));
  ASSERT_EQ(of_record.size(), 1u);
  const auto chunk = snapshot->chunks(of_record).at(0);
  EXPECT_EQ(chunk.path, "mine");
  EXPECT_EQ(snapshot->chunk_ids(chunk.document), of_record);
  EXPECT_EQ(snapshot->documents().size(), 2u);
  EXPECT_EQ(c->read()->by_words("apples").size(), 2u);
  EXPECT_EQ(c->remove({.where = Filter(Json{{"lang", "de"}})}), 1u);
  EXPECT_EQ(store->verify(), std::vector<std::string>());
}

TEST_F(RecordsTest, GivenVectorsAreNotReplacedByAModel) {
  auto c = store->catalog().create({.name = "c"});
  c->write(WriteMode::Add, {record("x", {1, 2, 3}, {}, "text")});
  EXPECT_THROW(store->collection("c")->set_vector_space({.fingerprint = "m", .model = "m", .dim = 3}), Error);
}

TEST_F(RecordsTest, AnExportHasEverything) {
  auto c = store->catalog().create({.name = "c", .metric = Metric::InnerProduct, .notes = {{"pinecone", "{}"}}});
  Record r = record("x", {1, 2}, {{"a", 1}}, "some text");
  r.ns = "space";
  r.sparse = {{7, 3}, {1, 2}};
  c->write(WriteMode::Add, {r, record("y", {3, 4})});
  store->export_collection("c", folder.path() / "c.export");
  store->import_collection(folder.path() / "c.export", "again");
  const auto again = store->catalog().find("again");
  const Include whole{.vector = true, .sparse = true};
  expect_same(again->read()->get({}, {}, whole), c->read()->get({}, {}, whole));
  EXPECT_EQ(again->info().metric, Metric::InnerProduct);
  EXPECT_EQ(again->note("pinecone"), "{}");
  for (const char* key : {"file/b", "file/a", "file", "file0", "filf"}) again->set_note(key, key);
  EXPECT_EQ(again->notes("file/"), (std::map<std::string, std::string>{{"file/a", "file/a"}, {"file/b", "file/b"}}));
  EXPECT_EQ(again->notes("").size(), 6u);
  again->set_note("file/a", std::nullopt);
  EXPECT_EQ(again->notes("file/").size(), 1u);
  EXPECT_EQ(store->verify(), std::vector<std::string>());
}

}  // namespace
}  // namespace hanok::store
