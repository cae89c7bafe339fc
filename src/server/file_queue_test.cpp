#include "server/file_queue.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <thread>

#include "base/clock.h"
#include "base/file.h"
#include "hanok/context.h"
#include "hanok/error.h"

namespace hanok::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

WaitingFile file(const std::string& store, const std::string& name) {
  return {.store = store, .file = name, .created_ms = 7, .how = {{"n", 1}}};
}

/// Reads nothing before it is told to, and notes what it is given.
class Reader {
 public:
  void operator()(const WaitingFile& f) {
    std::unique_lock lock(mutex_);
    while (may_ == 0 && !Context::current().ended()) changed_.wait_for(lock, std::chrono::milliseconds(5));
    Context::current().check();
    --may_;
    if (f.file == "wrong") throw Error(Code::Unavailable, "the disk is away");
    seen_.push_back(f);
  }
  void open(size_t files = 1000) {
    std::lock_guard lock(mutex_);
    may_ = files;
    changed_.notify_all();
  }
  std::vector<std::string> names() const {
    std::lock_guard lock(mutex_);
    std::vector<std::string> out;
    for (const auto& f : seen_) out.push_back(f.file + (f.left_over ? " again" : ""));
    return out;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  size_t may_ = 0;  // so many files are read
  std::vector<WaitingFile> seen_;
};

class FileQueueTest : public testing::Test {
 protected:
  std::function<void(const WaitingFile&)> read() {
    return [this](const WaitingFile& f) { reader(f); };
  }
  void settle(const FileQueue& queue, const std::string& store) {
    for (int i = 0; i < 2000 && !queue.of(store).empty(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    EXPECT_TRUE(queue.of(store).empty());
  }
  size_t orders() const {
    return base::fs::exists(at) ? static_cast<size_t>(std::distance(base::fs::directory_iterator(at), {})) : 0;
  }
  base::TempFolder folder;
  const base::fs::path at = folder.path() / "waiting";
  Reader reader;
};

TEST_F(FileQueueTest, ReadsInOrderAndForgets) {
  FileQueue queue(at, read());
  queue.add({file("s", "b"), file("s", "wrong"), file("s", "a")});
  queue.add({file("t", "c")});
  EXPECT_TRUE(queue.find("s", "a"));
  EXPECT_FALSE(queue.find("t", "a"));
  EXPECT_EQ(queue.of("s").size(), 3u);
  EXPECT_EQ(orders(), 2u);
  reader.open();
  settle(queue, "s");
  settle(queue, "t");
  EXPECT_THAT(reader.names(), ElementsAre("b", "a", "c"));
  EXPECT_EQ(orders(), 0u);
  queue.add({file("s", "d")});  // its thread had ended
  settle(queue, "s");
  EXPECT_EQ(reader.names().back(), "d");
}

TEST_F(FileQueueTest, WhatWaitsIsReadByTheNextProcess) {
  {
    FileQueue queue(at, read());
    queue.add({file("s", "a"), file("s", "b")});
    queue.add({file("t", "c"), file("t", "d")});
    EXPECT_THAT(queue.drop("t", {"d", "none"}), ElementsAre("d"));
    queue.stop();
    EXPECT_THROW(queue.add({file("s", "late")}), Error);
  }
  base::write_file_atomic(at / "notes.txt", "not an order");
  base::write_file_atomic(at / "99.json", "[{\"store\"");
  reader.open();
  FileQueue queue(at, read());
  settle(queue, "s");
  settle(queue, "t");
  EXPECT_THAT(reader.names(), ElementsAre("a again", "b again", "c again"));
  queue.add({file("s", "e")});
  settle(queue, "s");
  EXPECT_EQ(reader.names().back(), "e") << "and not left over";
}

TEST_F(FileQueueTest, OneThatWaitsIsReplacedAndOneThatIsDroppedIsNotRead) {
  FileQueue queue(at, read());
  queue.add({file("s", "first")});
  while (!queue.find("s", "first") || queue.drop("s", {"first"}).size() == 1) queue.add({file("s", "first")});
  // It is being read: from now on nothing else is.
  WaitingFile changed = file("s", "a");
  queue.add({file("s", "a"), file("s", "b")});
  changed.how = {{"n", 2}};
  queue.add({changed});
  EXPECT_EQ(queue.find("s", "a")->how["n"], 2);
  queue.add({file("s", "first")});  // once more
  EXPECT_THAT(queue.drop("s", {"b"}), ElementsAre("b"));
  EXPECT_EQ(queue.of("s").size(), 2u);
  reader.open();
  queue.wait("s", "first");
  settle(queue, "s");
  auto names = reader.names();
  EXPECT_EQ(std::count(names.begin(), names.end(), "first"), 2);
  EXPECT_EQ(std::count(names.begin(), names.end(), "a"), 1);
  EXPECT_EQ(std::count(names.begin(), names.end(), "b"), 0);
  EXPECT_EQ(orders(), 0u);
}

TEST_F(FileQueueTest, WhatIsForgottenIsNotReadAgainByTheNextProcess) {
  {
    FileQueue queue(at, read());
    queue.add({file("s", "read"), file("s", "being read"), file("s", "waits"), file("s", "kept")});
    queue.add({file("gone", "a"), file("gone", "b")});
    reader.open(1);
    queue.wait("s", "read");
    std::thread opens([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      reader.open(1);
    });
    EXPECT_THAT(queue.forget("s", {"read", "being read", "waits"}), ElementsAre("waits"));
    opens.join();
    EXPECT_FALSE(queue.find("s", "being read"));
    queue.forget("gone");
    queue.stop();
    EXPECT_EQ(orders(), 1u);
  }
  reader.open();
  FileQueue queue(at, read());
  settle(queue, "s");
  settle(queue, "gone");
  EXPECT_THAT(reader.names(), ElementsAre("read", "being read", "kept again"));
}

TEST_F(FileQueueTest, OneMayGoBeforeAllThatWait) {
  FileQueue queue(at, read());
  queue.add({file("s", "a")});
  while (queue.drop("s", {"a"}).size() == 1) queue.add({file("s", "a")});  // until it is being read
  queue.add({file("s", "b"), file("s", "c")});
  queue.add({file("s", "d")}, true);
  queue.add({file("s", "c")}, true);
  reader.open();
  queue.wait("s", "c");
  settle(queue, "s");
  EXPECT_THAT(reader.names(), ElementsAre("a", "c", "d", "b"));
}

TEST_F(FileQueueTest, WhoWaitsMayBeCancelled) {
  FileQueue queue(at, read());
  queue.add({file("s", "a")});
  const Context::Scope scope(Context().with_timeout(0.01));
  EXPECT_THROW(queue.wait("s", "a"), Error);
  while (queue.drop("s", {"a"}).size() == 1) queue.add({file("s", "a")});  // until it is being read
  EXPECT_THROW(queue.forget("s"), Error);
}

}  // namespace
}  // namespace hanok::server
