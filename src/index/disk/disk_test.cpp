#include "index/disk/disk.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <set>

#include "base/file.h"
#include "base/test_error.h"
#include "hanok/context.h"
#include "index/conformance.h"
#include "index/tune.h"

namespace hanok::index {
namespace {

using namespace conformance;
namespace fs = std::filesystem;

constexpr size_t kDim = 24;

VectorSource source_of(const std::vector<float>& x, size_t dim = kDim) {
  return {.rows = x.size() / dim,
          .read = [&x, dim](size_t first, size_t n, float* out) { std::copy_n(&x[first * dim], n * dim, out); }};
}

double recall(const Index& index, const Index& exact, std::span<const float> queries, const SearchOptions& options) {
  const size_t dim = index.options().dim, n = queries.size() / dim;
  size_t hits = 0;
  for (size_t i = 0; i < n; ++i) {
    std::set<Id> truth;
    for (const Match& m : exact.search(queries.subspan(i * dim, dim), 10)) truth.insert(m.id);
    for (const Match& m : index.search(queries.subspan(i * dim, dim), 10, options)) hits += truth.count(m.id);
  }
  return static_cast<double>(hits) / static_cast<double>(10 * n);
}

class DiskFile : public ::testing::Test {
 protected:
  std::unique_ptr<Index> built(const std::vector<float>& x, Options options) {
    build_disk(file(), options, source_of(x, options.dim));
    return open(file());
  }
  std::unique_ptr<Index> exact(const std::vector<float>& x, const Options& options) {
    auto out = make("flat", {.dim = options.dim, .metric = options.metric});
    out->add(range(0, x.size() / options.dim), x);
    return out;
  }
  fs::path file(const char* name = "a.idx") const { return folder_.path() / name; }
  base::TempFolder folder_;
};

TEST_F(DiskFile, FindsWhatAScanFinds) {
  const auto x = rows(6000, kDim, 1), queries = rows(60, kDim, 2);
  for (const Metric metric : {Metric::L2, Metric::InnerProduct, Metric::Cosine}) {
    SCOPED_TRACE(static_cast<int>(metric));
    const Options options{.dim = kDim, .metric = metric, .set = {{"degree", "32"}}};
    const auto index = built(x, options);
    const auto truth = exact(x, options);
    EXPECT_EQ(index->kind(), "disk");
    EXPECT_EQ(index->size(), 6000u);
    EXPECT_GE(recall(*index, *truth, queries, {}), 0.99);
    EXPECT_GE(recall(*index, *truth, queries, {.ef = 20}), 0.85);
    const auto found = index->search(std::span(queries).first(kDim), 10, {.ef = 300});
    const auto same = truth->search(std::span(queries).first(kDim), 10);
    for (size_t i = 0; i < 10; ++i) {
      EXPECT_EQ(found[i].id, same[i].id);
      EXPECT_NEAR(found[i].distance, same[i].distance, 1e-4 * std::abs(same[i].distance));
    }
  }
}

TEST_F(DiskFile, ASearchAsWideAsItGetsIsExact) {
  const auto x = rows(3000, kDim, 1), queries = rows(60, kDim, 2);
  const auto index = built(x, {.dim = kDim});
  const auto truth = exact(x, {.dim = kDim});
  const auto even = IdFilter::when([](Id id) { return id % 2 == 0; });
  for (size_t i = 0; i < 60; ++i) {
    const auto query = std::span(queries).subspan(i * kDim, kDim);
    for (const IdFilter* filter : {static_cast<const IdFilter*>(nullptr), &even})
      EXPECT_EQ(index->search(query, 1, {.ef = SIZE_MAX / 4 + 1, .filter = filter})[0].id,
                truth->search(query, 1, {.filter = filter})[0].id);
  }
}

// What the kind is for: of rows of 384 floats memory has codes of 128 bytes and a byte, and rows stay in the file.
TEST_F(DiskFile, MemoryHasCodesAndNoRows) {
  constexpr size_t kWide = 384, kRows = 2000;
  const auto x = rows(kRows, kWide, 1);
  const auto index = built(x, {.dim = kWide, .set = {{"degree", "32"}}});
  const auto statistics = index->statistics();
  const size_t learnt =
      4 * kWide * (2 * kWide + 17) + 4 * 1024 + (2 << 20);  // axes twice, codebooks, entries; slack of a huge page
  EXPECT_LE(std::stoul(statistics.at("bytes_resident")), kRows * 129 + learnt);
  EXPECT_GE(std::stoul(statistics.at("bytes_mapped")), kRows * (kWide * 4 + 32 * 4));
  EXPECT_EQ(statistics.at("code_bytes"), "128");
  EXPECT_EQ(statistics.at("nodes_a_page"), "2");
}

TEST(DiskNodes, LieInPagesThatTheyNeedNotCross) {
  const NodeLayout two{64, 384 * 4}, many{16, 32}, large{64, 8192};
  EXPECT_EQ(two.nodes_a_page(), 2u);
  EXPECT_EQ(two.place(1) / NodeLayout::kPage, 0u);
  EXPECT_EQ(two.place(2), NodeLayout::kPage);
  EXPECT_EQ(two.bytes(3), 2 * NodeLayout::kPage);
  EXPECT_EQ(many.nodes_a_page(), 4096 / 112u);
  EXPECT_EQ(large.pages_a_node(), 3u);
  EXPECT_EQ(large.place(2), 6 * NodeLayout::kPage);
  for (const NodeLayout& layout : {two, many})
    for (uint64_t node = 0; node < 100; ++node)
      EXPECT_EQ(layout.place(node) / NodeLayout::kPage,
                (layout.place(node) + layout.node_bytes() - 1) / NodeLayout::kPage);
}

TEST_F(DiskFile, NodesBeginAtAPageOfTheFile) {
  built(rows(1500, kDim, 1), {.dim = kDim});
  const FileReader reader(file());
  EXPECT_EQ(reinterpret_cast<uintptr_t>(reader.section("nodes").data()) % NodeLayout::kPage, 0u);
  reader.verify();
}

TEST_F(DiskFile, TheSameWhateverTheThreads) {
  const auto x = rows(1500, kDim, 1);
  build_disk(file("one"), {.dim = kDim, .threads = 1}, source_of(x));
  build_disk(file("three"), {.dim = kDim, .threads = 3}, source_of(x));
  EXPECT_EQ(base::read_file(file("one")), base::read_file(file("three")));
}

TEST_F(DiskFile, IdsInAnyOrderAreFound) {
  const auto x = rows(1300, kDim, 1);
  auto source = source_of(x);
  source.id = [](size_t row) { return static_cast<Id>((row * 7919) % 1300) - 600; };
  build_disk(file(), {.dim = kDim}, source);
  const auto index = open(file());
  for (const size_t row : {0, 1, 700, 1299}) {
    const auto v = std::span(x).subspan(row * kDim, kDim);
    EXPECT_TRUE(index->contains(source.id(row)));
    EXPECT_EQ(index->reconstruct(source.id(row)), std::vector<float>(v.begin(), v.end()));
    EXPECT_EQ(index->search(v, 1)[0].id, source.id(row));
  }
  EXPECT_FALSE(index->contains(700));
  EXPECT_FALSE(index->contains(-601));
  source.id = [](size_t row) { return static_cast<Id>(row == 900 ? 3 : row); };
  source.read = [](size_t, size_t, float*) { FAIL() << "rows are read, which takes hours, before ids are looked at"; };
  EXPECT_THROW(build_disk(file(), {.dim = kDim}, source), Error);
}

// What is added to an opened file is linked to it by save(), and what is removed stays removed.
TEST_F(DiskFile, ChangesComeIntoTheNextFile) {
  const auto x = rows(4000, kDim, 1), more = rows(1000, kDim, 7), queries = rows(40, kDim, 2);
  const Options options{.dim = kDim, .set = {{"degree", "32"}}};
  const auto first = built(x, options);
  first->add(range(10000, 1000), more);
  first->remove(range(0, 300));
  first->update(range(500, 10), std::span(more).first(10 * kDim));
  EXPECT_EQ(first->size(), 4700u);
  const auto truth = make("flat", {.dim = kDim});
  for (const Id id : first->ids()) truth->add(std::vector<Id>{id}, *first->reconstruct(id));
  EXPECT_EQ(truth->size(), 4700u);
  EXPECT_GE(recall(*first, *truth, queries, {}), 0.99);
  first->save(file("b.idx"));
  const auto second = open(file("b.idx"));
  EXPECT_EQ(second->size(), 4700u);
  EXPECT_EQ(second->statistics().at("vectors_in_memory"), "0");
  EXPECT_EQ(second->statistics().at("removed_inside"), "310");
  EXPECT_FALSE(second->contains(299));
  EXPECT_EQ(second->reconstruct(505), std::vector<float>(more.begin() + 5 * kDim, more.begin() + 6 * kDim));
  EXPECT_GE(recall(*second, *truth, queries, {}), 0.99);
  // Past a fifth all is linked anew, without those that were removed.
  second->remove(range(1000, 1200));
  second->save(file("c.idx"));
  const auto third = open(file("c.idx"));
  EXPECT_EQ(third->size(), 3500u);
  EXPECT_EQ(third->statistics().at("removed_inside"), "0");
  truth->remove(range(1000, 1200));
  EXPECT_GE(recall(*third, *truth, queries, {}), 0.99);
}

TEST_F(DiskFile, AFileIsSavedOverItself) {
  const auto x = rows(1500, kDim, 1);
  auto index = built(x, {.dim = kDim});
  index->set_search_defaults({.ef = 40});
  index->remove(range(3, 1));
  index->save(file());
  index->save(file());
  index = open(file());
  EXPECT_EQ(index->size(), 1499u);
  EXPECT_EQ(index->search(std::span(x).first(kDim), 1)[0].id, 0);
  FileReader(file()).verify();
}

TEST_F(DiskFile, WhatASearchUsesHoldsForVectorsInMemoryToo) {
  constexpr size_t kWide = 64, kQueries = 100, kNarrow = 1;
  auto index = built(rows(100, kWide, 1), {.dim = kWide});
  index->set_search_defaults({.ef = kNarrow});
  index->save(file());
  index = open(file());
  index->add(range(5000, 4000), rows(4000, kWide, 3));
  const auto queries = rows(kQueries, kWide, 2);
  const auto first_of = [&](const SearchOptions& options) {
    std::vector<Id> out;
    for (size_t i = 0; i < kQueries; ++i)
      out.push_back(index->search(std::span(queries).subspan(i * kWide, kWide), 1, options)[0].id);
    return out;
  };
  EXPECT_EQ(first_of({}), first_of({.ef = kNarrow}));
  EXPECT_NE(first_of({}), first_of({.ef = 64})) << "or the queries are too easy to tell";
}

// Its own vectors cannot be left out without building it once more in memory.
TEST_F(DiskFile, IsTunedOnQuestions) {
  const auto x = rows(3000, kDim, 1), queries = rows(200, kDim, 2);
  auto index = built(x, {.dim = kDim, .set = {{"degree", "24"}}});
  EXPECT_THROW(tune_index(*index, 0.95, 10, {}, 1, 2), Error);
  const Tuned tuned = tune_index(*index, 0.95, 10, queries, 1, 2);
  EXPECT_TRUE(tuned.promise.kept());
  EXPECT_GE(tuned.options.ef, 10u);
  keep_tuned(*index, tuned);
  index->save(file());
  index = open(file());
  EXPECT_EQ(promise_of(*index)->setting, tuned.promise.setting);
  const auto found = index->search(std::span(queries).first(kDim), 10),
             same = index->search(std::span(queries).first(kDim), 10, {.ef = tuned.options.ef});
  for (size_t i = 0; i < 10; ++i) EXPECT_EQ(found[i].id, same[i].id);
}

TEST_F(DiskFile, BytesStayBytes) {
  auto x = rows(1200, kDim, 1);
  for (float& v : x) v = std::clamp(std::round(v * 20 + 128), 0.0f, 255.0f);
  const auto index = built(x, {.dim = kDim});
  EXPECT_EQ(index->statistics().at("storage"), "u8");
  EXPECT_EQ(index->reconstruct(77), std::vector<float>(x.begin() + 77 * kDim, x.begin() + 78 * kDim));
}

TEST_F(DiskFile, NearDuplicatesAreAllReached) {
  std::vector<float> x(3000 * kDim, 0.25f);
  const auto other = rows(3000, kDim, 4);
  x.insert(x.end(), other.begin(), other.end());
  const auto index = built(x, {.dim = kDim});
  const auto found = index->search(std::span(x).first(kDim), 3000, {.ef = 3000});
  ASSERT_EQ(found.size(), 3000u);
  for (const Match& m : found) EXPECT_LT(m.id, 3000);
}

TEST_F(DiskFile, OfFewVectorsOrNone) {
  for (const size_t n : {0, 1, 5}) {
    const auto x = rows(n, kDim, 1), query = rows(1, kDim, 2);
    const auto index = built(x, {.dim = kDim});
    EXPECT_EQ(index->size(), n);
    EXPECT_EQ(index->search(query, 10).size(), n);
    EXPECT_EQ(index->range_search(query, 1e9f).size(), n);
  }
}

TEST_F(DiskFile, RefusesWhatEveryKindRefuses) {
  auto x = rows(1200, kDim, 1);
  const auto refused = [&](const Options& options) {
    return base::error_of([&] { build_disk(file(), options, source_of(x)); }, Code::Invalid);
  };
  x[700 * kDim + 3] = NAN;
  EXPECT_NE(refused({.dim = kDim}).find("vector 700"), std::string::npos);
  x[700 * kDim + 3] = 1e6f;
  EXPECT_NE(refused({.dim = kDim, .set = {{"storage", "f16"}}}).find("vector 700"), std::string::npos);
  EXPECT_FALSE(fs::exists(file()));
  EXPECT_THROW(make("disk", {.dim = 3, .set = {{"code_bytes", "18"}}}), Error);
  EXPECT_THROW(make("disk", {.dim = 3, .set = {{"M", "16"}}}), Error);
}

// Nothing is left of a build that was stopped, and the file of before is untouched.
TEST_F(DiskFile, AStoppedBuildLeavesTheOldFile) {
  const auto x = rows(3000, kDim, 1);
  base::write_file_atomic(file(), "before");
  for (const char* phase : {"reading vectors", "index", "writing vectors"}) {
    const CancelSource stop;
    bool met = false;
    const Context::Scope scope(Context::current().with_cancel(stop).with_progress([&](const Progress& p) {
      if (p.what != phase || met) return;
      met = true;
      stop.cancel();
      throw Error(Code::Cancelled, "stopped");
    }));
    EXPECT_THROW(build_disk(file(), {.dim = kDim}, source_of(x)), Error);
    EXPECT_TRUE(met) << phase;
  }
  EXPECT_EQ(base::read_file(file()), "before");
  EXPECT_EQ(std::distance(fs::directory_iterator(file().parent_path()), fs::directory_iterator()), 1);
}

TEST_F(DiskFile, DamageIsFound) {
  built(rows(1500, kDim, 1), {.dim = kDim});
  const std::string good = base::read_file(file());
  for (const size_t cut : {good.size() - 1, good.size() / 2, size_t{100}, size_t{0}}) {
    base::write_file_atomic(file(), std::string_view(good).substr(0, cut));
    EXPECT_THROW(open(file()), Error) << cut;
  }
  std::string bad = good;
  bad[good.size() / 2] = static_cast<char>(bad[good.size() / 2] ^ 1);
  base::write_file_atomic(file(), bad);
  EXPECT_THROW(FileReader(file()).verify(), Error);
}

// A mapped row may hold anything; what is linked to must be there when new vectors are linked.
TEST_F(DiskFile, LinksThatLeadNowhereArePassedOverAndNotTakenOver) {
  const auto x = rows(1500, kDim, 1);
  built(x, {.dim = kDim});
  const FileReader good(file());
  const auto nodes = good.text("nodes");
  std::string bytes = base::read_file(file());
  const size_t at = bytes.find(std::string(nodes.substr(0, 64)));
  const uint32_t wild = 4'000'000'000u;
  for (size_t i = 0; i < 5; ++i) std::memcpy(&bytes[at + 16 + 4 * i], &wild, 4);
  base::write_file_atomic(file(), bytes);
  const auto index = open(file());
  EXPECT_EQ(index->search(std::span(x).first(kDim), 5, {.ef = 1000}).size(), 5u);
  index->add(std::vector<Id>{9000}, std::span(x).first(kDim));
  EXPECT_THROW(index->save(file("b.idx")), Error);
}

}  // namespace
}  // namespace hanok::index
