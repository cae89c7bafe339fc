#include "base/atomic_file.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "hanok/error.h"

namespace hanok::base {
namespace {

TEST(AtomicFile, TakesItsNameWhenItIsWhole) {
  TempFolder folder;
  const auto path = folder.path() / "a";
  {
    AtomicFile file(path);
    file.append("....");
    file.append("body");
    file.overwrite(0, "head");
    EXPECT_EQ(file.size(), 8u);
    EXPECT_THROW(file.overwrite(6, "abc"), Error);
    EXPECT_FALSE(fs::exists(path));
    file.commit();
  }
  EXPECT_EQ(read_file(path), "headbody");
  {
    AtomicFile file(path);
    file.append("other");
  }
  EXPECT_EQ(read_file(path), "headbody");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
  EXPECT_THROW(AtomicFile(folder.path() / "none" / "a"), Error);
}

}  // namespace
}  // namespace hanok::base
