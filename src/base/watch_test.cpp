#include "base/watch.h"

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/file.h"

namespace hanok::base {
namespace {

constexpr int kQuietMs = 20;
constexpr double kPatience = 5;  // seconds

/// Whether a change is seen.
bool changed(FolderWatcher& watcher, double seconds = kPatience) {
  const Stopwatch since;
  return watcher.wait(kQuietMs, [&] { return since.seconds() > seconds; });
}

void write(const fs::path& file) { write_file_atomic(file, "text"); }

TEST(FolderWatcher, SeesFilesInFoldersThatAppear) {
  const TempFolder folder;
  FolderWatcher watcher({folder.path()});
  write(folder.path() / "a.txt");
  EXPECT_TRUE(changed(watcher));
  fs::create_directories(folder.path() / "new" / "deep");
  EXPECT_TRUE(changed(watcher));
  write(folder.path() / "new" / "deep" / "b.txt");
  EXPECT_TRUE(changed(watcher));
  fs::rename(folder.path() / "new", folder.path() / "renamed");
  EXPECT_TRUE(changed(watcher));
  fs::create_directory(folder.path() / "renamed" / "other");
  EXPECT_TRUE(changed(watcher));
  write(folder.path() / "renamed" / "other" / "c.txt");
  EXPECT_TRUE(changed(watcher));
  EXPECT_FALSE(changed(watcher, 0.3));
}

TEST(FolderWatcher, FollowsAFolderThatGoesAndComesBack) {
  const TempFolder folder;
  const fs::path root = folder.path() / "root";
  fs::create_directory(root);
  FolderWatcher watcher({root});
  fs::remove_all(root);
  EXPECT_TRUE(changed(watcher));
  fs::create_directories(root / "sub");
  EXPECT_TRUE(changed(watcher));
  write(root / "sub" / "a.txt");
  EXPECT_TRUE(changed(watcher));
  fs::rename(root, folder.path() / "away");
  EXPECT_TRUE(changed(watcher));
  fs::create_directory(root);
  EXPECT_TRUE(changed(watcher));
  write(root / "b.txt");
  EXPECT_TRUE(changed(watcher));
}

TEST(FolderWatcher, FollowsAFileThatIsReplaced) {
  const TempFolder folder;
  const fs::path file = folder.path() / "a.txt";
  write(file);
  FolderWatcher watcher({file});
  for (int i = 0; i < 3; ++i) {
    write(file);  // another file under its name, as editors write
    EXPECT_TRUE(changed(watcher)) << i;
  }
}

// More happens at once than the system keeps: a folder that was made then is watched all the same.
TEST(FolderWatcher, KnowsItsFoldersAfterAnOverflow) {
  const TempFolder folder;
  const fs::path name = folder.path() / "a";
  FolderWatcher watcher({folder.path()});
  const size_t most = std::stoul(read_file("/proc/sys/fs/inotify/max_queued_events"));
  if (most > 100'000) GTEST_SKIP() << "a queue of " << most << " events";
  write(name);
  for (size_t i = 0; i < most; ++i)
    fs::rename(folder.path() / (i % 2 ? "b" : "a"), folder.path() / (i % 2 ? "a" : "b"));
  fs::create_directory(folder.path() / "made");
  EXPECT_TRUE(changed(watcher));
  write(folder.path() / "made" / "c.txt");
  EXPECT_TRUE(changed(watcher));
}

}  // namespace
}  // namespace hanok::base
