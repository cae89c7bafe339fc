// A view of a collection that is kept for the newest generation read so far.
#pragma once

#include <cstdint>
#include <future>
#include <map>
#include <memory>
#include <mutex>

namespace hanok::store {

/// Readers of one generation share one T; nobody gets that of another generation. May be called from several threads.
template <class T>
class Latest {
 public:
  using Ptr = std::shared_ptr<const T>;

  /// load(previous) -> Ptr: the T of this generation, from the caller's own view of the database; previous is of any
  /// other generation, or null. It runs without a lock: only who needs the very same waits for it.
  template <class Load>
  Ptr get(int64_t generation, Load load) {
    std::promise<Ptr> mine;
    Ptr previous;
    {
      std::unique_lock lock(mutex_);
      if (generation == generation_) return value_;
      const auto [place, first] = loading_.try_emplace(generation);
      if (!first) {
        const std::shared_future<Ptr> other = place->second;
        lock.unlock();
        return other.get();
      }
      place->second = mine.get_future().share();
      previous = value_;
    }
    try {
      const Ptr made = load(previous.get());
      std::lock_guard lock(mutex_);
      if (generation > generation_) generation_ = generation, value_ = made;
      loading_.erase(generation);
      mine.set_value(made);
      return made;
    } catch (...) {
      std::lock_guard lock(mutex_);
      loading_.erase(generation);
      mine.set_exception(std::current_exception());
      throw;
    }
  }

 private:
  std::mutex mutex_;
  int64_t generation_ = 0;  // of value_; generations begin at 1
  Ptr value_;
  std::map<int64_t, std::shared_future<Ptr>> loading_;
};

}  // namespace hanok::store
