// What is removed leaves the disk; what is damaged is said, and never crashes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/file.h"
#include "base/log.h"
#include "base/random.h"
#include "base/test_error.h"
#include "store/database.h"
#include "store/test_documents.h"

namespace hanok::store {
namespace {

std::string everything_in(const fs::path& folder) {
  std::string out;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) out += base::read_file(entry.path());
  return out;
}

uint64_t database_bytes(const fs::path& folder) { return fs::file_size(folder / "hanok.db"); }

TEST(Erasing, RemovedTextIsInNoFile) {
  base::TempFolder folder;
  {
    const auto store = Store::open(folder.path());
    auto& c = *store->collection("c", true);
    c.put(make_document("secret.txt", "xylophonequartz is the pass phrase", {{"note", "xylophonequartz"}}));
    c.put(make_document("other.txt", "nothing to hide"));
    c.put(make_document("replaced.txt", "zephyrjuxtapose came first"));
    c.put(make_document("replaced.txt", "and went"));
    EXPECT_NE(everything_in(folder.path()).find("xylophonequartz"), std::string::npos);
    c.remove("secret.txt");
    c.compact();
  }
  const std::string bytes = everything_in(folder.path());
  EXPECT_EQ(bytes.find("xylophonequartz"), std::string::npos);
  EXPECT_EQ(bytes.find("zephyrjuxtapose"), std::string::npos);
  EXPECT_NE(bytes.find("nothing to hide"), std::string::npos);
}

TEST(Erasing, SpaceIsGivenBack) {
  base::TempFolder folder;
  base::Random random(1);
  const auto store = Store::open(folder.path());
  auto& c = *store->collection("c", true);
  c.set_vector_space({.fingerprint = "f", .model = "m", .dim = 64});
  std::vector<NewDocument> documents;
  std::vector<std::string> paths;
  for (int i = 0; i < 300; ++i) {
    documents.push_back(make_document("d" + std::to_string(i), random_text(random, 20)));
    documents.back().vectors = random_rows(random, 20, 64);
    paths.push_back(documents.back().info.path);
  }
  c.put_many(documents);
  c.compact();
  const auto full = database_bytes(folder.path());
  EXPECT_EQ(c.remove_many(std::span(paths).first(280)), 280u);
  c.compact();
  EXPECT_LT(database_bytes(folder.path()), full / 4);
  EXPECT_EQ(c.search_keyword("word1 word2 word3", 1000).empty(), false);
  EXPECT_TRUE(store->verify().empty());
  store->drop("c");
  EXPECT_TRUE(fs::is_empty(folder.path() / "index") || !fs::exists(folder.path() / "index"));
}

// An empty file where the database was is no new store: what lies beside it would be removed as unused.
TEST(Damage, AnEmptiedDatabaseIsRefusedAndNothingIsRemoved) {
  base::TempFolder folder;
  {
    const auto store = Store::open(folder.path());
    store->collection("c", true)->put(make_document("a", "grey tiles"));
  }
  fs::create_directories(folder.path() / "files");
  base::write_file_atomic(folder.path() / "files" / "upload", "text");
  fs::resize_file(folder.path() / "hanok.db", 0);
  for (const bool read_only : {false, true})
    EXPECT_THAT(base::error_of([&] { Store::open(folder.path(), {.read_only = read_only}); }, Code::Corrupt),
                testing::HasSubstr("hanok restore"));
  fs::remove_all(folder.path() / "files");
  fs::remove_all(folder.path() / "index");
  EXPECT_TRUE(Store::open(folder.path())->collections().empty()) << "nothing beside it: as a first start left it";
}

TEST(Damage, SegmentsOfAnotherAnalyzerAreMadeAgain) {
  base::TempFolder folder;
  const auto stale = [&] {
    Database db(folder.path() / "hanok.db", Database::Mode::Write);
    return db.number("SELECT count(*) FROM segment WHERE analyzer <> ?1", text::analyzer_version());
  };
  {
    const auto store = Store::open(folder.path());
    store->collection("c", true)->put_many({make_document("a", "grey tiles"), make_document("b", "more tiles")});
  }
  {
    Database db(folder.path() / "hanok.db", Database::Mode::Write);
    db.run("UPDATE segment SET analyzer = 0");
    db.run("UPDATE segment_blob SET bytes = zeroblob(length(bytes))");
  }
  EXPECT_EQ(stale(), 1);
  const auto store = Store::open(folder.path());
  EXPECT_EQ(store->collection("c")->search_keyword("tiles", 5).size(), 2u);
  EXPECT_EQ(stale(), 0);
  EXPECT_TRUE(store->verify().empty());
}

TEST(Damage, ANewerFormatIsRefused) {
  base::TempFolder folder;
  Store::open(folder.path());
  { Database(folder.path() / "hanok.db", Database::Mode::Write).script("PRAGMA user_version=99"); }
  for (const bool read_only : {false, true}) {
    try {
      Store::open(folder.path(), {.read_only = read_only});
      FAIL();
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::Unsupported) << e.what();
    }
  }
}

