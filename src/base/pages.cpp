#include "base/pages.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace hanok::base {
namespace {

// The kernel wants whole pages.
void advise(std::span<const std::byte> bytes, int advice) {
  static const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  if (bytes.empty()) return;
  const auto begin = reinterpret_cast<uintptr_t>(bytes.data()) / page * page;
  const auto end = reinterpret_cast<uintptr_t>(bytes.data() + bytes.size());
  ::madvise(reinterpret_cast<void*>(begin), end - begin, advice);
}

}  // namespace

void in_large_pages([[maybe_unused]] std::span<const std::byte> owned) {
#if defined(MADV_HUGEPAGE)
  constexpr uintptr_t kLarge = 2 << 20;
  const auto begin = (reinterpret_cast<uintptr_t>(owned.data()) + kLarge - 1) / kLarge * kLarge;
  const auto end = reinterpret_cast<uintptr_t>(owned.data() + owned.size()) / kLarge * kLarge;
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
#endif
}

void will_need(std::span<const std::byte> bytes) { advise(bytes, MADV_WILLNEED); }
void random_access(std::span<const std::byte> bytes) { advise(bytes, MADV_RANDOM); }
void let_go(std::span<const std::byte> mapped) { advise(mapped, MADV_DONTNEED); }

}  // namespace hanok::base
