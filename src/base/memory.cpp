#include "base/memory.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "base/threads.h"

namespace hanok::base {
namespace {

std::optional<uint64_t> number_in(const char* file) {
  std::ifstream in(file);
  uint64_t value = 0;
  if (in >> value) return value;
  return std::nullopt;
}

constexpr uint64_t kWorthGivingBack = 16 << 20;  // bytes more than were kept the last time

// Of this process alone, no file's: what the allocator could hold back is in it.
uint64_t own_memory() {
  std::ifstream in("/proc/self/statm");
  uint64_t size = 0, resident = 0, shared = 0;
  in >> size >> resident >> shared;
  return (resident - shared) * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::atomic<uint64_t> least_own{0};  // bytes, after memory was given back

}  // namespace

std::optional<uint64_t> available_memory() {
  std::ifstream in("/proc/meminfo");
  std::optional<uint64_t> out;
  for (std::string key; in >> key;) {
    uint64_t kib = 0;
    if (key == "MemAvailable:" && in >> kib) out = kib * 1024;
    std::getline(in, key);
  }
  // A container's limit (cgroup 2); "max" reads as no number.
  const auto most = number_in("/sys/fs/cgroup/memory.max"), used = number_in("/sys/fs/cgroup/memory.current");
  if (out && most && used) out = std::min(*out, *most > *used ? *most - *used : 0);
  return out;
}

ProcessMemory process_memory() {
  std::ifstream in("/proc/self/status");
  ProcessMemory out;
  for (std::string key; in >> key;) {
    uint64_t kib = 0;
    if (key == "VmRSS:" && in >> kib) out.resident = kib * 1024;
    if (key == "VmHWM:" && in >> kib) out.most = kib * 1024;
    std::getline(in, key);
  }
  return out;
}

std::string memory_text(uint64_t bytes) {
  char out[32];
  const double mib = static_cast<double>(bytes) / (1 << 20);
  if (mib >= 1024)
    std::snprintf(out, sizeof out, "%.1f GiB", mib / 1024);
  else
    std::snprintf(out, sizeof out, "%.0f MiB", mib);
  return out;
}

void give_memory_back() {
  ::malloc_trim(0);
  least_own.store(own_memory(), std::memory_order_relaxed);
}

void keep_little_freed_memory() {
  // Setting either ends its growth with the largest piece that was ever freed.
  constexpr int kOwnMapping = 1 << 20, kKept = 4 << 20;  // bytes
  ::mallopt(M_MMAP_THRESHOLD, kOwnMapping);
  ::mallopt(M_TRIM_THRESHOLD, kKept);
  ::mallopt(M_ARENA_MAX, static_cast<int>(std::max<size_t>(2, 2 * cores())));
}

void give_memory_back_where_it_grew() {
  const uint64_t own = own_memory();
  uint64_t least = least_own.load(std::memory_order_relaxed);
  // It may have been freed in pieces that were given back by themselves.
  while (own < least && !least_own.compare_exchange_weak(least, own)) {
  }
  if (own > least + kWorthGivingBack) give_memory_back();
}

}  // namespace hanok::base
