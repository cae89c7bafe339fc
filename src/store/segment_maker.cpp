#include "store/segment_maker.h"

#include "base/threads.h"

namespace hanok::store {
namespace {

constexpr size_t kWindow = 1024;  // chunks whose terms are in memory together: some 10 MB
constexpr size_t kGrain = 16;     // chunks a thread takes at once: about a millisecond of work

}  // namespace

void SegmentMaker::add(ChunkId id, std::string text) {
  window_.push_back({id, std::move(text), {}});
  if (window_.size() == kWindow) flush();
}

void SegmentMaker::flush() {
  base::parallel_for(window_.size(), kGrain, [&](size_t begin, size_t end, size_t) {
    for (size_t i = begin; i < end; ++i) window_[i].terms = text::analyze(window_[i].text);
  });
  for (const auto& item : window_) builder_.add(item.id, item.terms);
  window_.clear();
}

std::string SegmentMaker::finish() {
  flush();
  return builder_.finish();
}

}  // namespace hanok::store
