// Which script every chunk is in, what the vectors of a script have in common, and searching one script.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/file.h"
#include "base/random.h"
#include "hanok/records.h"
#include "store/database.h"
#include "store/script_means.h"
#include "store/test_documents.h"

namespace hanok::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using text::Script;

constexpr size_t kDim = 8;
const VectorSpace kSpace{.fingerprint = "f", .model = "m", .dim = kDim, .chunker_version = 1};

// A line in one script after another: by chance, for the given seed.
NewDocument mixed(base::Random& random, int n, size_t lines) {
  std::string text;
  for (size_t i = 0; i < lines; ++i) {
    const std::string number = std::to_string(n);
    const std::string choice[] = {"english line " + number, "한국어 문장 " + number,
                                  "russisch: русская строка " + number, number + " | 12"};
    text += choice[random.below(4)] + "\n";
  }
  auto out = make_document("d" + std::to_string(n), text, {{"n", n}, {"even", n % 2 == 0}});
  out.vectors = random_rows(random, lines, kDim);
  return out;
}

// The slow, clear version: every text is read, every vector asked for by the cosines with the axes.
std::vector<ScriptMean> slow_means(const Snapshot& snapshot) {
  std::vector<ScriptMean> out;
  for (size_t s = 0; s < text::kScripts; ++s) {
    ScriptMean mean{.script = static_cast<Script>(s), .mean = std::vector<float>(kDim)};
    std::vector<ChunkId> ids;
    for (const auto& chunk : snapshot.chunks(snapshot.matching({})))
      if (text::script_of(chunk.text) == mean.script) ids.push_back(chunk.id);
    for (size_t d = 0; d < kDim; ++d) {
      std::vector<float> axis(kDim);
      axis[d] = 1;
      const auto values = snapshot.dense_scores(axis, ids);
      mean.vectors = 0;
      for (const float v : values)
        if (!std::isnan(v)) mean.mean[d] += v, ++mean.vectors;
      if (mean.vectors) mean.mean[d] /= static_cast<float>(mean.vectors);
    }
    if (mean.vectors) out.push_back(mean);
  }
  return out;
}

void expect_same_means(const Snapshot& snapshot) {
  const auto expected = slow_means(snapshot), found = snapshot.script_means();
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].script, expected[i].script);
    EXPECT_EQ(found[i].vectors, expected[i].vectors);
    for (size_t d = 0; d < kDim; ++d) EXPECT_NEAR(found[i].mean[d], expected[i].mean[d], 1e-5);
  }
}

TEST(Scripts, MeansFollowEveryWrite) {
  base::TempFolder folder;
  base::Random random(1);
  const auto store = Store::open(folder.path());
  const auto c = store->collection("c", true);
  EXPECT_THAT(c->snapshot()->script_means(), IsEmpty());  // no vectors
  c->set_vector_space(kSpace);
  EXPECT_THAT(c->snapshot()->script_means(), IsEmpty());
  for (int n = 0; n < 20; ++n) c->put(mixed(random, n, 30));
  ASSERT_EQ(c->snapshot()->script_means().size(), 4u);
  expect_same_means(*c->snapshot());
  const auto before = c->snapshot();
  const auto kept = before->script_means();
  c->put(mixed(random, 3, 200));  // replaced
  const std::vector<std::string> gone = {"d0", "d1", "d2"};
  c->remove_many(gone);
  auto words = mixed(random, 99, 10);
  words.vectors.clear();
  c->put(words);  // without vectors
  expect_same_means(*c->snapshot());
  EXPECT_EQ(before->script_means()[0].mean, kept[0].mean);  // a snapshot stays what it was
  c->compact();
  expect_same_means(*c->snapshot());
  EXPECT_THAT(store->verify(), IsEmpty());
}

TEST(Scripts, OfManyPassagesSomeStandForAll) {
  base::TempFolder folder;
  base::Random random(2);
  const auto store = Store::open(folder.path());
  const auto c = store->collection("c", true);
  c->set_vector_space(kSpace);
  std::string text;
  const size_t lines = 3 * kMeanSample;
  for (size_t i = 0; i < lines; ++i) text += "line\n";
  auto d = make_document("d", text);
  d.vectors = random_rows(random, lines, kDim);
  for (size_t i = 0; i < lines; ++i) d.vectors[i * kDim] += 2;
  c->put(d);
  const auto found = c->snapshot()->script_means();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].script, Script::Latin);
  EXPECT_EQ(found[0].vectors, lines);
  const auto all = slow_means(*c->snapshot());
  // Each value of a unit row deviates by some .35, so the mean of 1,024 by .35 / 32.
  for (size_t i = 0; i < kDim; ++i) EXPECT_NEAR(found[0].mean[i], all[0].mean[i], 4 * .35 / 32);
}

class ScriptSearch : public testing::TestWithParam<const char*> {};

