#include "base/memory.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace hanok::base {
namespace {

TEST(Memory, WhatWasTakenAndFreedGoesBackToTheSystem) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "their allocators keep what is freed";
#endif
  constexpr size_t kPiece = 1000, kPieces = 80'000;  // too small for a mapping of its own each
  constexpr uint64_t kMiB = 1 << 20;
  give_memory_back();
  std::vector<std::unique_ptr<char[]>> pieces;
  for (size_t i = 0; i < kPieces; ++i) {
    pieces.push_back(std::make_unique<char[]>(kPiece));
    pieces.back()[i % kPiece] = 1;
  }
  const auto last =
      std::make_unique<char[]>(kPiece);  // above them: they are not at the heap's end, which goes by itself
  const uint64_t taken = process_memory().resident;
  pieces.clear();
  EXPECT_GT(process_memory().resident + 8 * kMiB, taken) << "the allocator keeps it";
  give_memory_back_where_it_grew();
  EXPECT_LT(process_memory().resident + 60 * kMiB, taken);
  EXPECT_EQ(last[0], 0);
}

}  // namespace
}  // namespace hanok::base
