// Time that a test can fake.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace hanok::base {

/// Milliseconds since 1970-01-01 UTC, by the wall clock; a test sets HANOK_FAKE_NOW_MS.
int64_t now_ms();
/// "2026-11-25T15:44:36Z".
std::string iso_time(int64_t ms);

/// Seconds since construction, by the steady clock.
class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace hanok::base
