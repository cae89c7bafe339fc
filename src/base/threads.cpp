#include "base/threads.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace hanok::base {
namespace {

constexpr int kBackgroundNice = 5;
thread_local bool inside_body = false, in_background = false;

struct Job {
  const std::function<void(size_t, size_t, size_t)>* body;
  size_t n, grain;
  const Context* context;
  std::atomic<size_t> next{0};
  std::atomic<size_t> worker{0};
  std::atomic<bool> stop{false};
  size_t wanted = 0, running = 0;  // both under Pool::mutex_
  std::exception_ptr error;
  std::mutex error_mutex;

  void work() {
    const size_t me = worker.fetch_add(1);
    inside_body = true;
    while (!stop.load(std::memory_order_relaxed)) {
      const size_t begin = next.fetch_add(grain);
      if (begin >= n) break;
      try {
        (*body)(begin, std::min(n, begin + grain), me);
      } catch (...) {
        std::lock_guard lock(error_mutex);
        if (!error) error = std::current_exception();
        stop = true;
      }
    }
    inside_body = false;
  }
};

// Workers sleep between jobs, so a parallel_for of some microseconds does not pay for thread creation.
class Pool {
 public:
  /// Work that somebody waits for and work in the background do not share threads.
  static Pool& get() {
    static Pool waited_for(false), background(true);
    return in_background ? background : waited_for;
  }

  void run(Job& job, size_t threads) {
    {
      std::lock_guard lock(mutex_);
      hire(threads - 1);
      job.wanted = std::min(threads - 1, workers_.size());
      jobs_.push_back(&job);
    }
    wake_.notify_all();
    job.work();
    std::unique_lock lock(mutex_);
    jobs_.erase(std::find(jobs_.begin(), jobs_.end(), &job));  // nobody may start on it any more
    done_.wait(lock, [&] { return job.running == 0; });
  }

 private:
  explicit Pool(bool background) : background_(background) {}
  ~Pool() {
    {
      std::lock_guard lock(mutex_);
      quit_ = true;
    }
    wake_.notify_all();
    for (auto& t : workers_) t.join();
  }

  // As many workers as the system makes: the caller works too, so none are needed.
  void hire(size_t n) {
    try {
      while (workers_.size() < n) workers_.emplace_back([this] { loop(); });
    } catch (const std::system_error&) {  // no more threads, or no memory for a stack
    }
  }

  Job* claim() {
    for (Job* j : jobs_)
      if (j->wanted > 0) return j;
    return nullptr;
  }

  void loop() {
    in_background = background_;  // its nice value is that of the thread in the background that made it
    std::unique_lock lock(mutex_);
    for (;;) {
      Job* job = nullptr;
      wake_.wait(lock, [&] { return quit_ || (job = claim()) != nullptr; });
      if (quit_) return;
      --job->wanted;
      ++job->running;
      lock.unlock();
      {
        const Context::Scope scope(*job->context);
        job->work();
      }
      lock.lock();
      if (--job->running == 0) done_.notify_all();
    }
  }

  const bool background_;
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  std::vector<Job*> jobs_;
  std::vector<std::thread> workers_;
  bool quit_ = false;
};

// Lives as long as the process: a signal may come at any time.
const CancelSource& interrupts() {
  static const auto* source = new CancelSource;
  return *source;
}

extern "C" void on_signal(int signal) {
  if (interrupts().exchange()) std::_Exit(128 + signal);
}

const CancelSource& hangups() {
  static const auto* source = new CancelSource;
  return *source;
}

extern "C" void on_hangup(int) { hangups().cancel(); }

}  // namespace

size_t cores() {
  if (const char* text = std::getenv("HANOK_THREADS")) {
    const long n = std::strtol(text, nullptr, 10);
    if (n >= 1) return std::min<size_t>(static_cast<size_t>(n), kMaxThreads);
  }
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::clamp<size_t>(CPU_COUNT(&set), 1, kMaxThreads);
  return std::clamp<size_t>(std::thread::hardware_concurrency(), 1, kMaxThreads);
}

void parallel_for(size_t n, size_t grain, const std::function<void(size_t, size_t, size_t)>& body, size_t threads) {
  if (n == 0) return;
  grain = std::max<size_t>(grain, 1);
  if (threads == 0) threads = default_threads();
  threads = std::min({threads, (n + grain - 1) / grain, kMaxThreads});
  if (threads <= 1 || inside_body) {
    for (size_t begin = 0; begin < n; begin += grain) body(begin, std::min(n, begin + grain), 0);
    return;
  }
  Job job;
  job.body = &body;
  job.n = n;
  job.grain = grain;
  job.context = &Context::current();
  Pool::get().run(job, threads);
  if (job.error) std::rethrow_exception(job.error);
}

bool background_thread() { return in_background; }

void become_background_thread() {
  in_background = true;
  // The nice value is each thread's own in Linux; where it cannot be set, the system shares as it likes.
  const auto me = static_cast<id_t>(::syscall(SYS_gettid));
  (void)::setpriority(PRIO_PROCESS, me, ::getpriority(PRIO_PROCESS, me) + kBackgroundNice);
}

CancelSource catch_interrupts() {
  const CancelSource source = interrupts();
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  return source;
}

CancelSource catch_hangups() {
  const CancelSource source = hangups();
  std::signal(SIGHUP, on_hangup);
  return source;
}

}  // namespace hanok::base
