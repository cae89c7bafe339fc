// The one scan of every row behind exact answers: each row is looked at once, on some threads, and the k best stay.
#pragma once

#include <algorithm>
#include <functional>
#include <mutex>

#include "base/threads.h"
#include "base/top_k.h"

namespace hanok::index {

/// visit(i, best) for every i of [0, n), with a heap of the visiting thread; in the end `best` has the k best of what
/// was offered and of what it had. Ranges of `grain` go to up to `threads` threads (0: all). With better(a, b) a total
/// order the result does not depend on the number of threads.
template <typename T, typename Better, typename Visit>
void exact_scan(size_t n, size_t grain, size_t threads, base::TopK<T, Better>& best, const Better& better,
                const Visit& visit) {
  if (best.k() == 0) return;
  if (threads == 1 || n <= grain) {
    for (size_t i = 0; i < n; ++i) visit(i, best);
    return;
  }
  std::mutex mutex;
  base::parallel_for(
      n, grain,
      [&](size_t begin, size_t end, size_t) {
        base::TopK<T, Better> own(best.k(), better);
        for (size_t i = begin; i < end; ++i) visit(i, own);
        std::lock_guard lock(mutex);
        for (const T& item : own.found()) best.offer(item);
      },
      threads);
}

}  // namespace hanok::index
