#include "base/memory.h"

#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace hanok::base {
namespace {

std::optional<uint64_t> number_in(const char* file) {
  std::ifstream in(file);
  uint64_t value = 0;
  if (in >> value) return value;
  return std::nullopt;
}

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

void give_memory_back() { ::malloc_trim(0); }

}  // namespace hanok::base
