// Progress of long work, reported by a library and drawn by the program.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace hanok::base {

struct Progress {
  uint64_t done = 0, total = 0;             // total 0: not known yet
  std::string what;                         // "ingest", "embed", "build index"; shown to the user
  std::string item;                         // the file or batch at hand
  std::optional<double> seconds_left = {};  // where the work knows better than done and total tell; below 0: not yet
};

/// Called now and then (a few hundred times at most a second) from the thread that does the work. May be empty.
using OnProgress = std::function<void(const Progress&)>;

}  // namespace hanok::base
