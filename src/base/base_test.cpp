#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/process.h"
#include "base/random.h"
#include "base/threads.h"
#include "hanok/error.h"

namespace hanok::base {
namespace {

Code code_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& e) {
    return e.code();
  }
  ADD_FAILURE() << "nothing was thrown";
  return Code::Internal;
}

TEST(File, AtomicWriteThenReadAndMap) {
  TempFolder temp;
  const auto path = temp.path() / "a";
  write_file_atomic(path, "one");
  write_file_atomic(path, "two");
  EXPECT_EQ(read_file(path), "two");
  EXPECT_EQ(MappedFile(path).view(), "two");
  EXPECT_EQ(std::distance(fs::directory_iterator(temp.path()), {}), 1) << "a temporary file was left";
}

// Indexes of private text: what the user's umask forbids others stays forbidden.
TEST(File, AtomicWriteHonoursTheUmask) {
  TempFolder temp;
  const mode_t before = ::umask(077);
  write_file_atomic(temp.path() / "private", "x");
  ::umask(022);
  write_file_atomic(temp.path() / "usual", "x");
  ::umask(before);
  EXPECT_EQ(fs::status(temp.path() / "private").permissions(), fs::perms(0600));
  EXPECT_EQ(fs::status(temp.path() / "usual").permissions(), fs::perms(0644));
}

TEST(File, SaysWhatIsWrong) {
  TempFolder temp;
  EXPECT_EQ(code_of([&] { read_file(temp.path() / "none"); }), Code::NotFound);
  EXPECT_EQ(code_of([&] { read_file(temp.path()); }), Code::Invalid);
  write_file_atomic(temp.path() / "big", std::string(100, 'x'));
  EXPECT_EQ(code_of([&] { read_file(temp.path() / "big", 99); }), Code::Exhausted);
}

TEST(File, SecondLockIsRefused) {
  TempFolder temp;
  FileLock first(temp.path() / "lock");
  EXPECT_EQ(code_of([&] { FileLock second(temp.path() / "lock"); }), Code::Unavailable);
}

TEST(Hash, KnownAnswers) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(crc32c("6789", crc32c("12345")), 0xE3069283u);
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  Sha256 pieces;
  for (int i = 0; i < 1000; ++i) pieces.update(std::string(1000, 'a'));
  EXPECT_EQ(pieces.hex(), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Hash, Crc32cAgreesWithOneBitAtATime) {
  std::string bytes;
  for (int n = 0; n < 70; ++n) {
    uint32_t crc = ~0u;
    for (const unsigned char c : bytes) {
      crc ^= c;
      for (int k = 0; k < 8; ++k) crc = (crc >> 1) ^ (crc & 1 ? 0x82F63B78u : 0u);
    }
    EXPECT_EQ(crc32c(bytes), ~crc) << n;
    bytes += static_cast<char>(n * 37 + 11);
  }
}

TEST(Threads, EveryItemOnceAndErrorsCome) {
  std::vector<std::atomic<int>> seen(10007);
  parallel_for(
      seen.size(), 13,
      [&](size_t b, size_t e, size_t) {
        for (size_t i = b; i < e; ++i) ++seen[i];
      },
      4);
  for (auto& s : seen) EXPECT_EQ(s, 1);
  EXPECT_EQ(code_of([] {
              parallel_for(
                  100, 1, [](size_t, size_t, size_t) { throw Error(Code::Corrupt, "x"); }, 4);
            }),
            Code::Corrupt);
}

TEST(Threads, NestedCallsDoNotDeadlock) {
  std::atomic<int> sum{0};
  parallel_for(
      8, 1,
      [&](size_t, size_t, size_t) {
        parallel_for(
            8, 1, [&](size_t, size_t, size_t) { ++sum; }, 4);
      },
      4);
  EXPECT_EQ(sum, 64);
}

TEST(Json, RefusesDeepNestingAndBadText) {
  EXPECT_EQ(code_of([] { parse_json(std::string(100000, '['), "x"); }), Code::Invalid);
  EXPECT_EQ(code_of([] { parse_json("{", "x"); }), Code::Invalid);
  EXPECT_EQ(dump_json(Json("\xff")), "\"\xEF\xBF\xBD\"");
}

TEST(Random, IsTheSameEverywhere) {
  Random r(42);
  EXPECT_EQ(r.next(), 1546998764402558742u);
  for (int i = 0; i < 1000; ++i) EXPECT_LT(r.below(7), 7u);
}

TEST(Clock, TimeAsText) { EXPECT_EQ(iso_time(1'000'000'000'000), "2001-09-09T01:46:40Z"); }

TEST(Process, RunsAndLimits) {
  EXPECT_EQ(run_process({"cat"}, "hello", {}).out, "hello");
  EXPECT_EQ(run_process({"sh", "-c", "echo e >&2; exit 3"}, "", {}).exit_status, 3);
  EXPECT_TRUE(run_process({"sleep", "30"}, "", {.seconds = 0.2}).timed_out);
  EXPECT_TRUE(run_process({"sh", "-c", "exec >&- 2>&-; sleep 30"}, "", {.seconds = 0.2}).timed_out);
  const auto flood = run_process({"yes"}, "", {.output_bytes = 1000});
  EXPECT_TRUE(flood.output_cut);
  EXPECT_EQ(flood.out.size(), 1000u);
  EXPECT_EQ(code_of([] { run_process({"no-such-program-here"}, "", {}); }), Code::NotFound);
}

// Children that end without reading: the writes fail, and no SIGPIPE may end this process, whichever thread was
// quicker.
TEST(Process, ManyAtOnceWithInputThatNobodyReads) {
  const std::string input(1 << 20, 'x');
  std::atomic<int> fine{0};
  parallel_for(
      60, 1, [&](size_t, size_t, size_t) { fine += run_process({"true"}, input, {}).exit_status == 0; }, 4);
  EXPECT_EQ(fine, 60);
}

}  // namespace
}  // namespace hanok::base
