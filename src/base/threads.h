// The only place where threads are made. Work is split with parallel_for; what nobody waits for runs in a Background
// (base/background.h). Both work under the context of whoever called (hanok/context.h).
#pragma once

#include <cstddef>
#include <functional>

#include "hanok/context.h"

namespace hanok::base {

constexpr size_t kMaxThreads = 256;  // beyond this a mis-set HANOK_THREADS is likelier than a machine

/// Cores that this process may use (its affinity mask), or HANOK_THREADS where that is set. At least 1.
size_t cores();
/// The threads that the current context allows.
inline size_t default_threads() { return Context::current().threads(); }

/// Calls body(begin, end, worker) on disjoint ranges that cover [0, n), on up to `threads` threads (0:
/// default_threads()); each range has at most `grain` items. worker is in [0, threads). Returns when all have run. The
/// first exception thrown by a body stops the hand-out of further ranges and is thrown again here. A call from inside a
/// body runs on the calling thread alone. Calls from several threads may run together. Where the system makes no more
/// threads, those that there are do the work.
/// Bodies run under the caller's context. Work in the background (background_thread()) has threads of its own: it never
/// takes those that a waiting caller needs.
void parallel_for(size_t n, size_t grain, const std::function<void(size_t begin, size_t end, size_t worker)>& body,
                  size_t threads = 0);

/// Whether this thread does work that nobody waits for.
bool background_thread();
/// Makes it one, for good: parallel_for uses the threads of the background, and where cores are short the system lets
/// threads that somebody waits for go first (a nice value 5 higher: a third of their share).
void become_background_thread();

/// Cancelled by Ctrl-C and SIGTERM once catch_interrupts() was called; a second signal ends the process at once. For a
/// program's outermost context.
CancelSource catch_interrupts();

/// Cancelled by SIGHUP, which asks a server to read its settings again; reset() it before doing so.
CancelSource catch_hangups();

/// Throws where the current context has ended.
inline void check_interrupt() { Context::current().check(); }

}  // namespace hanok::base
