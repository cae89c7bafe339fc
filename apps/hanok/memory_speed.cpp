#include "memory_speed.h"

#include <algorithm>
#include <atomic>
#include <vector>

#include "base/clock.h"
#include "base/threads.h"
#include "math/distance.h"

namespace hanok::app {

double memory_bandwidth() {
  constexpr size_t kFloats = (256u << 20) / sizeof(float), kPiece = 2048;  // a piece of ones stays in the first cache
  constexpr int kPasses = 4;
  const std::vector<float> memory(kFloats, 1), ones(kPiece, 1);
  std::atomic<size_t> sum{0};
  double best = 0;
  for (int pass = 0; pass < kPasses; ++pass) {
    const base::Stopwatch watch;
    base::parallel_for(kFloats / kPiece, 512, [&](size_t begin, size_t end, size_t) {
      float s = 0;
      for (size_t i = begin; i < end; ++i)
        s += math::distance().ip_f32(ones.data(), memory.data() + i * kPiece, kPiece);
      sum += static_cast<size_t>(s);
    });
    best = std::max(best, static_cast<double>(kFloats * sizeof(float)) / watch.seconds());
  }
  return sum == kPasses * kFloats ? best : 0;
}

}  // namespace hanok::app
