#include "base/jail.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <thread>

#include "base/file.h"
#include "hanok/error.h"

namespace hanok::base {
namespace {

TEST(Jail, NothingLeadsOut) {
  const TempFolder folder;
  const fs::path in = folder.path() / "in", out = folder.path() / "in-not";  // a name that begins alike
  fs::create_directories(in / "sub");
  fs::create_directories(out);
  write_file_atomic(in / "a.txt", "inside");
  write_file_atomic(out / "b.txt", "outside");
  fs::create_symlink(out / "b.txt", in / "link");
  fs::create_directory_symlink(out, in / "folder");
  fs::create_symlink(in / "a.txt", in / "good");
  const fs::path folders[] = {in};
  for (const char* path : {"a.txt", "./sub/../a.txt", "good"})
    EXPECT_EQ(read_file_within(folders, path, 100), "inside");
  EXPECT_EQ(read_file_within(folders, (in / "a.txt").string(), 100), "inside");
  for (const std::string path :
       {std::string("link"), std::string("folder/b.txt"), std::string("../in-not/b.txt"), std::string("/etc/passwd"),
        (out / "b.txt").string(), std::string("../in-not/none"), std::string("a.txt\0", 6)}) {
    try {
      read_file_within(folders, path, 100);
      ADD_FAILURE() << path;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::Invalid) << path;
    }
  }
  try {
    read_file_within(folders, "none.txt", 100);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::NotFound);
  }
  EXPECT_THROW(read_file_within(folders, "a.txt", 3), Error);
  EXPECT_THROW(read_file_within(folders, "sub", 100), Error);
  ASSERT_EQ(::mkfifo((in / "pipe").c_str(), 0600), 0);
  EXPECT_THROW(read_file_within(folders, "pipe", 100), Error);  // and does not wait for a writer
  EXPECT_THROW(path_within({}, "a.txt"), Error);
}

TEST(Jail, FoldersAreListedWithoutFollowingLinks) {
  const TempFolder folder;
  const fs::path in = folder.path() / "in", out = folder.path() / "out";
  fs::create_directories(in / "sub");
  fs::create_directories(out);
  write_file_atomic(in / "a.txt", "12345");
  write_file_atomic(out / "secret.txt", "outside");
  fs::create_symlink(out / "secret.txt", in / "link");
  fs::create_directory_symlink(out, in / "other");
  ASSERT_EQ(::mkfifo((in / "pipe").c_str(), 0600), 0);
  const fs::path folders[] = {in};
  std::string all;
  for (const auto& e : list_folder_within(folders, "."))
    all += e.name + std::to_string(static_cast<int>(e.kind)) + ":" + std::to_string(e.bytes) + " ";
  EXPECT_EQ(all, "a.txt0:5 link2:0 other2:0 pipe3:0 sub1:0 ");
  EXPECT_TRUE(list_folder_within(folders, "sub").empty());
  for (const char* path : {"other", "..", "a.txt", "none", "/"})
    EXPECT_THROW(list_folder_within(folders, path), Error) << path;
}

// Somebody swaps a folder for a link to another one all the time: nothing of the other one ever comes out.
TEST(Jail, WhatIsSwappedMeanwhileLeadsNowhere) {
  const TempFolder folder;
  const fs::path in = folder.path() / "in", out = folder.path() / "out";
  fs::create_directories(in / "real");
  fs::create_directories(out);
  write_file_atomic(in / "real" / "f.txt", "inside");
  write_file_atomic(out / "f.txt", "outside");
  write_file_atomic(out / "secret.txt", "outside");
  std::atomic<bool> stop{false};
  std::thread swaps([&] {
    std::error_code none;
    while (!stop) {
      fs::rename(in / "real", in / "kept", none);
      fs::create_directory_symlink(out, in / "real", none);
      fs::remove(in / "real", none);
      fs::rename(in / "kept", in / "real", none);
    }
  });
  const fs::path folders[] = {in};
  size_t read = 0, refused = 0;
  for (int i = 0; i < 3000; ++i) {
    try {
      EXPECT_EQ(read_file_within(folders, "real/f.txt", 100), "inside");
      for (const auto& e : list_folder_within(folders, "real")) EXPECT_NE(e.name, "secret.txt");
      ++read;
    } catch (const std::exception&) {
      ++refused;
    }
  }
  stop = true;
  swaps.join();
  EXPECT_EQ(read + refused, 3000u);
}

}  // namespace
}  // namespace hanok::base
