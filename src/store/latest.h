// A view of a collection that is kept until the collection changes.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>

namespace hanok::store {

/// Readers of one generation share one T; the first to need a newer one makes it from the one before.
template <class T>
class Latest {
 public:
  /// load(previous) -> shared_ptr<const T>; previous may be null. A generation newer than asked for is as good: chunk
  /// ids are never used twice, so at worst it knows of chunks that the caller's snapshot does not.
  template <class Load>
  std::shared_ptr<const T> get(int64_t generation, Load load) {
    std::lock_guard lock(mutex_);
    if (generation > generation_) {
      value_ = load(value_.get());
      generation_ = generation;
    }
    return value_;
  }

 private:
  std::mutex mutex_;
  int64_t generation_ = 0;
  std::shared_ptr<const T> value_;
};

}  // namespace hanok::store
