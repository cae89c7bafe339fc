// Work on the threads of libtorch, from code that is compiled without OpenMP.
#pragma once

#include <cstdint>
#include <functional>

namespace hanok::vision {

/// work(begin, end) for disjoint ranges that cover [0, n), on libtorch's own threads: a second set of them would fight
/// with those for the cores. Returns when all is done. Plain memory only: no tensor may be made in it.
void on_threads(int64_t n, const std::function<void(int64_t begin, int64_t end)>& work);

}  // namespace hanok::vision
