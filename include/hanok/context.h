// What long work is given by whoever asks for it: when to stop, how many threads it may use, whom to tell how far it
// is.
//
//   hanok::CancelSource stop;                                   // stop.cancel() from any thread, or a signal handler
//   hanok::Context context = hanok::Context().with_cancel(stop).with_timeout(30).with_threads(2);
//   const hanok::Context::Scope scope(context);                 // everything called here works under it
//   chain::ingest(collection, paths, options);                  // throws Error(Cancelled) soon after stop.cancel()
//
// A scope holds for the calling thread, and for the threads that work on its behalf (base/threads.h): two calls on two
// threads have nothing to do with each other. Nothing here is a global of the process.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace hanok {

/// Says that work is no longer wanted. Copies share one flag.
class CancelSource {
 public:
  CancelSource() : flag_(std::make_shared<std::atomic<bool>>(false)) {}
  void cancel() const { flag_->store(true); }
  bool cancelled() const { return flag_->load(std::memory_order_relaxed); }
  /// True if it had been cancelled before. Safe in a signal handler.
  bool exchange() const { return flag_->exchange(true); }
  /// Wanted again: for a program that goes on after Ctrl-C.
  void reset() const { flag_->store(false); }
  /// Lives as long as this object or a copy of it.
  const std::atomic<bool>& flag() const { return *flag_; }

 private:
  std::shared_ptr<std::atomic<bool>> flag_;
};

/// How far long work is.
struct Progress {
  uint64_t done = 0, total = 0;             // total 0: not known yet
  std::string what = {};                    // "reading files", "index"; shown to the user
  std::string item = {};                    // the file or batch at hand
  std::optional<double> seconds_left = {};  // where the work knows better than done and total tell; below 0: not yet
};

/// Immutable and cheap to copy. The default never ends, may use every core and tells nobody.
class Context {
 public:
  using Clock = std::chrono::steady_clock;

  /// Each returns a context that ends when this one does, and for one reason more.
  Context with_cancel(CancelSource source) const;
  Context with_deadline(Clock::time_point deadline) const;
  Context with_timeout(double seconds) const;
  /// 0: as many as there are cores, or as HANOK_THREADS says.
  Context with_threads(size_t threads) const;
  /// `tell` is called now and then (a few hundred times at most a second), one call at a time, from a thread that does
  /// the work; what it throws ends the work. Empty: nobody is told.
  Context with_progress(std::function<void(const Progress&)> tell) const;

  /// Whether it has been cancelled, or its deadline has passed.
  bool ended() const;
  /// Throws Cancelled, or Unavailable where the deadline has passed. Long loops call it several times a second.
  void check() const;
  /// Until the earliest deadline; infinity without one, never below 0.
  double seconds_left() const;
  /// At least 1.
  size_t threads() const;
  bool tells_progress() const { return tell_ != nullptr; }
  /// For the work itself.
  void tell(const Progress& progress) const {
    if (tell_) (*tell_)(progress);
  }

  /// The context that the calling thread works under; the default one outside of every Scope.
  static const Context& current();

  class Scope;

 private:
  struct Reason;
  std::shared_ptr<const Reason> reasons_;  // a list: the newest first
  size_t threads_ = 0;
  std::shared_ptr<const std::function<void(const Progress&)>> tell_;
};

/// Makes a context the current one of this thread while the object lives. Scopes may be nested.
class Context::Scope {
 public:
  explicit Scope(const Context& context);
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  const Context* const before_;
  const Context mine_;
};

}  // namespace hanok
