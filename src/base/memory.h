// How much memory the machine has left.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace hanok::base {

/// Bytes that can be had without swapping (MemAvailable of /proc/meminfo, and what a container allows); nothing where
/// the system does not say.
std::optional<uint64_t> available_memory();
/// Bytes of this process that are in memory now, and the most that ever were; zeros where the system does not say.
struct ProcessMemory {
  uint64_t resident = 0, most = 0;
};
ProcessMemory process_memory();
/// After work that took much and freed it: hands what is free to the system, which the allocator would keep.
void give_memory_back();
/// The same where the process has taken much since the last time; else it costs a look into /proc. Not for threads that
/// somebody waits for: the allocator stands still for some milliseconds.
void give_memory_back_where_it_grew();
/// For a program that runs for days, before its threads are made: the allocator keeps a few MiB of what is freed for
/// each of a few arenas, where it would come to keep 64 MiB for each of many.
void keep_little_freed_memory();
/// "3.1 GiB", "640 MiB".
std::string memory_text(uint64_t bytes);

}  // namespace hanok::base
