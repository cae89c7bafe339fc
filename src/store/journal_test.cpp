#include "hanok/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "base/file.h"
#include "base/threads.h"
#include "store/database.h"

namespace hanok::store {
namespace {

using testing::ElementsAre;

std::vector<std::string> values(const std::vector<Journal::Item>& items) {
  std::vector<std::string> out;
  for (const auto& i : items) out.push_back(i.value);
  return out;
}

TEST(Journal, ListsGrowAtTheirEnd) {
  const base::TempFolder folder;
  const auto journal = Journal::open(folder.path());
  EXPECT_EQ(journal->append("a", {"1", "2"}), 0u);
  EXPECT_EQ(journal->append("a", {"3", std::string("\0x", 2)}), 2u);
  EXPECT_EQ(journal->append("ab", {"other"}), 0u);
  EXPECT_THAT(values(journal->items("a")), ElementsAre("1", "2", "3", std::string("\0x", 2)));
  EXPECT_THAT(values(journal->items("a", 1, 2)), ElementsAre("2", "3"));
  EXPECT_THAT(values(journal->last("a", 2)), ElementsAre("3", std::string("\0x", 2)));
  EXPECT_EQ(journal->last("a", SIZE_MAX).size(), 4u);
  EXPECT_TRUE(journal->last("a", 0).empty());
  EXPECT_TRUE(journal->items("a", UINT64_MAX).empty());
  EXPECT_EQ(journal->size("a"), 4u);
  EXPECT_EQ(journal->size("none"), 0u);
  EXPECT_TRUE(journal->items("none").empty());
  ASSERT_EQ(journal->lists("a").size(), 2u);
  EXPECT_EQ(journal->lists("ab")[0].items, 1u);
  journal->put("a", "x"), journal->put("a/summary", "y"), journal->put("ab", "z");
  EXPECT_TRUE(journal->drop("a"));
  EXPECT_FALSE(journal->drop("a"));
  EXPECT_TRUE(journal->items("a").empty());
  EXPECT_FALSE(journal->get("a") || journal->get("a/summary"));
  EXPECT_EQ(journal->get("ab"), "z");
  EXPECT_EQ(Journal::open(folder.path())->size("ab"), 1u);  // it is on the disk
}

TEST(Journal, ValuesChangeOnlyFromWhatWasExpected) {
  const base::TempFolder folder;
  const auto journal = Journal::open(folder.path());
  EXPECT_FALSE(journal->get("k"));
  EXPECT_FALSE(journal->put_if("k", "old", "new"));
  EXPECT_TRUE(journal->put_if("k", {}, "1"));
  EXPECT_FALSE(journal->put_if("k", {}, "2"));
  EXPECT_TRUE(journal->put_if("k", "1", "2"));
  EXPECT_EQ(journal->get("k"), "2");
  std::vector<std::pair<std::string, std::string>> five;
  for (int i = 0; i < 5; ++i) five.emplace_back("c/" + std::to_string(i), "v");
  journal->put_many(five);
  journal->put("c/0", "newer");
  EXPECT_EQ(journal->keep_newest("c/", SIZE_MAX), 0u);
  EXPECT_EQ(journal->keep_newest("c/", 2), 3u);
  EXPECT_TRUE(journal->get("c/0") && journal->get("c/4"));
  EXPECT_TRUE(journal->get("k"));
  EXPECT_TRUE(journal->erase("k"));
  EXPECT_FALSE(journal->erase("k"));
}

TEST(Journal, ProcessesAndThreadsTakeTurns) {
  const base::TempFolder folder;
  Journal::open(folder.path());
  constexpr int kProcesses = 3, kEach = 20;
  std::vector<pid_t> children;
  for (int p = 0; p < kProcesses; ++p) {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto journal = Journal::open(folder.path());
      for (int i = 0; i < kEach; ++i) journal->append("shared", {"question", "answer"});
      ::_exit(0);
    }
    children.push_back(child);
  }
  const auto journal = Journal::open(folder.path());
  base::parallel_for(kEach, 1, [&](size_t, size_t, size_t) {
    journal->append("shared", {"question", "answer"});
    EXPECT_THAT(values(journal->last("shared", 2)), ElementsAre("question", "answer"));
  });
  for (const pid_t child : children) {
    int status = 1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  const auto all = journal->items("shared");
  ASSERT_EQ(all.size(), 2u * kEach * (kProcesses + 1));
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].number, i);
    EXPECT_EQ(all[i].value, i % 2 ? "answer" : "question");  // a turn stays together
  }
}

