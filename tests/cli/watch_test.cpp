// `ingest --watch` follows a folder, and Ctrl-C ends it with a consistent store.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "program.h"

namespace hanok::test {
namespace {

TEST(CliWatch, FollowsAFolderUntilInterrupted) {
  Program hanok;
  const auto first = hanok.write("n/a.txt", "The red bicycle is in the shed.");
  const std::string folder = first.parent_path(), out = hanok.folder() / "out";
  // Waits for what it needs to see rather than for a time, 20 s at most.
  const std::string script = std::string(HANOK_PROGRAM) + " ingest '" + folder + "' --watch --json --quiet > '" + out +
                             "' & pid=$!\n" + "wait_for() { for i in $(seq 200); do [ \"$(grep -c files '" + out +
                             "')\" -ge $1 ] && return; sleep 0.1; done; }\n" + "wait_for 1; mkdir '" + folder +
                             "/deeper'; sleep 0.3; echo 'Blue paint is in the cellar.' > '" + folder +
                             "/deeper/b.txt'; wait_for 2; kill -INT $pid; wait $pid; echo status $?";
  const auto result = base::run_process({"bash", "-c", script}, "", {.seconds = 60, .memory_bytes = uint64_t{1} << 50});
  EXPECT_THAT(result.out, ::testing::HasSubstr("status 0"));
  EXPECT_EQ(hanok.json({"documents", "list"})["documents"].size(), 2u);
  EXPECT_EQ(hanok.json({"doctor"})["data"]["state"], "sound");
}

}  // namespace
}  // namespace hanok::test
