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

void will_need(std::span<const std::byte> bytes) { advise(bytes, MADV_WILLNEED); }
void random_access(std::span<const std::byte> bytes) { advise(bytes, MADV_RANDOM); }
void let_go(std::span<const std::byte> mapped) { advise(mapped, MADV_DONTNEED); }

}  // namespace hanok::base
