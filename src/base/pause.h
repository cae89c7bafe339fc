// Standing still for a moment.
#pragma once

#include <atomic>
#include <chrono>

namespace hanok::base {

/// For so long, or until `stop` is set, which is looked at every ten milliseconds.
void pause(std::chrono::milliseconds time, const std::atomic<bool>& stop);

}  // namespace hanok::base
