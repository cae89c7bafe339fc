// Collections whose vectors are many enough for an index; the setting index.exact_below makes a thousand many.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <fstream>
#include <functional>
#include <set>
#include <thread>

#include "base/file.h"
#include "base/log.h"
#include "base/random.h"
#include "base/thread_time.h"
#include "hanok/context.h"
#include "store/ann_build.h"
#include "store/database.h"
#include "store/test_documents.h"
#include "store/test_records.h"

namespace hanok::store {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
constexpr size_t kDim = 32, kChunks = 10;
const VectorSpace kSpace{.fingerprint = "f", .model = "m", .dim = kDim, .chunker_version = 1};

// Vectors in loose groups, as sentences of one subject are.
std::vector<float> grouped_rows(base::Random& random, size_t rows) {
  base::Random centres(7);
  const auto centre = random_rows(centres, 20, kDim);
  auto out = random_rows(random, rows, kDim);
  for (size_t i = 0; i < rows; ++i) {
    const float* c = &centre[random.below(20) * kDim];
    for (size_t j = 0; j < kDim; ++j) out[i * kDim + j] += c[j];
  }
  return out;
}

NewDocument document(base::Random& random, int n) {
  std::string text;
  for (size_t i = 0; i < kChunks; ++i) text += "line " + std::to_string(n) + "\n";
  auto out = make_document("d" + std::to_string(n), text, {{"n", n}, {"tenth", n % 10 == 0}});
  out.vectors = grouped_rows(random, kChunks);
  return out;
}

void fill(Collection& c, base::Random& random, int from, int to) {
  std::vector<NewDocument> documents;
  for (int n = from; n < to; ++n) documents.push_back(document(random, n));
  c.put_many(std::move(documents));
}

// What a scan of all says: of a reader that is told of no index.
std::vector<Match> exact(const Collection& c, std::span<const float> query, size_t k, const Filter& filter = {}) {
  const auto ids = c.matching(filter);
  const auto scores = c.dense_scores(query, ids);
  std::vector<Match> out;
  for (size_t i = 0; i < ids.size(); ++i)
    if (!std::isnan(scores[i])) out.push_back({ids[i], scores[i]});
  std::sort(out.begin(), out.end(),
            [](const Match& a, const Match& b) { return a.score != b.score ? a.score > b.score : a.chunk < b.chunk; });
  out.resize(std::min(k, out.size()));
  return out;
}

bool same(const std::vector<Match>& a, const std::vector<Match>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Match& x, const Match& y) { return x.chunk == y.chunk && x.score == y.score; });
}

double recall(const std::vector<Match>& found, const std::vector<Match>& truth) {
  std::set<ChunkId> ids;
  for (const auto& m : found) ids.insert(m.chunk);
  size_t hits = 0;
  for (const auto& m : truth) hits += ids.count(m.chunk);
  return truth.empty() ? 1 : static_cast<double>(hits) / static_cast<double>(truth.size());
}

struct AnnTest : testing::TestWithParam<const char*> {
  base::TempFolder folder;
  std::unique_ptr<Store> store;
  std::shared_ptr<Collection> c;
  base::Random random{1};

  void open(const StoreOptions& options = {.background = false}) {
    store.reset();
    store = Store::open(folder.path(), options);
    c = store->collection("default", !options.read_only);
  }
  // An index over `documents` * 10 vectors.
  void filled(int documents, const std::string& type = "hnsw") {
    open();
    c->set_vector_space(kSpace);
    c->set_settings({{"index", {{"type", type}, {"exact_below", 1000}}}});
    fill(*c, random, 0, documents);
  }
  Json index() const { return c->statistics()["index"]; }
  std::vector<float> query() { return grouped_rows(random, 1); }
  double mean_recall(size_t k, const Filter& filter = {}) {
    double sum = 0;
    for (int i = 0; i < 30; ++i) {
      const auto q = query();
      const auto truth = exact(*c, q, k, filter), found = c->search_dense(q, k, filter);
      EXPECT_EQ(found.size(), truth.size());
      for (const auto& m : found) EXPECT_EQ(m.score, c->dense_scores(q, {&m.chunk, 1})[0]);
      sum += recall(found, truth);
    }
    return sum / 30;
  }
};

