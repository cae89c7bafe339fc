// The only place where threads are made. Work is split with parallel_for; long-lived tasks use std::jthread in base
// only.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>

namespace hanok::base {

/// Cores that this process may use (its affinity mask), or HANOK_THREADS where that is set. At least 1.
size_t default_threads();

/// Calls body(begin, end, worker) on disjoint ranges that cover [0, n), on up to `threads` threads (0:
/// default_threads()); each range has at most `grain` items. worker is in [0, threads). Returns when all have run. The
/// first exception thrown by a body stops the hand-out of further ranges and is thrown again here. A call from inside a
/// body runs on the calling thread alone. Calls from several threads may run together.
void parallel_for(size_t n, size_t grain, const std::function<void(size_t begin, size_t end, size_t worker)>& body,
                  size_t threads = 0);

/// Set by Ctrl-C (see catch_interrupts); long loops look at it and throw Cancelled.
std::atomic<bool>& interrupted();
/// SIGINT and SIGTERM set interrupted(); a second one ends the process at once.
void catch_interrupts();
/// Throws Error(Cancelled) if interrupted() is set.
void check_interrupt();

}  // namespace hanok::base
