#include "base/jail.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

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

}  // namespace
}  // namespace hanok::base
