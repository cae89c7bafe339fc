#include "base/pause.h"

#include <algorithm>
#include <thread>

namespace hanok::base {

void pause(std::chrono::milliseconds time, const std::atomic<bool>& stop) {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::milliseconds kNap(10);
  const auto end = Clock::now() + time;
  for (auto now = Clock::now(); now < end && !stop; now = Clock::now())
    std::this_thread::sleep_for(std::min<Clock::duration>(kNap, end - now));
}

}  // namespace hanok::base