std::vector<base::fs::path> ann_files(const base::fs::path& folder) {
  std::vector<base::fs::path> out;
  for (const auto& entry : base::fs::directory_iterator(folder / "index"))
    if (entry.path().extension() == ".ann") out.push_back(entry.path());
  return out;
}

TEST(AnnStep, SaysWhatIsDue) {
  const AnnSettings few{"auto", 1000};
  EXPECT_EQ(ann_step(few, 8, 1000, nullptr), AnnStep::None);
  EXPECT_EQ(ann_step(few, 8, 1001, nullptr), AnnStep::Build);
  EXPECT_EQ(ann_step({"flat", 1000}, 8, 5000, nullptr), AnnStep::None);
  EXPECT_EQ(ann_step({}, 384, scanned_exactly(384, false), nullptr), AnnStep::None);
  AnnRow have;
  have.kind = "hnsw";
  add_range(have.covered, 1, 4000);
  EXPECT_EQ(ann_step(few, 8, 4000, &have), AnnStep::None);
  EXPECT_EQ(ann_step(few, 8, 4250, &have), AnnStep::None);
  EXPECT_EQ(ann_step(few, 8, 4251, &have), AnnStep::Extend) << "more than a quarter of 1000 came later";
  EXPECT_EQ(ann_step(few, 8, 6001, &have), AnnStep::Build) << "half as many again";
  EXPECT_EQ(ann_step(few, 8, 500, &have), AnnStep::Drop);
  EXPECT_EQ(ann_step({"flat", 1000}, 8, 4000, &have), AnnStep::Drop);
  EXPECT_EQ(ann_step({"ivf", 1000}, 8, 4000, &have), AnnStep::Build);
  have.skipped = 300;
  EXPECT_EQ(ann_step(few, 8, 4300, &have), AnnStep::None) << "zero vectors are never in an index";
  add_range(have.stale, 1, 501);
  EXPECT_EQ(ann_step(few, 8, 3799, &have), AnnStep::Extend) << "an eighth is stale";
}

TEST_P(AnnTest, FindsNearlyWhatAScanFinds) {
  filled(300, GetParam());
  EXPECT_EQ(index()["state"], "due");
  const auto q = query();
  EXPECT_TRUE(same(c->search_dense(q, 20), exact(*c, q, 20))) << "exact until there is an index";
  EXPECT_TRUE(c->build_index());
  EXPECT_FALSE(c->build_index()) << "nothing is due any more";
  EXPECT_EQ(index()["state"], "ready");
  EXPECT_NE(index()["kind"], "exact");
  EXPECT_EQ(index()["rows_in_index"], 3000);
  const Json promise = index()["promise"];
  EXPECT_EQ(promise["recall"], 0.99);
  EXPECT_EQ(promise["neighbours"], 50);
  ASSERT_EQ(promise["reached"].size(), 2u);
  for (const auto& group : promise["reached"]) EXPECT_GE(group["recall"].get<double>(), 0.99) << group;
  const Json few = index()["promise_for_few"];
  EXPECT_EQ(few["neighbours"], 10);
  ASSERT_EQ(few["reached"].size(), 2u);
  for (const auto& group : few["reached"]) EXPECT_GE(group["recall"].get<double>(), 0.99) << group;
  EXPECT_LE(index()["effort_for_few"], index()["effort"]);
  EXPECT_GE(mean_recall(10), 0.99);
  EXPECT_GE(mean_recall(50), 0.99);
  EXPECT_THAT(store->verify(), IsEmpty());
  open({.read_only = true});
  EXPECT_GE(mean_recall(10), 0.99);
}
INSTANTIATE_TEST_SUITE_P(Types, AnnTest, testing::Values("auto", "hnsw", "ivf"));

TEST(Efforts, GrowWithTheNumberOfNeighbours) {
  constexpr Efforts effort{40, 120};
  EXPECT_EQ(effort.of(1), 40u);
  EXPECT_EQ(effort.of(10), 40u);
  EXPECT_EQ(effort.of(30), 80u);
  EXPECT_EQ(effort.of(31), 82u);
  EXPECT_EQ(effort.of(50), 120u);
  EXPECT_EQ(effort.of(500), 120u);
  EXPECT_EQ((Efforts{9, 7}.of(20)), 9u) << "measured means have errors";
}

