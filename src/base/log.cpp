#include "base/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>

#include <cstdlib>
#include <mutex>
#include <set>

namespace hanok::base {

spdlog::logger& log() {
  static const std::shared_ptr<spdlog::logger> logger = [] {
    auto made = std::make_shared<spdlog::logger>("hanok", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    const char* level = std::getenv("HANOK_LOG");
    made->set_level(level ? spdlog::level::from_str(level) : spdlog::level::warn);
    made->set_pattern("%^%l%$: %v");
    return made;
  }();
  return *logger;
}

void warn_once(const std::string& text) {
  static std::mutex mutex;
  static std::set<std::string> said;
  std::lock_guard lock(mutex);
  if (said.insert(text).second) log().warn("{}", text);
}

}  // namespace hanok::base
