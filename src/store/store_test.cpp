#include "hanok/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "base/file.h"
#include "store/test_documents.h"

namespace hanok::store {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

struct StoreTest : testing::Test {
  base::TempFolder folder;
  std::unique_ptr<Store> store = Store::open(folder.path());
  std::shared_ptr<Collection> c = store->collection("default", true);

  void reopen() {
    store.reset();
    store = Store::open(folder.path());
    c = store->collection("default");
  }
  std::vector<std::string> texts(const std::vector<Match>& matches) {
    std::vector<ChunkId> ids;
    for (const auto& m : matches) ids.push_back(m.chunk);
    std::vector<std::string> out;
    for (const auto& chunk : c->chunks(ids)) out.push_back(chunk.text);
    return out;
  }
};

const VectorSpace kSmall{.fingerprint = "f1", .model = "small", .dim = 4, .chunker_version = 1};
const VectorSpace kLarge{.fingerprint = "f2", .model = "large", .dim = 8, .chunker_version = 1};

TEST_F(StoreTest, KeepsADocumentWithItsChunks) {
  auto d = make_document("notes/a.txt", "The roof has grey tiles.\nThe floor is warm.",
                         {{"year", 2024}, {"tags", {"house", "한옥"}}});
  d.info.title = "House";
  d.info.modified_ms = 5;
  d.pages = {{1, {0, 24}}, {2, {25, 43}}};
  d.chunks[1].heading = "Inside > Floor";
  const auto metadata = d.info.metadata;
  const DocumentId id = c->put(std::move(d));
  reopen();
  const auto info = c->find("notes/a.txt");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->id, id);
  EXPECT_EQ(info->title, "House");
  EXPECT_EQ(info->modified_ms, 5);
  EXPECT_GT(info->ingested_ms, 0);
  EXPECT_EQ(info->chunks, 2u);
  EXPECT_EQ(info->metadata, metadata);
  EXPECT_EQ(c->document_text("notes/a.txt"), "The roof has grey tiles.\nThe floor is warm.");
  EXPECT_EQ(c->document_pages("notes/a.txt").at(1).span, (text::Span{25, 43}));
  const auto ids = c->chunk_ids(id);
  ASSERT_EQ(ids.size(), 2u);
  const auto chunks = c->chunks(std::vector<ChunkId>{ids[1], 999'999, ids[0]});
  ASSERT_EQ(chunks.size(), 2u);
  EXPECT_EQ(chunks[0].text, "The floor is warm.");
  EXPECT_EQ(chunks[0].heading, "Inside > Floor");
  EXPECT_EQ(chunks[0].ordinal, 1u);
  EXPECT_EQ(chunks[1].path, "notes/a.txt");
  EXPECT_FALSE(c->find("notes/b.txt"));
  EXPECT_THAT(store->verify(), IsEmpty());
}

TEST_F(StoreTest, LongTextsComeBackWhole) {
  base::Random random(1);
  const std::string text = random_text(random, 3000);  // 270 KB: several blocks, chunks across their ends
  const auto id = c->put(make_document("long.txt", text));
  EXPECT_EQ(c->document_text("long.txt"), text);
  for (const auto& chunk : c->chunks(c->chunk_ids(id)))
    ASSERT_EQ(chunk.text, text.substr(chunk.span.start, chunk.span.end - chunk.span.start)) << chunk.ordinal;
}

TEST_F(StoreTest, KeywordSearchFollowsPutReplaceAndRemove) {
  c->put(make_document("a.txt", "grey tiles on the roof\na warm floor"));
  c->put(make_document("b.txt", "tiles in the kitchen"));
  EXPECT_EQ(c->search_keyword("tiles", 10).size(), 2u);
  EXPECT_THAT(texts(c->search_keyword("floor", 10)), ElementsAre("a warm floor"));
  c->put(make_document("a.txt", "a thatched roof"));
  EXPECT_THAT(texts(c->search_keyword("tiles", 10)), ElementsAre("tiles in the kitchen"));
  EXPECT_THAT(texts(c->search_keyword("roof", 10)), ElementsAre("a thatched roof"));
  EXPECT_TRUE(c->remove("b.txt"));
  EXPECT_FALSE(c->remove("b.txt"));
  EXPECT_THAT(c->search_keyword("tiles", 10), IsEmpty());
  EXPECT_EQ(c->document_count(), 1u);
  EXPECT_EQ(c->chunk_count(), 1u);
  EXPECT_THAT(store->verify(), IsEmpty());
}

TEST_F(StoreTest, KoreanIsFound) {
  c->put(make_document("ko.txt", "한옥은 나무와 흙으로 짓는다.\n온돌은 바닥을 따뜻하게 한다."));
  EXPECT_THAT(texts(c->search_keyword("온돌이 뭐야?", 1)), ElementsAre("온돌은 바닥을 따뜻하게 한다."));
}

TEST_F(StoreTest, ManySmallWritesMergeAndStillFindEverything) {
  base::Random random(2);
  for (int i = 0; i < 300; ++i) {
    c->put(make_document("d" + std::to_string(i % 250) + ".txt",
                         "unique" + std::to_string(i) + "\n" + random_text(random, 2)));
    if (i % 7 == 0) c->remove("d" + std::to_string(random.below(250)) + ".txt");
  }
  c->build_index();  // what is merged beside the writes is merged now
  EXPECT_LT(c->statistics()["keyword"]["segments"].get<int>(), 16);
  for (const auto& d : c->documents()) {
    const auto text = c->document_text(d.path);
    EXPECT_EQ(c->search_keyword(text.substr(0, text.find('\n')), 5).size(), 1u) << d.path;
  }
  EXPECT_THAT(store->verify(), IsEmpty());
  c->compact();
  EXPECT_EQ(c->statistics()["keyword"]["segments"], 1);
  EXPECT_EQ(c->statistics()["keyword"]["removed"], 0);
  EXPECT_THAT(store->verify(), IsEmpty());
}

TEST_F(StoreTest, DenseSearchIsExact) {
  c->set_vector_space(kSmall);
  base::Random random(3);
  std::vector<NewDocument> documents;
  for (int i = 0; i < 50; ++i) {
    documents.push_back(make_document("d" + std::to_string(i), random_text(random, 5)));
    documents.back().vectors = random_rows(random, 5, 4);
  }
  c->put_many(documents);
  const auto q = random_rows(random, 1, 4);
  const auto found = c->search_dense(q, 10);
  ASSERT_EQ(found.size(), 10u);
  std::vector<ChunkId> ids;
  for (const auto& d : c->documents())
    for (const ChunkId id : c->chunk_ids(d.id)) ids.push_back(id);
  const auto scores = c->dense_scores(q, ids);
  auto sorted = scores;
  std::sort(sorted.rbegin(), sorted.rend());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_FLOAT_EQ(found[i].score, sorted[i]);
  EXPECT_THROW(c->search_dense(random_rows(random, 1, 5), 3), Error);
  EXPECT_TRUE(std::isnan(c->dense_scores(q, std::vector<ChunkId>{4'000'000})[0]));
}

TEST_F(StoreTest, ANewSpaceTakesOverWhenComplete) {
  base::Random random(4);
  c->set_vector_space(kSmall);
  for (int i = 0; i < 3; ++i) {
    auto d = make_document("d" + std::to_string(i), random_text(random, 2));
    d.vectors = random_rows(random, 2, 4);
    c->put(std::move(d));
  }
  EXPECT_THAT(c->missing_vectors(kSmall, 100), IsEmpty());
  EXPECT_EQ(c->missing_vectors(kLarge, 100).size(), 6u);
  c->set_vector_space(kLarge);
  EXPECT_EQ(c->vector_space()->fingerprint, "f1");
  EXPECT_EQ(c->pending_space()->fingerprint, "f2");
  EXPECT_THROW(c->put_vectors({.fingerprint = "f3", .dim = 8}, {}, {}), Error);
  while (true) {
    const auto ids = c->missing_vectors(kLarge, 4);
    if (ids.empty()) break;
    EXPECT_EQ(c->search_dense(random_rows(random, 1, 4), 10).size(), 6u) << "the old space answers meanwhile";
    c->put_vectors(kLarge, ids, random_rows(random, ids.size(), 8));
  }
  EXPECT_EQ(c->vector_space()->fingerprint, "f2");
  EXPECT_FALSE(c->pending_space());
  EXPECT_EQ(c->search_dense(random_rows(random, 1, 8), 10).size(), 6u);
  EXPECT_EQ(c->statistics()["vectors"], 6);
  EXPECT_THAT(store->verify(), IsEmpty());
}

TEST_F(StoreTest, VectorFilesFollowReplacementAndRemoval) {
  c->set_vector_space(kSmall);
  base::Random random(5);
  for (int batch = 0; batch < 3; ++batch) {
    std::vector<NewDocument> documents;
    for (int i = 0; i < 500; ++i) {
      documents.push_back(make_document("d" + std::to_string(batch * 400 + i), "a\nb\nc\nd\ne\nf\ng\nh\ni\nj"));
      documents.back().vectors = random_rows(random, 10, 4);
    }
    c->put_many(documents);
  }
  c->build_index();
  EXPECT_GT(c->statistics()["index"]["files"].get<int>(), 0);
  c->remove("d7");
  const auto ids = c->chunk_ids(c->find("d8")->id);
  const std::vector<float> up{0, 0, 0, 1};
  c->put_vectors(kSmall, std::vector<ChunkId>{ids[3]}, up);
  const auto check = [&] {
    EXPECT_EQ(c->search_dense(up, 20'000).size(), c->chunk_count());
    EXPECT_EQ(c->search_dense(up, 1).at(0).chunk, ids[3]);
    EXPECT_THAT(store->verify(), IsEmpty());
  };
  check();
  reopen();
  check();
  c->compact();
  EXPECT_EQ(c->statistics()["index"]["files"], 1);
  check();
}

TEST_F(StoreTest, VectorsThatComeLateAreFoundInsideAFile) {
  base::Random random(6);
  std::vector<NewDocument> documents;
  c->set_vector_space(kSmall);
  for (int i = 0; i < 900; ++i) {
    documents.push_back(make_document("d" + std::to_string(i), "a\nb\nc\nd\ne\nf\ng\nh\ni\nj"));
    if (i % 3) documents.back().vectors = random_rows(random, 10, 4);  // d0 is below the first id of the file
  }
  c->put_many(documents);
  c->build_index();
  ASSERT_GT(c->statistics()["index"]["files"].get<int>(), 0);
  for (;;) {
    const auto ids = c->missing_vectors(kSmall, 777);
    if (ids.empty()) break;
    c->put_vectors(kSmall, ids, random_rows(random, ids.size(), 4));
    ASSERT_THAT(store->verify(), IsEmpty());
  }
  EXPECT_EQ(c->search_dense(random_rows(random, 1, 4), 10'000).size(), 9000u);
}

TEST_F(StoreTest, LostAndDamagedFilesAreMadeAgain) {
  c->set_vector_space(kSmall);
  base::Random random(7);
  std::vector<NewDocument> documents;
  for (int i = 0; i < 1200; ++i) {
    documents.push_back(make_document("d" + std::to_string(i), random_text(random, 10, 30)));
    documents.back().vectors = random_rows(random, 10, 4);
  }
  c->put_many(documents);
  c->build_index();
  ASSERT_GT(c->statistics()["keyword"]["files"].get<int>(), 0);
  const auto q = random_rows(random, 1, 4);
  const auto words = c->search_keyword("word1 word2", 20);
  const auto dense = c->search_dense(q, 20);
  const auto same = [](const std::vector<Match>& a, const std::vector<Match>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](auto x, auto y) { return x.chunk == y.chunk && x.score == y.score; });
  };
  using Damage = std::function<void(const fs::path&)>;
  const std::vector<Damage> damages = {[](const fs::path& f) { fs::remove(f); },
                                       [](const fs::path& f) { fs::resize_file(f, fs::file_size(f) / 2); },
                                       [](const fs::path& f) { fs::resize_file(f, 0); },
                                       [](const fs::path& f) {
                                         std::fstream file(f, std::ios::in | std::ios::out | std::ios::binary);
                                         file.seekp(static_cast<std::streamoff>(fs::file_size(f) * 2 / 3));
                                         file.put('\x5a').put('\x33');
                                       }};
  for (const auto& damage : damages) {
    store.reset();
    for (const auto& entry : fs::directory_iterator(folder.path() / "index")) damage(entry.path());
    {
      const auto reader = Store::open(folder.path(), {.read_only = true});
      EXPECT_FALSE(reader->verify().empty());
      EXPECT_TRUE(same(reader->collection("default")->search_keyword("word1 word2", 20), words));
      EXPECT_TRUE(same(reader->collection("default")->search_dense(q, 20), dense));
    }
    reopen();
    EXPECT_THAT(store->verify(), IsEmpty());
    EXPECT_TRUE(same(c->search_keyword("word1 word2", 20), words));
    EXPECT_TRUE(same(c->search_dense(q, 20), dense));
  }
}

TEST_F(StoreTest, OneWriterManyReaders) {
  try {
    Store::open(folder.path());
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::Unavailable);
  }
  const auto reader = Store::open(folder.path(), {.read_only = true});
  auto& seen = *reader->collection("default");
  EXPECT_EQ(seen.search_keyword("tiles", 5).size(), 0u);
  c->put(make_document("a", "tiles"));
  EXPECT_EQ(seen.search_keyword("tiles", 5).size(), 1u) << "a reader sees what was committed";
  EXPECT_THROW(seen.put(make_document("b", "x")), Error);
  EXPECT_THROW(reader->collection("new", true), Error);
}

TEST_F(StoreTest, CollectionsAreMadeListedAndDropped) {
  store->collection("둘째", true)->put(make_document("a", "tiles"));
  EXPECT_THAT(store->collections(), ElementsAre("default", "둘째"));
  EXPECT_THROW(store->collection("third"), Error);
  for (const char* bad : {"", "..", "a/b", "a\nb"}) EXPECT_THROW(store->collection(bad, true), Error) << bad;
  const auto dropped = store->collection("둘째");
  EXPECT_TRUE(store->drop("둘째"));
  EXPECT_FALSE(store->drop("둘째"));
  EXPECT_THROW(dropped->search_keyword("tiles", 1), Error);
  EXPECT_THROW(dropped->put(make_document("a", "x")), Error);
  EXPECT_EQ(store->collection("둘째", true)->document_count(), 0u);
  EXPECT_THAT(store->verify(), IsEmpty());
}

TEST_F(StoreTest, ExportAndImport) {
  base::Random random(8);
  c->set_vector_space(kSmall);
  c->set_settings({{"bm25", {{"k1", 1.2}, {"b", 0.75}}}});
  std::vector<NewDocument> documents;
  for (int i = 0; i < 40; ++i) {
    documents.push_back(make_document("d" + std::to_string(i), random_text(random, 4), {{"i", i}}));
    documents.back().vectors = random_rows(random, 4, 4);
  }
  c->put_many(documents);
  const fs::path file = folder.path() / "export.hanok";
  store->export_collection("default", file);
  EXPECT_THROW(store->export_collection("default", file), Error);
  EXPECT_THROW(store->import_collection(file, "default"), Error);
  store->import_collection(file, "copy");
  auto& copy = *store->collection("copy");
  EXPECT_EQ(copy.document_count(), 40u);
  EXPECT_EQ(copy.settings(), c->settings());
  EXPECT_EQ(copy.find("d3")->ingested_ms, c->find("d3")->ingested_ms);
  EXPECT_EQ(copy.document_text("d3"), c->document_text("d3"));
  const auto q = random_rows(random, 1, 4);
  EXPECT_EQ(copy.search_dense(q, 1).at(0).score, c->search_dense(q, 1).at(0).score);
  EXPECT_EQ(copy.search_keyword("word1", 1).at(0).score, c->search_keyword("word1", 1).at(0).score);
  EXPECT_EQ(copy.matching(Filter(Json{{"i", {{"$lt", 10}}}})).size(), 40u);
  EXPECT_THAT(store->verify(), IsEmpty());
}

TEST_F(StoreTest, RefusesBadInput) {
  const auto code = [&](auto call) {
    try {
      call();
    } catch (const Error& e) {
      return e.code();
    }
    return Code::Internal;
  };
  EXPECT_EQ(code([&] { c->put(make_document("", "x")); }), Code::Invalid);
  EXPECT_EQ(code([&] { c->put(make_document("a", "x", {{"deep", {{"er", 1}}}})); }), Code::Invalid);
  EXPECT_EQ(code([&] { c->put(make_document("a", "x", {{"none", nullptr}})); }), Code::Invalid);
  auto outside = make_document("a", "x");
  outside.chunks[0].span = {0, 9};
  EXPECT_EQ(code([&] { c->put(outside); }), Code::Invalid);
  auto vectors = make_document("a", "x");
  vectors.vectors = {1, 2, 3, 4};
  EXPECT_EQ(code([&] { c->put(vectors); }), Code::Invalid) << "no space yet";
  c->set_vector_space(kSmall);
  vectors.vectors = {1, 2, 3};
  EXPECT_EQ(code([&] { c->put(vectors); }), Code::Invalid);
  vectors.vectors = {1, 2, 3, NAN};
  EXPECT_EQ(code([&] { c->put(vectors); }), Code::Invalid);
  EXPECT_EQ(code([&] { c->put_many({make_document("a", "x"), make_document("a", "y")}); }), Code::Invalid);
  EXPECT_EQ(code([&] { c->set_settings({{"bm25", {{"b", 2}}}}); }), Code::Invalid);
  EXPECT_EQ(code([&] { c->document_text("nowhere"); }), Code::NotFound);
  EXPECT_EQ(c->document_count(), 0u);
}

TEST(StoreFolder, SaysWhatIsWrong) {
  base::TempFolder folder;
  try {
    Store::open(folder.path() / "none", {.read_only = true});
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::NotFound);
  }
  base::write_file_atomic(folder.path() / "hanok.db", std::string(10'000, 'x'));
  for (const bool read_only : {true, false}) {
    try {
      Store::open(folder.path(), {.read_only = read_only});
      FAIL();
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::Corrupt) << e.what();
    }
  }
}

}  // namespace
}  // namespace hanok::store
