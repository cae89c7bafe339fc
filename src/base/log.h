// Logging for libraries: to stderr, level by HANOK_LOG (trace debug info warn error off; default warn). Never to
// stdout.
#pragma once

#include <spdlog/spdlog.h>

namespace hanok::base {

/// The one logger. Safe from every thread.
spdlog::logger& log();
/// A user-facing warning: logged once for each distinct text in this process.
void warn_once(const std::string& text);

}  // namespace hanok::base