// Bytes of the tables' own description may be the ones that are damaged: a statement of ours does not fit then.
TEST(Damage, TablesOfAnotherShapeAreCorrupt) {
  base::TempFolder folder;
  Store::open(folder.path());
  Database db(folder.path() / "hanok.db", Database::Mode::Write);
  db.script("ALTER TABLE collection RENAME COLUMN name TO mane");
  EXPECT_THAT(base::error_of([&] { db.query("SELECT name FROM collection"); }, Code::Corrupt),
              testing::HasSubstr("restore a backup"));
}

// Random bytes anywhere in the database: an Error or an answer, and verify() sees it or nothing is wrong.
TEST(Damage, FlippedBitsInTheDatabaseAreErrorsNotCrashes) {
  base::TempFolder folder;
  base::Random random(3);
  {
    const auto store = Store::open(folder.path() / "good");
    auto& c = *store->collection("c", true);
    c.set_vector_space({.fingerprint = "f", .model = "m", .dim = 4});
    for (int i = 0; i < 12; ++i) {
      auto d = make_document("d" + std::to_string(i), random_text(random, 20), {{"n", i}, {"tags", {"a", "b"}}});
      d.vectors = random_rows(random, 20, 4);
      c.put(std::move(d));
    }
  }
  const auto level = base::log().level();
  base::log().set_level(spdlog::level::off);
  const std::string good = base::read_file(folder.path() / "good" / "hanok.db");
  size_t noticed = 0;
  for (int round = 0; round < 60; ++round) {
    std::string bad = good;
    size_t at = random.below(bad.size() - 64);
    while (std::string_view(good).substr(at, 64).find_first_not_of('\0') == std::string_view::npos)
      at = random.below(bad.size() - 64);  // most of so small a database is unused
    for (size_t i = 0; i < 64; ++i) bad[at + i] = static_cast<char>(random.next());
    const fs::path copy = folder.path() / "bad";
    fs::remove_all(copy);
    fs::create_directories(copy);
    std::ofstream(copy / "hanok.db", std::ios::binary) << bad;
    try {
      const auto store = Store::open(copy);
      auto& c = *store->collection("c");
      for (const auto& d : c.documents()) c.chunks(c.chunk_ids(d.id));
      c.search_keyword("word1 word2", 10);
      c.search_dense(std::vector<float>{1, 2, 3, 4}, 10);
      c.matching(Filter(Json{{"n", {{"$ne", 3}}}}));
      noticed += !store->verify().empty();
      c.put(make_document("d1", "new text"));
      c.remove("d2");
    } catch (const Error& e) {
      ++noticed;
      EXPECT_NE(e.code(), Code::Internal) << e.what();
    }
  }
  base::log().set_level(level);
  EXPECT_GT(noticed, 30u);
}

}  // namespace
}  // namespace hanok::store