// The log is moved into the file beside those who write, and does not grow for ever.
TEST(Journal, ALongLogIsMovedBesideTheWriters) {
  const base::TempFolder folder;
  const auto journal = Journal::open(folder.path());
  const std::string large(256 << 10, 'x');
  constexpr int kItems = 400;  // 100 MB
  uint64_t longest = 0;
  for (int i = 0; i < kItems; ++i) {
    journal->append("list" + std::to_string(i % 7), {std::to_string(i) + large});
    longest = std::max<uint64_t>(longest, fs::file_size(folder.path() / "journal.db-wal"));
  }
  EXPECT_GT(fs::file_size(folder.path() / "journal.db"), 8u << 20) << "some of it is in the file";
  EXPECT_LT(longest, 80u << 20);
  size_t items = 0;
  for (int l = 0; l < 7; ++l)
    for (const auto& item : Journal::open(folder.path())->items("list" + std::to_string(l)))
      items += item.value == std::to_string(item.number * 7 + static_cast<uint64_t>(l)) + large;
  EXPECT_EQ(items, static_cast<size_t>(kItems));
}

// Whatever was acknowledged before a process was killed is there, also while its log was being moved.
TEST(Journal, WhatWasAcknowledgedOutlivesAKill) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the child of a process with threads may start none under this sanitizer";
#endif
  const base::TempFolder folder;
  Journal::open(folder.path());
  for (int round = 0; round < 4; ++round) {
    int told[2];
    ASSERT_EQ(::pipe(told), 0);
    const std::string list = "round" + std::to_string(round);
    const pid_t child = ::fork();
    if (child == 0) {
      const auto journal = Journal::open(folder.path());
      const std::string large(64 << 10, 'x');
      for (uint64_t i = 0;; ++i) {
        journal->append(list, {std::to_string(i) + large});
        if (::write(told[1], &i, sizeof i) != sizeof i) ::_exit(1);
      }
    }
    ::close(told[1]);
    uint64_t last = 0, number = 0;
    const uint64_t enough = 120 + 37 * static_cast<uint64_t>(round);  // about the log's length
    while (last < enough && ::read(told[0], &number, sizeof number) == sizeof number) last = number;
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    while (::read(told[0], &number, sizeof number) == sizeof number) last = number;
    ::close(told[0]);
    ASSERT_GE(last, enough);
    const auto items = Journal::open(folder.path())->items(list);
    ASSERT_GT(items.size(), last);
    for (uint64_t i = 0; i <= last; ++i) EXPECT_TRUE(items[i].value.starts_with(std::to_string(i) + "x")) << i;
  }
}

TEST(Journal, OtherFilesAreRefused) {
  const base::TempFolder folder;
  {
    Database other(folder.path() / "journal.db", Database::Mode::Write);
    other.script("CREATE TABLE t(x)");
  }
  try {
    Journal::open(folder.path());
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::Corrupt);
  }
  const base::TempFolder newer;
  Journal::open(newer.path());
  {
    Database same(newer.path() / "journal.db", Database::Mode::Write);
    same.script("PRAGMA user_version=2");
  }
  try {
    Journal::open(newer.path());
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::Unsupported);
  }
}

}  // namespace
}  // namespace hanok::store
