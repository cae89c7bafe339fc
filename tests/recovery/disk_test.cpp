// A full or broken disk at every single operation of a write: the error is clear, and the last committed state is kept.
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>

#include "base/file.h"
#include "base/log.h"
#include "faulty_disk.h"
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

}  // namespace
