// A full or broken disk at every single operation of a write: the error is clear, and the last committed state is kept.
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>

#include "base/file.h"
#include "base/log.h"
#include "faulty_disk.h"
#include "hanok/records.h"
#include "hanok/store.h"
#include "synthetic.h"

namespace {

using namespace hanok;
using recovery::Fault;

struct Disk : testing::Test {
  static void SetUpTestSuite() {
    recovery::install_faulty_disk();
    base::log().set_level(spdlog::level::err);  // failed tidying is announced, and here it fails often
  }
  void TearDown() override { recovery::fail_at(0, Fault::Full); }
};

using Versions = std::map<std::string, int>;

Versions versions(const store::Collection& c) {
  Versions out;
  for (const auto& d : c.documents()) out[d.path] = d.metadata.at("version").get<int>();
  return out;
}

// Fails at operation 1, 2, 3, ... of `write`, later in longer steps, until it gets through. Each time on a fresh copy.
void fail_everywhere(Fault fault, const std::function<void(store::Collection&, int round)>& write,
                     const std::function<Versions(Versions, int)>& after) {
  base::TempFolder folder;
  {
    auto store = store::Store::open(folder.path() / "start");
    auto& c = *store->collection("default", true);
    c.set_vector_space(recovery::space());
    for (int n = 0; n < 7; ++n) c.put(recovery::document(n, 1));  // one more write, and segments are merged
  }
  size_t failures = 0;
  for (int operation = 1;; operation += 1 + operation / 12) {
    const auto copy = folder.path() / std::to_string(operation);
    std::filesystem::copy(folder.path() / "start", copy, std::filesystem::copy_options::recursive);
    auto store = store::Store::open(copy);
    auto c = store->collection("default");
    const Versions before = versions(*c);
    const int version = operation + 1;
    recovery::fail_at(operation, fault);
    bool failed = false;
    try {
      write(*c, version);
    } catch (const Error& e) {
      failed = true;
      EXPECT_TRUE(e.code() == Code::Exhausted || e.code() == Code::Unavailable) << e.what();
    }
    const bool reached = recovery::disk_operations() >= operation;
    recovery::fail_at(0, fault);
    if (operation % 2) {  // half of the time as the next process finds it
      c.reset();
      store.reset();
      store = store::Store::open(copy);
      c = store->collection("default");
    }
    const Versions now = versions(*c);
    if (failed)
      EXPECT_TRUE(now == before || now == after(before, version)) << operation;
    else
      EXPECT_EQ(now, after(before, version)) << operation;
    ASSERT_EQ(store->verify(), std::vector<std::string>()) << operation;
    failures += failed;
    if (!reached) break;
    ASSERT_LT(operation, 2000);
  }
  EXPECT_GT(failures, 3u);
}

void replace_one(store::Collection& c, int round) { c.put(recovery::document(1, round)); }
Versions one_replaced(Versions v, int round) {
  v[recovery::path(1)] = round;
  return v;
}

TEST_F(Disk, FullDuringPut) { fail_everywhere(Fault::Full, replace_one, one_replaced); }
TEST_F(Disk, BrokenDuringPut) { fail_everywhere(Fault::Error, replace_one, one_replaced); }
TEST_F(Disk, HalfWrittenDuringPut) { fail_everywhere(Fault::HalfWritten, replace_one, one_replaced); }

TEST_F(Disk, FullDuringABatch) {
  fail_everywhere(
      Fault::Full,
      [](store::Collection& c, int round) {
        c.put_many({recovery::document(0, round), recovery::document(5, round), recovery::document(6, round)});
      },
      [](Versions v, int round) {
        for (const int n : {0, 5, 6}) v[recovery::path(n)] = round;
        return v;
      });
}

// ---- records: the same, for calls that replace some, change some and remove some ----

using Texts = std::map<std::string, std::string>;

Texts texts(store::Store& store) {
  Texts out;
  for (const auto& r : store.catalog().find("c")->read()->get({})) out[r.id] = r.document.value_or("");
  return out;
}

store::Record small_record(int n, const std::string& text) {
  store::Record out;
  out.id = "r" + std::to_string(n);
  out.document = text + " of " + out.id;
  out.metadata = {{"n", n}};
  out.vector = {static_cast<float>(n), 1, 2};
  return out;
}

void fail_while_records_are_written(Fault fault, const std::function<void(store::Records&)>& write) {
  base::TempFolder folder;
  {
    auto store = store::Store::open(folder.path() / "start");
    auto c = store->catalog().create({.name = "c"});
    for (int n = 0; n < 9; ++n) c->write(store::WriteMode::Add, {small_record(n, "old")});
  }
  Texts expected;
  {
    std::filesystem::copy(folder.path() / "start", folder.path() / "well", std::filesystem::copy_options::recursive);
    auto store = store::Store::open(folder.path() / "well");
    write(*store->catalog().find("c"));
    expected = texts(*store);
  }
  size_t failures = 0;
  for (int operation = 1;; operation += 1 + operation / 12) {
    const auto copy = folder.path() / std::to_string(operation);
    std::filesystem::copy(folder.path() / "start", copy, std::filesystem::copy_options::recursive);
    auto store = store::Store::open(copy);
    auto c = store->catalog().find("c");
    const Texts before = texts(*store);
    recovery::fail_at(operation, fault);
    bool failed = false;
    try {
      write(*c);
    } catch (const Error& e) {
      failed = true;
      EXPECT_TRUE(e.code() == Code::Exhausted || e.code() == Code::Unavailable) << e.what();
    }
    const bool reached = recovery::disk_operations() >= operation;
    recovery::fail_at(0, fault);
    if (operation % 2) {  // half of the time as the next process finds it
      c.reset();
      store.reset();
      store = store::Store::open(copy);
    }
    const Texts now = texts(*store);
    EXPECT_TRUE(now == expected || (failed && now == before)) << operation;
    ASSERT_EQ(store->verify(), std::vector<std::string>()) << operation;
    failures += failed;
    if (!reached) break;
    ASSERT_LT(operation, 2000);
  }
  EXPECT_GT(failures, 3u);
}

void replace_records(store::Records& c) {
  c.write(store::WriteMode::Replace, {small_record(2, "new"), small_record(7, "new"), small_record(20, "new")});
}
void remove_records(store::Records& c) { c.remove({.where = store::Filter(store::Json{{"n", {{"$gte", 4}}}})}); }

TEST_F(Disk, FullWhileRecordsAreWritten) { fail_while_records_are_written(Fault::Full, replace_records); }
TEST_F(Disk, BrokenWhileRecordsAreWritten) { fail_while_records_are_written(Fault::Error, replace_records); }
TEST_F(Disk, HalfWrittenWhileRecordsAreWritten) { fail_while_records_are_written(Fault::HalfWritten, replace_records); }
TEST_F(Disk, FullWhileRecordsAreRemoved) { fail_while_records_are_written(Fault::Full, remove_records); }

}  // namespace
