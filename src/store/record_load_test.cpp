// Many records, many writes, many callers at a time: what is found right after, and what it takes.
#include <atomic>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "store/backup.h"
#include "store/snapshot.h"
#include "store/test_records.h"

namespace hanok::store {
namespace {

TEST_F(RecordsTest, ManyAreIndexedAndFoundRightAfterTheyAreWrittenAgain) {
  auto c =
      store->catalog().create({.name = "c", .metric = Metric::L2, .settings = {{"index", {{"exact_below", 200}}}}});
  base::Random random(3);
  const auto vector = [&] {
    std::vector<float> out(16);
    for (float& x : out) x = static_cast<float>(random.normal());
    return out;
  };
  std::map<std::string, std::vector<float>> truth;
  for (int round = 0; round < 6; ++round) {
    std::vector<Record> batch;
    for (int i = 0; i < 500; ++i) {
      const std::string id = std::to_string(random.below(1500));
      truth[id] = vector();
      batch.push_back(record(id, truth[id], {{"bucket", static_cast<int>(random.below(100))}}));
    }
    c->write(WriteMode::Replace, batch);
    if (round == 2) store->collection("c")->build_index();
    const auto now = c->read();
    for (const auto& [id, v] : truth) {
      const auto found = now->nearest(v, {.k = 1});
      ASSERT_EQ(found.size(), 1u);
      ASSERT_EQ(now->fetch({{found[0].chunk}}).at(0).id, id);
      ASSERT_EQ(found[0].score, 0);
    }
    const Selection few{.where = Filter(Json{{"bucket", 7}})};
    EXPECT_EQ(now->nearest(vector(), {.k = 1000, .among = few}).size(), now->count(few));
  }
  EXPECT_EQ(store->verify(), std::vector<std::string>());
}

TEST_F(RecordsTest, WhatIsWrittenOverAndOverTakesTheMemoryOfWhatIsThere) {
  auto c = store->catalog().create({.name = "c"});
  base::Random random(5);
  std::map<std::string, std::vector<float>> truth;
  for (int round = 0; round < 80; ++round) {
    for (int i = 0; i < 4; ++i) {
      const std::string id = std::to_string(random.below(100));
      if (truth.erase(id)) c->remove({.ids = std::vector<std::string>{id}});
    }
    std::vector<Record> batch;
    for (int i = 0; i < 36; ++i) {
      const std::string id = std::to_string(random.below(100));
      std::vector<float> v(16);
      for (float& x : v) x = static_cast<float>(random.normal());
      batch.push_back(record(id, v)), truth[id] = v;
    }
    c->write(WriteMode::Replace, batch);
    const auto now = c->read();
    for (const auto& [id, v] : truth) {
      const auto found = now->nearest(v, {.k = 1});
      ASSERT_EQ(now->fetch({{found.at(0).chunk}}).at(0).id, id) << round;
    }
    ASSERT_EQ(now->count(), truth.size());
  }
  const auto snapshot = store->collection("c")->snapshot();
  EXPECT_LE(dynamic_cast<const StoredSnapshot&>(*snapshot).vectors()->rows_beside(), 4 * truth.size());
}

TEST_F(RecordsTest, CallsThatComeTogetherAreAllDone) {
  auto c = store->catalog().create({.name = "c"});
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 40; ++i) {
        const std::string id = std::to_string(t) + "-" + std::to_string(i);
        c->write(WriteMode::Replace, {record(id, {float(t), float(i)}, {{"t", t}}, "text " + id)});
        ASSERT_EQ(c->read()->count({.ids = {{id}}}), 1u);  // what was written is found at once
        if (i % 5 == 0) c->remove({.ns = "", .ids = {{id}}});
        if (i % 9 == 0) {
          EXPECT_THROW(c->write(WriteMode::Add, {record(id, {1, 2, 3})}), Error);  // fails alone
        }
        c->read()->nearest(std::vector<float>{1, 1}, {.k = 3});
      }
    });
  for (auto& t : threads) t.join();
  EXPECT_EQ(c->read()->count(), 8u * 32u);
  EXPECT_EQ(store->verify(), std::vector<std::string>());
}

TEST_F(RecordsTest, ABackupIsOneMomentWhileOthersWrite) {
  auto c = store->catalog().create({.name = "c"});
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (int i = 0; !stop; ++i)  // always in pairs
      c->write(WriteMode::Add, {record("a" + std::to_string(i), {float(i), 1}), record("b" + std::to_string(i))});
  });
  while (c->read()->count() < 20) std::this_thread::yield();
  backup(folder.path(), folder.path() / "copy");
  stop = true;
  writer.join();
  const auto copy = Store::open(folder.path() / "copy");
  const auto again = copy->catalog().find("c")->read();
  EXPECT_GE(again->count(), 20u);
  EXPECT_EQ(again->count() % 2, 0u);
  EXPECT_EQ(again->nearest(std::vector<float>{3, 1}, {.k = 1}).size(), 1u);
  EXPECT_EQ(copy->verify(), std::vector<std::string>());
}

TEST_F(RecordsTest, TheLogDoesNotGrowWithWhatIsWritten) {
  store.reset();
  store = Store::open(folder.path(), {.background = false});
  auto c = store->catalog().create({.name = "c"});
  for (int batch = 0; batch < 50; ++batch) {  // half a megabyte each, and too few rows for a file that is made beside
    std::vector<Record> records;
    for (int i = 0; i < 64; ++i)
      records.push_back(
          record(std::to_string(batch) + "-" + std::to_string(i), std::vector<float>(2048, float(i + 1))));
    c->write(WriteMode::Add, std::move(records));
  }
  EXPECT_LT(std::filesystem::file_size(folder.path() / "hanok.db-wal"), 16u << 20);
}

}  // namespace
}  // namespace hanok::store
