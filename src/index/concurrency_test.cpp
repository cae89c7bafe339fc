// Every call of the door beside every other, for the thread sanitizer; and the promise that each id is found once.
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "base/file.h"
#include "index/conformance.h"

namespace hanok::index {
namespace {

using namespace conformance;

constexpr size_t kDim = 12;

class BesideEachOther : public ::testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(Concurrency, BesideEachOther, ::testing::ValuesIn(cases()),
                         [](const auto& info) { return info.param.name; });

void expect_sound(const std::vector<Match>& found) {
  std::set<Id> ids;
  for (const Match& m : found) EXPECT_TRUE(ids.insert(m.id).second) << m.id << " is found twice";
}

// Readers that call everything until the writer has done its rounds.
void run(Index& index, size_t n) {
  base::TempFolder folder;
  std::atomic<bool> done{false};
  const auto queries = rows(8, kDim, 3);
  const auto query = std::span(queries).first(kDim);
  const auto until_done = [&](auto&& work) {
    do work();
    while (!done);
  };
  std::vector<std::jthread> threads;
  threads.emplace_back([&] {
    until_done([&] {
      for (Id id = 0; id < 50; ++id) index.contains(id), index.reconstruct(id);
      EXPECT_FALSE(index.statistics().empty());
      index.size(), index.ids(), index.kind();
      EXPECT_EQ(index.options().dim, kDim);
    });
  });
  threads.emplace_back([&] {
    const auto few = IdFilter::of(range(0, 40)), even = IdFilter::when([](Id id) { return id % 2 == 0; });
    until_done([&] {
      expect_sound(index.search(query, 10));
      expect_sound(index.search(query, 10, {.filter = &few}));
      expect_sound(index.search(query, 10, {.filter = &even}));
      index.range_search(query, 5);
      for (const auto& found : index.search_batch(queries, 5, {.threads = 2})) expect_sound(found);
    });
  });
  threads.emplace_back([&] {
    until_done([&] {
      index.save(folder.path() / "saved.idx");
      index.set_search_defaults({.ef = 80, .nprobe = 5, .rerank = 40});
      EXPECT_GE(open(folder.path() / "saved.idx")->size(), n - 30);
    });
  });
  for (uint64_t round = 0; round < 12; ++round) {
    const auto first = static_cast<Id>(n + round * 20);
    index.add(range(first, 20), rows(20, kDim, 100 + round));
    index.update(range(0, 30), rows(30, kDim, 200 + round));
    index.remove(range(first, 15));
    if (round == 5) index.train(rows(1100, kDim, 4));
  }
  done = true;
}

TEST_P(BesideEachOther, EveryCall) {
  const Case& c = GetParam();
  const size_t n = std::min<size_t>(c.n, 1200);
  auto set = c.set;
  if (c.kind == "auto" && c.n > n) set["exact_below"] = "1024";
  const auto index = make(c.kind, {.dim = kDim, .metric = Metric::Cosine, .set = set, .threads = 2});
  index->add(range(0, n), rows(n, kDim, 1));
  run(*index, n);
  EXPECT_EQ(index->size(), n + 12 * 5);
}

// What is filled at the first need after opening is filled while others read.
TEST_P(BesideEachOther, EveryCallOfOneThatWasOpened) {
  base::TempFolder folder;
  const Case& c = GetParam();
  const size_t n = std::min<size_t>(c.n, 1200);
  {
    const auto index = make(c.kind, {.dim = kDim, .metric = Metric::L2, .set = c.set, .threads = 2});
    index->add(range(0, n), rows(n, kDim, 1));
    index->save(folder.path() / "a.idx");
  }
  const auto index = open(folder.path() / "a.idx");
  run(*index, n);
  EXPECT_EQ(index->size(), n + 12 * 5);
}

TEST(Concurrency, EveryCallOverBits) {
  base::TempFolder folder;
  const auto index = make_binary(64);
  const std::vector<uint8_t> codes(200 * 8, 5);
  index->add(range(0, 200), codes);
  std::atomic<bool> done{false};
  std::jthread reader([&] {
    const auto even = IdFilter::when([](Id id) { return id % 2 == 0; });
    const auto query = std::span(codes).first(8);
    do {
      expect_sound(index->search(query, 10, {.filter = &even}));
      index->search_batch(std::span(codes).first(80), 3, {.threads = 2});
      expect_sound(index->range_search(query, 3));
      index->size(), index->contains(7), index->ids(), index->reconstruct(7), index->statistics();
    } while (!done);
  });
  std::jthread saver([&] {
    do index->save(folder.path() / "saved.idx");
    while (!done);
  });
  for (Id round = 0; round < 50; ++round) {
    index->add(range(1000 + round * 10, 10), std::span(codes).first(80));
    index->remove(range(1000 + round * 10, 5));
  }
  done = true;
}

// Steady searches do not keep a change waiting: with a plain reader-writer lock this takes forever.
TEST_P(BesideEachOther, AWriterGetsItsTurn) {
  const Case& c = GetParam();
  const size_t n = std::min<size_t>(c.n, 1200);
  const auto index = make(c.kind, {.dim = kDim, .set = c.set});
  index->add(range(0, n), rows(n, kDim, 1));
  const auto queries = rows(50, kDim, 2);
  std::atomic<bool> done{false};
  std::vector<std::jthread> readers;
  for (int i = 0; i < 6; ++i)
    readers.emplace_back([&] {
      while (!done) index->search_batch(queries, 5, {.threads = 1});
    });
  for (uint64_t round = 0; round < 20; ++round) {
    index->add(range(static_cast<Id>(n + round), 1), rows(1, kDim, 3));
    index->remove(range(static_cast<Id>(n + round), 1));
  }
  done = true;
}

}  // namespace
}  // namespace hanok::index
