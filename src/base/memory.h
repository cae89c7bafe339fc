// How much memory the machine has left.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace hanok::base {

/// Bytes that can be had without swapping (MemAvailable of /proc/meminfo, and what a container allows); nothing where
/// the system does not say.
std::optional<uint64_t> available_memory();
/// "3.1 GiB", "640 MiB".
std::string memory_text(uint64_t bytes);

}  // namespace hanok::base