TEST_P(ScriptSearch, FindsWhatAScanOfThatScriptFinds) {
  base::TempFolder folder;
  base::Random random(3);
  const auto store = Store::open(folder.path(), {.background = false});
  const auto c = store->collection("c", true);
  c->set_settings({{"index", {{"type", GetParam()}, {"exact_below", 100}}}});
  c->set_vector_space(kSpace);
  for (int n = 0; n < 40; ++n) c->put(mixed(random, n, 50));
  c->build_index();
  for (int n = 40; n < 44; ++n) c->put(mixed(random, n, 10));
  const auto snapshot = c->snapshot();
  const Filter filters[] = {Filter(), Filter(Json{{"even", true}}), Filter(Json{{"n", {{"$lt", 3}}}}),
                            Filter(Json{{"n", {{"$gt", 1000}}}})};
  size_t wanted = 0, same = 0;
  for (const Script script : {Script::Other, Script::Latin, Script::Hangul, Script::Cyrillic, Script::Thai})
    for (const auto& filter : filters) {
      const auto query = random_rows(random, 1, kDim);
      std::vector<Match> expected;
      const auto ids = snapshot->matching(filter);
      const auto scores = snapshot->dense_scores(query, ids);
      const auto scripts = snapshot->scripts_of(ids);
      for (size_t i = 0; i < ids.size(); ++i)
        if (scripts[i] == script) expected.push_back({ids[i], scores[i]});
      std::sort(expected.begin(), expected.end(), [](const Match& a, const Match& b) { return a.score > b.score; });
      expected.resize(std::min<size_t>(10, expected.size()));
      const auto found = snapshot->search_dense(query, 10, filter, script);
      ASSERT_EQ(found.size(), expected.size());
      for (const auto& m : found)
        same += std::any_of(expected.begin(), expected.end(), [&](const Match& e) { return e.chunk == m.chunk; });
      wanted += expected.size();
    }
  EXPECT_GT(wanted, 100u);
  EXPECT_GE(static_cast<double>(same), .98 * static_cast<double>(wanted));
}

INSTANTIATE_TEST_SUITE_P(Indexes, ScriptSearch, testing::Values("flat", "hnsw", "ivf"));

TEST(Scripts, AnOlderFolderIsReadOnceWhenItIsOpenedForWriting) {
  base::TempFolder folder;
  base::Random random(4);
  {
    const auto store = Store::open(folder.path());
    for (const char* name : {"a", "b"}) {
      const auto c = store->collection(name, true);
      c->set_vector_space(kSpace);
      for (int n = 0; n < 5; ++n) c->put(mixed(random, n, 20));
    }
  }
  Database(folder.path() / "hanok.db", Database::Mode::Write)
      .script(std::string(kBackToVersion3) +
              "DROP TABLE script; DELETE FROM migration WHERE version = 3; PRAGMA user_version=2");
  {
    const auto store = Store::open(folder.path());  // neither collection is opened
    EXPECT_THAT(store->verify(), IsEmpty());
    EXPECT_NE(store->catalog().find("a")->uuid(), store->catalog().find("b")->uuid());
  }
  const auto store = Store::open(folder.path(), {.read_only = true});
  for (const char* name : {"a", "b"}) expect_same_means(*store->collection(name)->snapshot());
}

TEST(Scripts, AnOlderExportIsImported) {
  base::TempFolder folder;
  base::Random random(7);
  const auto store = Store::open(folder.path() / "data");
  const auto c = store->collection("c", true);
  c->set_vector_space(kSpace);
  for (int n = 0; n < 5; ++n) c->put(mixed(random, n, 20));
  const auto file = folder.path() / "c.hanok";
  store->export_collection("c", file);
  Database(file, Database::Mode::Write)
      .script(std::string(kBackToVersion3) + "DROP TABLE script; DROP TABLE ann; PRAGMA user_version=1");
  store->import_collection(file, "copy");
  expect_same_means(*store->collection("copy")->snapshot());
  EXPECT_EQ(store->collection("copy")->chunk_count(), c->chunk_count());
  EXPECT_THAT(store->verify(), IsEmpty());
}

TEST(Scripts, WhatDiffersFromTheTextsIsFoundAndMended) {
  base::TempFolder folder;
  base::Random random(5);
  {
    const auto store = Store::open(folder.path());
    const auto c = store->collection("c", true);
    c->set_vector_space(kSpace);
    for (int n = 0; n < 5; ++n) c->put(mixed(random, n, 20));
  }
  const auto damage = [&](const char* sql) { Database(folder.path() / "hanok.db", Database::Mode::Write).script(sql); };
  for (const char* sql :
       {"DELETE FROM script WHERE script = 2", "UPDATE script SET chunks = x'00112233' WHERE script = 1",
        "UPDATE script SET script = 77 WHERE script = 1"}) {
    damage(sql);
    {
      const auto reader = Store::open(folder.path(), {.read_only = true});
      EXPECT_THAT(reader->verify(), ElementsAre(HasSubstr("script"))) << sql;
    }
    const auto writer = Store::open(folder.path());
    writer->collection("c");
    EXPECT_THAT(writer->verify(), IsEmpty()) << sql;
    expect_same_means(*writer->collection("c")->snapshot());
  }
}

TEST(Scripts, LongIdsCrossBlocks) {
  base::TempFolder folder;
  base::Random random(6);
  const auto store = Store::open(folder.path());
  const auto c = store->collection("c", true);
  Database(folder.path() / "hanok.db", Database::Mode::Write)
      .script("UPDATE counter SET next = 65530 WHERE name = 'chunk'");
  c->set_vector_space(kSpace);
  for (int n = 0; n < 4; ++n) c->put(mixed(random, n, 10));
  expect_same_means(*c->snapshot());
  c->remove("d0");
  expect_same_means(*c->snapshot());
  EXPECT_THAT(store->verify(), IsEmpty());
}

}  // namespace
}  // namespace hanok::store
