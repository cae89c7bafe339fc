// Readers and one writer; a waiting writer goes before readers that come later, so that steady searches cannot starve
// it. A thread that reads must not enter again: a writer in between would wait for it, and it for the writer.
#pragma once

#include <atomic>
#include <mutex>
#include <shared_mutex>

namespace hanok::index {

class Gate {
 public:
  class Reader {
   public:
    explicit Reader(Gate& gate) {
      if (gate.waiting_.load(std::memory_order_acquire)) std::lock_guard turn(gate.turnstile_);
      lock_ = std::shared_lock(gate.mutex_);
    }

   private:
    std::shared_lock<std::shared_mutex> lock_;
  };
  class Writer {
   public:
    explicit Writer(Gate& gate) {
      std::lock_guard turn(gate.turnstile_);
      gate.waiting_.store(true, std::memory_order_release);
      lock_ = std::unique_lock(gate.mutex_);
      gate.waiting_.store(false, std::memory_order_release);
    }

   private:
    std::unique_lock<std::shared_mutex> lock_;
  };

 private:
  std::shared_mutex mutex_;
  std::mutex turnstile_;
  std::atomic<bool> waiting_{false};
};

}  // namespace hanok::index
