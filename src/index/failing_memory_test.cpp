#include "index/failing_memory.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace {

std::atomic<int64_t> left{INT64_MAX};  // calls that succeed before one fails; negative: it has failed

void* allocate(std::size_t bytes, std::size_t align) {
  if (left.load(std::memory_order_relaxed) != INT64_MAX && left.fetch_sub(1) == 0) throw std::bad_alloc();
  void* out = align <= __STDCPP_DEFAULT_NEW_ALIGNMENT__
                  ? std::malloc(bytes ? bytes : 1)
                  : std::aligned_alloc(align, (bytes + align - 1) / align * align);
  if (!out) throw std::bad_alloc();
  return out;
}

}  // namespace

void* operator new(std::size_t bytes) { return allocate(bytes, 1); }
void* operator new[](std::size_t bytes) { return allocate(bytes, 1); }
void* operator new(std::size_t bytes, std::align_val_t align) {
  return allocate(bytes, static_cast<std::size_t>(align));
}
void* operator new[](std::size_t bytes, std::align_val_t align) {
  return allocate(bytes, static_cast<std::size_t>(align));
}
// Does not fail: who asks like that does without (std::stable_sort), and nothing is thrown that could be looked for.
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return std::malloc(bytes ? bytes : 1); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

namespace hanok::index::testing {

FailingMemory::FailingMemory(size_t nth) { left = static_cast<int64_t>(nth); }
FailingMemory::~FailingMemory() { left = INT64_MAX; }
bool FailingMemory::failed() const { return left < 0; }

namespace {

TEST(FailingMemory, FailsOnce) {
  FailingMemory memory(1);
  const auto first = std::make_unique<int>(1);
  EXPECT_FALSE(memory.failed());
  EXPECT_THROW(std::make_unique<int>(2), std::bad_alloc);
  EXPECT_TRUE(memory.failed());
  const auto third = std::make_unique<int>(3);
  EXPECT_EQ(*first + *third, 4);
}

}  // namespace
}  // namespace hanok::index::testing
