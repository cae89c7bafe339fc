// When a cache looks at how many values it has.
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <string_view>

namespace hanok::chain {

inline constexpr size_t kTidyEvery = 256;  // values that are written between two looks

/// A look sorts all values, so it is not for every write. Most processes write a few values and end: where one begins
/// to count is drawn from its first key, so that together they look as often as a long one.
class Tidy {
 public:
  /// True when it is time, `written` values (the first of them `key`) being written now. May be called from several
  /// threads.
  bool due(std::string_view key, size_t written) {
    const std::scoped_lock lock(mutex_);
    if (!begun_) count_ = std::hash<std::string_view>()(key) % kTidyEvery;
    begun_ = true;
    count_ += written;
    if (count_ < kTidyEvery) return false;
    count_ %= kTidyEvery;
    return true;
  }

 private:
  std::mutex mutex_;
  bool begun_ = false;
  size_t count_ = 0;
};

}  // namespace hanok::chain
