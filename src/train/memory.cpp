#include "train/memory.h"

#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <algorithm>
#include <memory>

#include "base/memory.h"
#include "hanok/error.h"
#include "train/torch.h"

namespace hanok::train {
namespace {

// libtorch tells its profiler of every allocation; this is one that only counts. Version 2 counts totals without a
// sign.
#if TORCH_VERSION_MAJOR >= 2
using Total = size_t;
#else
using Total = int64_t;
#endif

struct Counter : c10::MemoryReportingInfoBase {
  void reportMemoryUsage(void* /*what*/, int64_t bytes, Total /*allocated*/, Total /*reserved*/,
                         c10::Device /*where*/) override {
    now += bytes;
    most = std::max(most, now);
  }
  bool memoryProfilingEnabled() const override { return true; }
  int64_t now = 0, most = 0;
};

}  // namespace

uint64_t peak_of(const std::function<void()>& work) {
  const auto counter = std::make_shared<Counter>();
  const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, counter);
  work();
  return static_cast<uint64_t>(std::max<int64_t>(0, counter->most));
}

uint64_t predict(uint64_t of_two, uint64_t of_six, uint64_t batch) {
  const double each = std::max(0.0, (static_cast<double>(of_six) - static_cast<double>(of_two)) / 4);
  const double fixed = std::max(0.0, static_cast<double>(of_two) - 2 * each);
  return static_cast<uint64_t>(fixed + each * static_cast<double>(batch));
}

void check_memory(uint64_t needed, uint64_t fixed, uint64_t batch, uint64_t available) {
  if (available == 0 || needed <= available) return;
  std::string remedy = "the net itself does not fit; take a smaller one";
  if (fixed < available && needed > fixed) {
    const double each = static_cast<double>(needed - fixed) / static_cast<double>(batch);
    const auto fits = static_cast<uint64_t>(static_cast<double>(available - fixed) / each);
    if (fits > 0) remedy = "--batch " + std::to_string(fits) + " would fit, and --accumulate adds batches up";
  }
  throw Error(Code::Exhausted, "a batch of " + std::to_string(batch) + " takes about " + base::memory_text(needed) +
                                   " of memory, and " + base::memory_text(available) + " are left: " + remedy);
}

}  // namespace hanok::train
