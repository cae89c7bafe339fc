#include "base/wait.h"

#include <poll.h>

#include <algorithm>

#include "base/clock.h"
#include "base/threads.h"

namespace hanok::base {

void wait_seconds(double seconds) {
  constexpr double kSliceMs = 50;  // between two looks at the context
  const Stopwatch watch;
  while (watch.seconds() < seconds) {
    check_interrupt();
    ::poll(nullptr, 0, static_cast<int>(std::clamp((seconds - watch.seconds()) * 1000, 1.0, kSliceMs)));
  }
  check_interrupt();
}

}  // namespace hanok::base
