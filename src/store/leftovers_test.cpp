// What a process that was killed leaves in the data folder goes when the folder is opened for writing next
// (docs/what-a-kill-leaves.md). tests/recovery kills for real; here each thing is left on purpose.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/random.h"
#include "store/database.h"
#include "store/test_documents.h"
#include "store/test_records.h"

namespace hanok::store {
namespace {

using testing::IsEmpty;

constexpr size_t kDim = 4;
VectorSpace space_of(const std::string& model) {
  return {.fingerprint = model, .model = model, .dim = kDim, .chunker_version = 1};
}

class Leftovers : public testing::Test {
 protected:
  void SetUp() override {
    const auto store = Store::open(folder.path());
    const auto c = store->collection("c", true);
    c->set_vector_space(space_of("m"));
    std::vector<NewDocument> documents;
    for (int i = 0; i < 50; ++i) {
      documents.push_back(make_document("d" + std::to_string(i), random_text(random, 100), {{"n", i}}));
      documents.back().vectors = random_rows(random, 100, kDim);
    }
    c->put_many(std::move(documents));
    c->compact();
  }
  /// As a process would that was killed right after it.
  void leave(const std::string& sql) { Database(folder.path() / "hanok.db", Database::Mode::Write).script(sql); }
  int64_t count(const std::string& what) {
    return Database(folder.path() / "hanok.db", Database::Mode::Read).number("SELECT count(*) FROM " + what);
  }
  std::vector<std::string> index_files() const {
    std::vector<std::string> out;
    for (const auto& entry : fs::directory_iterator(folder.path() / "index"))
      out.push_back(entry.path().filename().string());
    return out;
  }

  base::TempFolder folder;
  base::Random random{1};
};

TEST_F(Leftovers, OfDropsAndImportsAreDeleted) {
  for (const char* name : {"/dropped-1", "/import-7"}) {
    leave("UPDATE collection SET hidden = 1, name = '" + std::string(name) + "'");
    const auto store = Store::open(folder.path());
    EXPECT_THAT(store->collections(), IsEmpty());
    for (const char* table : {"collection", "document", "chunk", "text_block", "field", "space", "vector", "segment",
                              "segment_blob", "vector_file"})
      EXPECT_EQ(count(table), 0) << table;
    EXPECT_THAT(index_files(), IsEmpty());
    EXPECT_THAT(store->verify(), IsEmpty());
    store->collection("c", true)->put(make_document("a", "tiles", {{"n", 1}}));
  }
}

// Another deletes it between what a writer read and what it writes.
TEST_F(Leftovers, WhoHoldsACollectionThatIsBeingDeletedIsToldSo) {
  const auto store = Store::open(folder.path());
  const auto records_of = store->catalog().create({.name = "records"});
  const auto c = store->collection("c");
  records_of->write(WriteMode::Add, {record("a", {1, 0, 0, 0})});
  leave("UPDATE collection SET hidden = 1, name = '/dropped-' || id; UPDATE space SET role = 0");
  const int64_t records = count("record");
  const auto told = [](const auto& work) {
    try {
      work();
    } catch (const Error& e) {
      return e.code() == Code::NotFound;
    }
    return false;
  };
  EXPECT_TRUE(told([&] { records_of->write(WriteMode::Merge, {record("b", {0, 1, 0, 0})}); }));
  EXPECT_TRUE(told([&] { records_of->write(WriteMode::Merge, {record("c")}); }));
  EXPECT_TRUE(told([&] { c->put(make_document("a", "tiles", {{"n", 1}})); }));
  EXPECT_EQ(count("record"), records);
}

TEST_F(Leftovers, FilesThatNoRowNamesAreRemoved) {
  const auto named = index_files();
  ASSERT_THAT(named, testing::Not(IsEmpty()));
  for (const char* name : {"1-900.bm25", "1-901.vec", "1-902.ann", "1-903.vec.tmp-aB3xYz"})
    base::write_file_atomic(folder.path() / "index" / name, "half of it");
  base::write_file_atomic(folder.path() / "index" / "notes.txt", "of somebody else");
  Store::open(folder.path(), {.read_only = true});
  EXPECT_EQ(index_files().size(), named.size() + 5) << "a reader removes nothing";
  const auto store = Store::open(folder.path());
  auto wanted = named;
  wanted.push_back("notes.txt");
  EXPECT_THAT(index_files(), testing::UnorderedElementsAreArray(wanted));
  EXPECT_THAT(store->verify(), IsEmpty());
}

TEST_F(Leftovers, VectorsOfAFormerModelAreDeleted) {
  leave("UPDATE space SET role = 0");
  const auto store = Store::open(folder.path());
  const auto c = store->collection("c");
  c->build_index();  // whatever is due is done then
  EXPECT_EQ(count("space"), 0);
  EXPECT_EQ(count("vector"), 0);
  EXPECT_EQ(count("vector_file"), 0);
  for (const auto& file : index_files()) EXPECT_THAT(file, testing::Not(testing::EndsWith(".vec")));
  EXPECT_EQ(c->search_keyword("word1", 9).size(), 9u);
  EXPECT_THAT(store->verify(), IsEmpty());
}

TEST_F(Leftovers, NumbersThatNoCommitNamesAreGivenOutAgain) {
  const auto store = Store::open(folder.path());
  const auto c = store->collection("c");
  auto refused = make_document("x", "tiles");
  refused.vectors = {1, 2};  // too few: the transaction is rolled back after the chunk had its number
  EXPECT_THROW(c->put(std::move(refused)), Error);
  EXPECT_EQ(count("document WHERE path = 'x'"), 0);
  c->put(make_document("x", "tiles"));
  const auto ids = c->snapshot()->matching({});
  EXPECT_EQ(std::set<ChunkId>(ids.begin(), ids.end()).size(), 5001u);
  EXPECT_EQ(count("counter WHERE name = 'chunk' AND next > " + std::to_string(ids.back())), 1);
  EXPECT_THAT(store->verify(), IsEmpty());
}

}  // namespace
}  // namespace hanok::store
