// A snapshot is one generation, whatever is written meanwhile and whoever reads beside it.
#include "store/snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/random.h"
#include "store/test_documents.h"

namespace hanok::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr size_t kDim = 4;
const VectorSpace kSpace{.fingerprint = "f", .model = "m", .dim = kDim, .chunker_version = 1};
const VectorSpace kNext{.fingerprint = "g", .model = "n", .dim = 2 * kDim, .chunker_version = 1};
const Filter kNotX(Json{{"tenant", {{"$ne", "x"}}}});

class SnapshotTest : public testing::Test {
 protected:
  NewDocument document(const std::string& path, const std::string& text, const std::string& tenant) {
    auto out = make_document(path, text, {{"tenant", tenant}});
    out.vectors = random_rows(random, out.chunks.size(), kDim);
    return out;
  }
  std::vector<std::string> index_files() const {
    std::vector<std::string> out;
    for (const auto& entry : fs::directory_iterator(folder.path() / "index"))
      out.push_back(entry.path().filename().string());
    return out;
  }
  void SetUp() override { c->set_vector_space(kSpace); }

  base::TempFolder folder;
  base::Random random{1};
  std::unique_ptr<Store> store = Store::open(folder.path());
  std::shared_ptr<Collection> c = store->collection("c", true);
};

TEST_F(SnapshotTest, SeesNothingOfLaterWrites) {
  c->put(document("a", "red tiles\nblue tiles", "x"));
  c->put(document("b", "grey tiles", "y"));
  const auto before = c->snapshot();
  c->put(document("a", "green walls", "y"));
  c->remove("b");
  c->put(document("d", "more tiles", "x"));
  c->set_settings({{"bm25", {{"k1", 2.0}}}});
  c->compact();
  EXPECT_EQ(c->search_keyword("tiles", 9).size(), 1u);

  EXPECT_LT(before->generation(), c->snapshot()->generation());
  EXPECT_THAT(before->search_keyword("tiles", 9), SizeIs(3));
  EXPECT_THAT(before->search_dense(std::vector<float>{1, 0, 0, 0}, 9), SizeIs(3));
  EXPECT_EQ(before->document_text("a"), "red tiles\nblue tiles");
  EXPECT_TRUE(before->find("b"));
  EXPECT_FALSE(before->find("d"));
  EXPECT_EQ(before->chunk_count(), 3u);
  EXPECT_EQ(before->settings(), Json::object());
  EXPECT_THAT(before->missing_vectors(kSpace, 9), IsEmpty());
}

// A reader of a newer generation came first: what it left behind must not reach an older one.
TEST_F(SnapshotTest, ANegatedFilterIsTakenFromItsOwnGeneration) {
  c->put(document("a", "tiles", "y"));
  const auto older = c->snapshot();
  c->put(document("secret", "tiles", "x"));
  const auto newer = c->snapshot();
  const auto allowed = newer->matching(kNotX);
  EXPECT_EQ(older->matching(kNotX), allowed) << "the chunk of tenant x is not there yet, and must not be let through";
  EXPECT_THAT(older->search_keyword("tiles", 9, kNotX), SizeIs(1));
  EXPECT_THAT(older->search_keyword("tiles", 9), SizeIs(1)) << "nor is it found";
  EXPECT_THAT(older->search_dense(std::vector<float>{1, 0, 0, 0}, 9), SizeIs(1));
  EXPECT_THAT(newer->search_keyword("tiles", 9, kNotX), SizeIs(1));
  EXPECT_THAT(newer->search_keyword("tiles", 9), SizeIs(2));
}

TEST_F(SnapshotTest, WhichVectorsAreMissingIsOfItsOwnGeneration) {
  c->put(document("a", "tiles\nwalls", "y"));
  c->set_vector_space(kNext);
  const auto none = c->snapshot();
  const auto ids = none->missing_vectors(kNext, 9);
  ASSERT_THAT(ids, SizeIs(2));
  c->put_vectors(kNext, std::span(ids).first(1), random_rows(random, 1, 2 * kDim));
  EXPECT_THAT(c->missing_vectors(kNext, 9), ElementsAre(ids[1]));
  EXPECT_EQ(none->missing_vectors(kNext, 9), ids);
}

TEST_F(SnapshotTest, AChangeOfTheModelDoesNotReachIt) {
  c->put(document("a", "tiles", "y"));
  c->set_vector_space(kNext);
  const auto before = c->snapshot();
  const auto ids = before->missing_vectors(kNext, 9);
  c->put_vectors(kNext, ids, random_rows(random, 1, 2 * kDim));
  EXPECT_EQ(c->vector_space()->dim, 2 * kDim);
  EXPECT_EQ(before->vector_space()->dim, kDim);
  EXPECT_THAT(before->search_dense(std::vector<float>{1, 0, 0, 0}, 9), SizeIs(1));
  EXPECT_THROW(before->search_dense(std::vector<float>(2 * kDim, 1), 9), Error);
}

TEST_F(SnapshotTest, FilesThatItNamesStayUntilItEnds) {
  for (int i = 0; i < 12; ++i) c->put(document("d" + std::to_string(i), random_text(random, 400), "x"));
  c->compact();
  const auto files = index_files();
  ASSERT_FALSE(files.empty());
  auto before = c->snapshot();
  c->remove("d3");
  c->compact();
  for (const auto& file : files) EXPECT_THAT(index_files(), testing::Contains(file));
  EXPECT_THAT(before->search_keyword("word1", 100), SizeIs(100)) << "from the files, for the first time only now";
  EXPECT_EQ(before->matching(Filter()).size(), 4800u);
  before.reset();
  for (const auto& file : files) EXPECT_THAT(index_files(), testing::Not(testing::Contains(file)));
  EXPECT_THAT(store->verify(), IsEmpty());
}

TEST_F(SnapshotTest, OutlivesItsCollectionAndItsStore) {
  c->put(document("a", "tiles", "y"));
  const auto snapshot = c->snapshot();
  const std::weak_ptr<Collection> watched = c;
  EXPECT_TRUE(store->drop("c"));
  EXPECT_THROW(c->snapshot(), Error);
  EXPECT_THROW(c->put(document("b", "x", "y")), Error);
  c.reset();
  EXPECT_TRUE(watched.expired()) << "nobody holds a dropped collection but its users";
  EXPECT_THAT(snapshot->search_keyword("tiles", 9), SizeIs(1));
  const auto other = store->collection("other", true);
  store.reset();
  EXPECT_THAT(snapshot->search_dense(std::vector<float>{1, 0, 0, 0}, 9), SizeIs(1));
  EXPECT_EQ(snapshot->document_text("a"), "tiles");
  EXPECT_EQ(other->document_count(), 0u);
  EXPECT_THROW(other->put(document("b", "x", "y")), Error) << "the store is closed";
  store = Store::open(folder.path());
  EXPECT_THAT(store->verify(), IsEmpty());
}

}  // namespace
}  // namespace hanok::store
