#include "hanok/context.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "base/threads.h"
#include "hanok/error.h"

namespace hanok {
namespace {

thread_local const Context* current_context = nullptr;

}  // namespace

struct Context::Reason {
  std::shared_ptr<const Reason> next;
  std::optional<CancelSource> source;
  std::optional<Clock::time_point> deadline;
};

Context Context::with_cancel(CancelSource source) const {
  Context out = *this;
  out.reasons_ = std::make_shared<const Reason>(Reason{reasons_, std::move(source), std::nullopt});
  return out;
}

Context Context::with_deadline(Clock::time_point deadline) const {
  Context out = *this;
  out.reasons_ = std::make_shared<const Reason>(Reason{reasons_, std::nullopt, deadline});
  return out;
}

Context Context::with_timeout(double seconds) const {
  // A century is as good as for ever, and what is longer would overflow the clock.
  constexpr double kCentury = 100.0 * 365 * 24 * 3600;
  return with_deadline(Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                          std::chrono::duration<double>(std::clamp(seconds, 0.0, kCentury))));
}

Context Context::with_threads(size_t threads) const {
  Context out = *this;
  out.threads_ = threads;
  return out;
}

Context Context::with_progress(std::function<void(const Progress&)> tell) const {
  Context out = *this;
  out.tell_ = tell ? std::make_shared<const std::function<void(const Progress&)>>(std::move(tell)) : nullptr;
  return out;
}

bool Context::ended() const {
  for (const Reason* r = reasons_.get(); r; r = r->next.get())
    if (r->source ? r->source->cancelled() : Clock::now() >= *r->deadline) return true;
  return false;
}

void Context::check() const {
  for (const Reason* r = reasons_.get(); r; r = r->next.get()) {
    if (r->source && r->source->cancelled()) throw Error(Code::Cancelled, "interrupted; what was saved so far is kept");
    if (r->deadline && Clock::now() >= *r->deadline)
      throw Error(Code::Unavailable, "stopped at its deadline; what was saved so far is kept. Allow it more time");
  }
}

double Context::seconds_left() const {
  double left = std::numeric_limits<double>::infinity();
  for (const Reason* r = reasons_.get(); r; r = r->next.get())
    if (r->deadline) left = std::min(left, std::chrono::duration<double>(*r->deadline - Clock::now()).count());
  return std::max(left, 0.0);
}

size_t Context::threads() const { return threads_ ? std::min(threads_, base::kMaxThreads) : base::cores(); }

const Context& Context::current() {
  static const Context everything;
  return current_context ? *current_context : everything;
}

Context::Scope::Scope(const Context& context) : before_(current_context), mine_(context) { current_context = &mine_; }

Context::Scope::~Scope() { current_context = before_; }

}  // namespace hanok
