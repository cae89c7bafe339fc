// Running another program with limits, so that a hostile file can hurt only the child.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hanok::base {

struct ProcessLimits {
  double seconds = 60;                   // wall clock; also CPU seconds by RLIMIT_CPU
  uint64_t memory_bytes = 2ull << 30;    // RLIMIT_AS of the child
  uint64_t output_bytes = 256ull << 20;  // stdout kept at most
};

struct ProcessResult {
  int exit_status = 0;  // 128 + signal when a signal ended it
  bool timed_out = false;
  bool output_cut = false;  // more than output_bytes came: the child was stopped
  std::string out, err;     // err at most 64 KiB
};

/// Runs argv[0] (found on PATH) with `input` on its stdin. The child gets no other descriptor of this process and dies
/// with it. Throws NotFound when the program is not installed. The child is stopped when the current context ends.
ProcessResult run_process(const std::vector<std::string>& argv, std::string_view input, const ProcessLimits& limits);

/// This process becomes the program argv[0] (a path, or a name on PATH), with its terminal, descriptors and folder.
/// Throws NotFound when it cannot be started.
[[noreturn]] void become_process(const std::vector<std::string>& argv);
/// Where the file of the running program lies; empty where the system does not say.
std::string program_file();

}  // namespace hanok::base