TEST_P(AnnTest, ThePromiseIsMeasuredAgainAsTheCollectionGrows) {
  filled(300, GetParam());
  c->build_index();
  EXPECT_LT(index()["promise"]["vectors"], 3000) << "some were left out when it was measured";
  fill(*c, random, 300, 390);  // extended; 900 more are enough to leave some out
  EXPECT_TRUE(c->build_index());
  EXPECT_EQ(index()["rows_in_index"], 3900);
  const Json promise = index()["promise"];
  EXPECT_GT(promise["vectors"], 3500);
  EXPECT_GE(mean_recall(50), 0.99);
  fill(*c, random, 390, 430);  // too few for that: the last one stands, with the size that it was measured at
  EXPECT_TRUE(c->build_index());
  EXPECT_EQ(index()["rows_in_index"], 4300);
  EXPECT_EQ(index()["promise"], promise);
  EXPECT_GE(mean_recall(50), 0.99);
  open({.read_only = true});
  EXPECT_EQ(index()["promise"], promise);
  EXPECT_EQ(index()["promise_for_few"]["vectors"], promise["vectors"]);
  open();
  c->set_settings({{"index", {{"type", "flat"}}}});
  c->build_index();
  EXPECT_FALSE(index().contains("promise"));
}

TEST_F(AnnTest, FiltersAlwaysGiveWhatThereIs) {
  filled(300);
  c->build_index();
  EXPECT_GE(mean_recall(10, Filter(Json{{"tenth", true}})), 0.99);
  EXPECT_GE(mean_recall(10, Filter(Json{{"tenth", false}})), 0.99);
  EXPECT_EQ(mean_recall(100, Filter(Json{{"n", 5}})), 1);
  EXPECT_EQ(c->search_dense(query(), 100, Filter(Json{{"n", 5}})).size(), kChunks);
  EXPECT_EQ(c->search_dense(query(), 100, Filter(Json{{"n", -5}})).size(), 0u);
  EXPECT_EQ(c->search_dense(query(), 10'000).size(), 3000u);
  EXPECT_EQ(c->search_dense(std::vector<float>(kDim, 0), 5).size(), 5u);
}

TEST_F(AnnTest, WhatCameLaterIsFoundAndWhatIsGoneIsNot) {
  filled(300);
  c->build_index();
  const auto generation = index()["generation"];
  fill(*c, random, 300, 320);
  for (int n = 0; n < 30; ++n) c->remove("d" + std::to_string(n));
  fill(*c, random, 40, 50);  // replaced
  const auto ids = c->chunk_ids(c->find("d100")->id);
  const auto up = grouped_rows(random, 1);
  c->put_vectors(kSpace, std::vector<ChunkId>{ids[4]}, up);
  EXPECT_EQ(c->search_dense(up, 1).at(0).chunk, ids[4]);
  EXPECT_EQ(index()["generation"], generation) << "nothing was built";
  EXPECT_EQ(index()["rows_in_index"], 3000 - 300 - 100 - 1);
  EXPECT_EQ(index()["rows_beside"], 200 + 100 + 1);
  EXPECT_GE(mean_recall(10), 0.99);
  EXPECT_EQ(c->search_dense(query(), 10'000).size(), c->chunk_count());
  EXPECT_THAT(store->verify(), IsEmpty());

  EXPECT_EQ(index()["state"], "due");
  EXPECT_TRUE(c->build_index());
  EXPECT_EQ(index()["rows_beside"], 0);
  EXPECT_GT(index()["generation"], generation);
  EXPECT_EQ(c->search_dense(up, 1).at(0).chunk, ids[4]);
  EXPECT_GE(mean_recall(10), 0.99);
  EXPECT_EQ(ann_files(folder.path()).size(), 1u);
  EXPECT_THAT(store->verify(), IsEmpty());
  c->compact();  // also out of the file
  EXPECT_GE(mean_recall(10), 0.99);
  EXPECT_THAT(store->verify(), IsEmpty());
}

TEST_F(AnnTest, ZeroVectorsAreScanned) {
  filled(150);
  auto zeros = make_document("zeros", "a\nb\nc");
  zeros.vectors.assign(3 * kDim, 0);
  c->put(zeros);
  c->build_index();
  EXPECT_EQ(index()["rows_beside"], 3);
  EXPECT_EQ(index()["state"], "ready");
  EXPECT_EQ(c->search_dense(query(), 10'000).size(), 1503u);
  EXPECT_THAT(store->verify(), IsEmpty());
}

TEST_F(AnnTest, SettingsChooseTheKind) {
  filled(150);
  c->build_index();
  EXPECT_EQ(index()["kind"], "hnsw");
  const auto set = [&](Json about) { c->set_settings({{"index", std::move(about)}}); };
  set({{"type", "ivf"}, {"exact_below", 1000}});
  EXPECT_EQ(index()["state"], "due");
  c->build_index();
  EXPECT_EQ(index()["kind"], "ivf");
  set({{"type", "flat"}});
  EXPECT_TRUE(c->build_index());
  EXPECT_EQ(index()["kind"], "exact");
  EXPECT_THAT(ann_files(folder.path()), IsEmpty());
  set(Json::object());
  EXPECT_FALSE(c->build_index()) << "a scan of so few is fast";
  for (const Json& bad : {Json{{"type", "best"}}, Json{{"type", 3}}, Json{{"exact_below", -1}}, Json{{"ef", 0.5}},
                          Json{{"M", 16}}, Json("hnsw")}) {
    try {
      set(bad);
      FAIL() << bad;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::Invalid) << e.what();
    }
  }
}

TEST_F(AnnTest, AWalkIsAsWideAsTheSettingsSay) {
  filled(300);
  c->build_index();
  const Json before = index();
  const auto set = [&](size_t ef) {
    c->set_settings({{"index", {{"type", "hnsw"}, {"exact_below", 1000}, {"ef", ef}}}});
  };
  set(5000);  // all of it
  EXPECT_FALSE(c->build_index()) << "searches alone are other";
  EXPECT_EQ(index()["effort"], 5000);
  EXPECT_EQ(index()["effort_for_few"], 5000);
  EXPECT_FALSE(index().contains("promise")) << "it was measured with another effort";
  EXPECT_EQ(mean_recall(10), 1);
  open({.read_only = true});
  EXPECT_EQ(mean_recall(10), 1);
  open();
  set(0);
  EXPECT_EQ(index(), before);
}

TEST_F(AnnTest, WhatASearchLooksAtInOneKindSaysNothingOfAnother) {
  filled(40);  // too few for a measurement
  const auto effort_as = [&](const char* type) {
    c->set_settings({{"index", {{"type", type}, {"exact_below", 100}}}});
    EXPECT_TRUE(c->build_index());
    EXPECT_EQ(index()["kind"], type);
    return index()["effort"].get<size_t>();
  };
  const size_t nodes = effort_as("hnsw"), cells = effort_as("ivf");
  EXPECT_LT(cells, nodes);
  EXPECT_EQ(effort_as("hnsw"), nodes);
}

TEST_F(AnnTest, AnotherModelGetsAnIndexOfItsOwn) {
  filled(150);
  c->build_index();
  const VectorSpace other{.fingerprint = "g", .model = "other", .dim = 8, .chunker_version = 1};
  c->set_vector_space(other);
  EXPECT_GE(mean_recall(10), 0.99) << "the old space answers";
  for (;;) {
    const auto ids = c->missing_vectors(other, 400);
    if (ids.empty()) break;
    c->put_vectors(other, ids, random_rows(random, ids.size(), 8));
  }
  EXPECT_EQ(index()["kind"], "exact");
  const auto q = random_rows(random, 1, 8);
  EXPECT_TRUE(same(c->search_dense(q, 10), exact(*c, q, 10)));
  EXPECT_TRUE(c->build_index());
  EXPECT_GE(recall(c->search_dense(q, 10), exact(*c, q, 10)), 0.9);
  open();
  EXPECT_EQ(ann_files(folder.path()).size(), 1u);
  EXPECT_THAT(store->verify(), IsEmpty());
}

TEST_F(AnnTest, ALostOrDamagedFileIsSaidAndBuiltAgain) {
  filled(150);
  c->build_index();
  const auto q = query();
  const auto level = base::log().level();
  base::log().set_level(spdlog::level::off);
  using Damage = std::function<void(const base::fs::path&)>;
  const std::vector<Damage> damages = {
      [](const base::fs::path& f) { base::fs::remove(f); },
      [](const base::fs::path& f) { base::fs::resize_file(f, base::fs::file_size(f) / 2); },
      [](const base::fs::path& f) { base::write_file_atomic(f, "not an index"); },
      [&](const base::fs::path& f) {  // a sound file of other vectors
        auto other = index::make("flat", {.dim = kDim, .metric = index::Metric::Cosine});
        other->add(std::vector<index::Id>{1}, random_rows(random, 1, kDim));
        other->save(f);
      },
      [](const base::fs::path& f) {
        std::fstream file(f, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(static_cast<std::streamoff>(base::fs::file_size(f) * 2 / 3));
        file.put('\x5a').put('\x33');
      }};
  for (const auto& damage : damages) {
    store.reset();
    damage(ann_files(folder.path()).at(0));
    open({.read_only = true});
    EXPECT_FALSE(store->verify().empty());
    EXPECT_TRUE(same(c->search_dense(q, 20), exact(*c, q, 20))) << "a reader scans";
    open();
    EXPECT_EQ(index()["state"], "due");
    EXPECT_TRUE(same(c->search_dense(q, 20), exact(*c, q, 20)));
    EXPECT_TRUE(c->build_index());
    EXPECT_EQ(index()["state"], "ready");
    EXPECT_THAT(store->verify(), IsEmpty());
  }
  base::log().set_level(level);
}

TEST_F(AnnTest, WhatACrashLeftHalfBuiltIsForgotten) {
  filled(150);
  c->build_index();
  store.reset();
  {
    Database db(folder.path() / "hanok.db", Database::Mode::Write);
    db.run("INSERT INTO ann(id, space, generation, file) SELECT 999, space, generation, '1-999.ann' FROM ann");
  }
  base::write_file_atomic(folder.path() / "index" / "1-999.ann", "half");
  base::write_file_atomic(folder.path() / "index" / "1-999.ann.tmp-abcdef", "half");
  open({.read_only = true});
  EXPECT_EQ(index()["state"], "building");
  open();
  EXPECT_EQ(index()["state"], "ready");
  EXPECT_EQ(ann_files(folder.path()).size(), 1u);
  EXPECT_FALSE(base::fs::exists(folder.path() / "index" / "1-999.ann.tmp-abcdef"));
}

TEST_F(AnnTest, AFailedBuildLeavesTheOldIndex) {
  filled(150);
  c->build_index();
  const auto before = index();
  fill(*c, random, 150, 400);
  for (const auto& fail : std::vector<std::function<void()>>{[] { throw std::bad_alloc(); },
                                                             [] { throw Error(Code::Cancelled, "enough"); },
                                                             // of the caller's own: no file of ours is lost
                                                             [] { throw Error(Code::NotFound, "no such page"); }}) {
    try {
      const Context::Scope scope(Context().with_progress([&](const Progress&) { fail(); }));
      c->build_index();
      FAIL();
    } catch (const Error& e) {
      EXPECT_TRUE(e.code() == Code::Exhausted || e.code() == Code::Cancelled || e.code() == Code::NotFound) << e.what();
    }
    EXPECT_EQ(index()["file"], before["file"]);
    EXPECT_EQ(index()["state"], "due");
    EXPECT_EQ(ann_files(folder.path()).size(), 1u);
    EXPECT_GE(mean_recall(10), 0.99);
  }
  EXPECT_TRUE(c->build_index());
  EXPECT_GE(mean_recall(10), 0.99);
  EXPECT_THAT(store->verify(), IsEmpty());
}

TEST_F(AnnTest, BuildsInTheBackgroundWhileOneWritesAndOthersRead) {
  filled(0);
  open();
  c->set_settings({{"index", {{"type", "hnsw"}, {"exact_below", 500}}}});
  open({});
  std::atomic<bool> stop{false};
  std::atomic<size_t> reads{0};
  const auto reader = [&](uint64_t seed, const Collection& from) {
    base::Random mine(seed);
    while (!stop) {
      const size_t least = from.chunk_count();
      EXPECT_GE(from.search_dense(grouped_rows(mine, 1), 100'000).size(), std::min<size_t>(least, 300));
      const auto few = from.search_dense(grouped_rows(mine, 1), 10);
      for (size_t i = 1; i < few.size(); ++i) EXPECT_GE(few[i - 1].score, few[i].score);
      ++reads;
    }
  };
  const auto other = Store::open(folder.path(), {.read_only = true});
  fill(*c, random, 0, 30);
  std::vector<std::thread> threads;
  threads.emplace_back(reader, 11, std::cref(*c));
  threads.emplace_back(reader, 12, std::cref(*other->collection("default")));
  for (int round = 0; round < 40 || reads < 20; ++round) {
    fill(*c, random, 30 + round * 4 % 160, 34 + round * 4 % 160);
    if (round % 5 == 4) c->remove("d" + std::to_string(30 + round));
  }
  stop = true;
  for (auto& t : threads) t.join();
  c->build_index();
  EXPECT_EQ(index()["kind"], "hnsw");
  EXPECT_GE(mean_recall(10), 0.99);
  EXPECT_THAT(store->verify(), IsEmpty());
  EXPECT_EQ(ann_files(folder.path()).size(), 1u);
}

// A clock that says what a scan and what the index takes, one after the other, each time that they are measured.
struct CostClock {
  double scan, index;
  std::array<double, 4> times() const { return {0, scan, 0, index}; }
  std::function<double()> clock() const {
    return [times = times(), asked = size_t{0}]() mutable { return times[asked++ % times.size()]; };
  }
};

// So wide that few are many.
struct ScanTest : testing::Test {
  static constexpr size_t kWide = 8000;
  base::TempFolder folder;
  std::unique_ptr<Store> store = Store::open(folder.path(), {.background = false});
  std::shared_ptr<Records> c = store->catalog().create({.name = "c", .metric = Metric::Cosine});
  base::Random random{1};

  void add(size_t from, size_t to) {
    std::vector<Record> batch;
    for (size_t i = from; i < to; ++i) batch.push_back(record(std::to_string(i), random_rows(random, 1, kWide)));
    c->write(WriteMode::Replace, std::move(batch));
  }
  Json index() const { return store->collection("c")->statistics()["index"]; }
  bool build(CostClock cost) {
    const base::FakeThreadTime time(cost.clock());
    return store->collection("c")->build_index();
  }
};

TEST_F(ScanTest, WhereItIsFasterThereIsNoIndexUntilThereAreManyMore) {
  add(0, 1200);
  EXPECT_EQ(index()["state"], "due");
  EXPECT_TRUE(build({.scan = 1, .index = 2}));
  EXPECT_EQ(index()["kind"], "exact");
  EXPECT_EQ(index()["state"], "exact");
  EXPECT_EQ(index()["scan"]["vectors"], 1200);
  EXPECT_THAT(index()["scan"]["why"].get<std::string>(), HasSubstr("us of a core by hnsw"));
  EXPECT_FALSE(base::fs::exists(folder.path() / "index") && !ann_files(folder.path()).empty());
  EXPECT_FALSE(store->collection("c")->build_index()) << "nothing is due";
  EXPECT_THAT(store->verify(), IsEmpty());
  add(1200, 1800);
  EXPECT_EQ(index()["state"], "exact");
  add(1800, 1801);  // half as many again
  EXPECT_EQ(index()["state"], "due");
}

TEST_F(AnnTest, AnIndexThatIsBuiltEndsTheTimeOfScans) {
  filled(150);
  store.reset();
  {
    Database db(folder.path() / "hanok.db", Database::Mode::Write);
    const auto collection = db.number("SELECT collection FROM space");
    keep_scan_wins(db, collection, db.number("SELECT id FROM space"), ScanWins{1200, "so it was"});
  }
  open();
  c->set_settings(Json::object());
  EXPECT_EQ(index()["scan"], (Json{{"vectors", 1200}, {"why", "so it was"}}));
  c->set_settings({{"index", {{"type", "hnsw"}, {"exact_below", 1000}}}});
  EXPECT_TRUE(c->build_index());
  EXPECT_EQ(index()["kind"], "hnsw");
  c->set_settings({{"index", {{"type", "flat"}}}});
  EXPECT_TRUE(c->build_index());
  EXPECT_FALSE(index().contains("scan"));
}

TEST_F(AnnTest, ClosingDoesNotWaitForTheBackgroundToFinish) {
  filled(400);
  open({});  // starts to build, and is closed at once
  open();
  EXPECT_THAT(store->verify(), IsEmpty());
  EXPECT_TRUE(index()["state"] == "due" || index()["state"] == "ready") << index();
}

}  // namespace
}  // namespace hanok::store
