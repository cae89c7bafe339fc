#include "base/clock.h"

#include <array>
#include <cstdlib>
#include <ctime>

namespace hanok::base {

int64_t now_ms() {
  if (const char* fake = std::getenv("HANOK_FAKE_NOW_MS")) return std::strtoll(fake, nullptr, 10);
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

std::string iso_time(int64_t ms) {
  const std::time_t seconds = static_cast<std::time_t>(ms / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

}  // namespace hanok::base
