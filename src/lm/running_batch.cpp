#include "lm/running_batch.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/clock.h"
#include "hanok/context.h"
#include "hanok/error.h"

namespace hanok::lm {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr size_t kPromptAlone = 256;   // tokens of prompts in a step that writes nothing: cancelling waits for one such
constexpr size_t kPromptBeside = 64;   // in one that does: those who write wait for it
constexpr size_t kLeastPiece = 16;     // of one prompt, where several share these
constexpr size_t kMostSequences = 64;  // in a step
constexpr size_t kFew = 16;            // tokens up to which a sequence is being written, and not a prompt
constexpr double kPatience = 0.25;     // of a step: how long it waits for those who are choosing their tokens
constexpr double kLeastPatience = 3e-4, kMostPatience = 5e-3;  // seconds
constexpr auto kLook = std::chrono::milliseconds(20);          // how often whoever waits looks whether it is still to

}  // namespace

/// A thread that waits for its sequences.
struct RunningBatch::Waiter {
  std::condition_variable wake;
  size_t pending = 0;  // sequences that are not read yet
  size_t running = 0;  // of these, in the step that runs
  size_t threads = 1;  // that its context allows
  std::vector<Sequence*> sequences;
};

/// Leads while it lives; then another does.
class RunningBatch::Lead {
 public:
  explicit Lead(RunningBatch& batch) : batch_(batch) { batch_.leading_ = true; }
  ~Lead() {
    batch_.leading_ = false;
    batch_.hand_over();
  }
  Lead(const Lead&) = delete;
  Lead& operator=(const Lead&) = delete;

 private:
  RunningBatch& batch_;
};

RunningBatch::RunningBatch(const Decoder& decoder, std::shared_ptr<nn::KvPool> pool, size_t kept_tokens)
    : decoder_(decoder), pool_(std::move(pool)), kept_(kept_tokens) {}
RunningBatch::~RunningBatch() = default;

size_t RunningBatch::active() const {
  std::lock_guard lock(mutex_);
  return sequences_.size();
}

bool RunningBatch::fits(size_t tokens, size_t& pages) const {
  const size_t need = (tokens + nn::kPageTokens - 1) / nn::kPageTokens + 1;  // one for a page that is copied
  if (pages + need > pool_->most_pages()) return false;
  pages += need;
  return true;
}

RunningBatch::Counts RunningBatch::counts() const {
  std::lock_guard lock(mutex_);
  return counts_;
}

RunningBatch::Sequence::Sequence(RunningBatch& batch, const Adapter* adapter)
    : batch_(batch), adapter_(adapter), cache_(batch.pool_) {
  std::lock_guard lock(batch_.mutex_);
  place_ = batch_.sequences_.insert(batch_.sequences_.end(), this);
}

RunningBatch::Sequence::~Sequence() {
  std::lock_guard lock(batch_.mutex_);
  batch_.sequences_.erase(place_);
  try {
    if (!fault_) batch_.kept_.keep(std::move(ids_), adapter_, std::move(cache_));
  } catch (const std::bad_alloc&) {  // then it is not kept
  }
  batch_.gathering_.notify_one();
}

void RunningBatch::Sequence::truncate(size_t length) {
  std::lock_guard lock(batch_.mutex_);
  ids_.resize(std::min(length, ids_.size()));
  cache_.truncate(ids_.size());
  batch_.gathering_.notify_one();  // somebody may wait for pages
}

// ---- waiting and leading

void RunningBatch::read(std::span<const Read> reads) {
  Context::current().check();
  Waiter own;
  own.threads = Context::current().threads();
  std::unique_lock lock(mutex_);
  size_t tokens = 0;
  for (const Read& r : reads) tokens += r.sequence->ids_.size() + r.ids.size() + nn::kPageTokens - 1;
  if (reads.size() > 1 && tokens / nn::kPageTokens > pool_->most_pages())
    throw Error(Code::Exhausted,
                "texts of " + std::to_string(tokens) + " tokens are to be written together, and there is " +
                    "room for the keys and values of " + std::to_string(pool_->most_pages() * nn::kPageTokens));
  const auto now = Clock::now();
  for (const Read& r : reads) {
    Sequence& s = *r.sequence;
    s.ids_.insert(s.ids_.end(), r.ids.begin(), r.ids.end());
    s.wanted_ = r.wanted;
    s.scores_ = r.scores;
    s.late_ = s.begun_ && Seconds(now - s.told_).count() > kMostPatience;
    s.state_ = State::Ready;
    s.waiter_ = &own;
    s.fault_ = nullptr;
    own.sequences.push_back(&s);
  }
  own.pending = reads.size();
  gathering_.notify_one();
  while (own.pending > 0) {
    if (leading_) {
      own.wake.wait_for(lock, kLook);
    } else {
      try {
        lead(lock, own);
      } catch (...) {
        withdraw(own);
        throw;
      }
    }
    if (own.pending > 0 && own.running == 0 && Context::current().ended()) {
      withdraw(own);
      lock.unlock();
      Context::current().check();
      throw Error(Code::Cancelled, "the text is no longer wanted");
    }
  }
  for (const Read& r : reads)
    if (r.sequence->fault_) std::rethrow_exception(r.sequence->fault_);
}

void RunningBatch::withdraw(Waiter& own) {
  for (Sequence* s : own.sequences) {
    s->state_ = State::Thinking;
    s->late_ = true;
    s->waiter_ = nullptr;
  }
  own.pending = 0;
}

// Anyone who waits for its tokens leads next.
void RunningBatch::hand_over() {
  for (Sequence* s : sequences_)
    if (s->state_ == State::Ready && s->waiter_) return s->waiter_->wake.notify_one();
}

void RunningBatch::lead(std::unique_lock<std::mutex>& lock, Waiter& own) {
  const Lead leading(*this);
  while (own.pending > 0 && !Context::current().ended()) {
    gather(lock);
    const auto planned = plan();
    if (planned.empty())
      gathering_.wait_for(lock, kLook);  // for pages, or for what another reads
    else
      step(lock, planned);
  }
}

// Whether somebody who is quick is about to come with its next token.
bool RunningBatch::anyone_expected() const {
  return std::any_of(sequences_.begin(), sequences_.end(),
                     [](const Sequence* s) { return s->state_ == State::Thinking && !s->late_; });
}

void RunningBatch::gather(std::unique_lock<std::mutex>& lock) {
  const Seconds patience(std::clamp(step_seconds_ * kPatience, kLeastPatience, kMostPatience));
  const auto until = Clock::now() + std::chrono::duration_cast<Clock::duration>(patience);
  while (anyone_expected())
    if (gathering_.wait_until(lock, until) == std::cv_status::timeout) break;
  for (Sequence* s : sequences_)
    if (s->state_ == State::Thinking) s->late_ = true;
}

// ---- what a step reads

// A sequence that has read nothing takes the pages of one that begins in the same way.
void RunningBatch::begin(Sequence& s) {
  const size_t most = s.ids_.size() - s.wanted_;
  const std::span<const int32_t> ids(s.ids_);
  size_t shared = kLeastShared - 1;
  const nn::KvSequence* from = nullptr;
  const auto offer = [&](const nn::KvSequence& cache, size_t common) {
    const size_t n = std::min({common, most, cache.length()});
    if (n > shared && !decoder_.must_reread(n, s.ids_.size() - n)) shared = n, from = &cache;
  };
  const PrefixCache::Kept* kept = kept_.find(ids, s.adapter_);
  if (kept) offer(kept->cache, common_prefix(kept->ids, ids));
  const nn::KvSequence* of_kept = from;
  for (const Sequence* other : sequences_)
    if (other != &s && other->adapter_ == s.adapter_) offer(other->cache_, common_prefix(other->ids_, ids));
  if (from) s.cache_ = from->fork(shared);
  if (from && from == of_kept) kept_.used(kept);
  if (!s.begun_) s.cached_ = s.cache_.length();
  s.begun_ = true;
}

// An older one is reading what this one begins with.
bool RunningBatch::must_wait_for_another(Sequence& s) {
  const size_t most = s.ids_.size() - s.wanted_;
  for (const Sequence* other : sequences_) {
    if (other == &s) return false;
    if (other->adapter_ != s.adapter_ || other->state_ == State::Thinking) continue;
    const size_t common = std::min(common_prefix(other->ids_, s.ids_), most);
    if (common >= kLeastShared && other->cache_.length() < common &&
        !decoder_.must_reread(common, s.ids_.size() - common))
      return true;
  }
  return false;
}

// How many of its tokens a sequence reads, of at most `budget`: as many as leave those whose scores are wanted
// together.
size_t RunningBatch::piece(const Sequence& s, size_t budget) const {
  const size_t left = s.ids_.size() - s.cache_.length();
  const auto& p = decoder_.plan();
  if (p.long_from > 0 && s.cache_.length() <= p.long_from && s.ids_.size() > p.long_from)
    return left;  // all at once, so that every token is turned in one way
  if (left <= std::max(budget, s.wanted_)) return left;
  return std::min(budget, left - s.wanted_);
}

// At most: its last page may be another's too, and is copied then. One that has nothing yet asks for all that it will
// read, and for some that the others may take meanwhile.
size_t RunningBatch::pages_for(const Sequence& s, size_t tokens) const {
  const auto pages = [](size_t n) { return (n + nn::kPageTokens - 1) / nn::kPageTokens; };
  const size_t has = s.cache_.length();
  if (has == 0) {
    const auto others = std::count_if(sequences_.begin(), sequences_.end(),
                                      [&](const Sequence* o) { return o != &s && o->state_ == State::Ready; });
    return pages(s.ids_.size()) + static_cast<size_t>(others);
  }
  return pages(has + tokens) - pages(has) + (has % nn::kPageTokens != 0);
}

// Of ended texts, then of the youngest; nobody gives up anything where that would not do.
bool RunningBatch::make_room(Sequence& s, size_t pages) {
  const auto enough = [&] { return pool_->most_pages() - pool_->pages_in_use() >= planned_pages_ + pages; };
  while (!enough() && kept_.drop_oldest()) {
  }
  const bool oldest = sequences_.front() == &s;
  size_t could = pool_->most_pages() - pool_->pages_in_use();
  for (auto at = sequences_.rbegin(); *at != &s; ++at) could += (*at)->cache_.length() / nn::kPageTokens;
  if (could < planned_pages_ + pages && !oldest) return false;
  for (auto at = sequences_.rbegin(); !enough() && *at != &s; ++at) {
    if ((*at)->cache_.length() == 0) continue;
    (*at)->cache_.truncate(0);
    ++counts_.gave_up;
  }
  return enough() || oldest;  // alone it fits, whatever the estimate says
}

std::vector<RunningBatch::Planned> RunningBatch::plan() {
  std::vector<Sequence*> ready;
  size_t prompts = 0;
  const auto is_prompt = [](const Sequence* s) { return s->ids_.size() - s->cache_.length() > kFew; };
  for (Sequence* s : sequences_) {
    if (s->state_ != State::Ready || ready.size() == kMostSequences) continue;
    if (s->cache_.length() == 0) {
      if (must_wait_for_another(*s)) continue;
      begin(*s);
    }
    if (decoder_.must_reread(s->cache_.length(), s->ids_.size() - s->cache_.length())) s->cache_.truncate(0);
    ready.push_back(s);
    prompts += is_prompt(s);
  }
  size_t budget = prompts == ready.size() ? kPromptAlone : kPromptBeside;
  const size_t share = std::max(kLeastPiece, budget / std::max<size_t>(prompts, 1));
  std::vector<Planned> out;
  planned_pages_ = 0;
  for (Sequence* s : ready) {  // those before it may have taken its pages
    const size_t left = s->ids_.size() - s->cache_.length();
    size_t n = left;
    if (left > kFew) {
      if (budget == 0) continue;
      n = piece(*s, std::min(share, budget));
      budget -= std::min(budget, n);
    }
    const size_t pages = pages_for(*s, n);
    if (!make_room(*s, pages)) continue;
    planned_pages_ += pages;
    out.push_back({s, n, n == left ? s->wanted_ : 0});
  }
  return out;
}

// ---- a step

void RunningBatch::step(std::unique_lock<std::mutex>& lock, const std::vector<Planned>& planned) {
  std::vector<DecodeStep> steps;
  size_t tokens = 0, wanted = 0, threads = 1;
  for (const Planned& p : planned) {
    Sequence& s = *p.sequence;
    steps.push_back(
        {&s.cache_, std::span<const int32_t>(s.ids_).subspan(s.cache_.length(), p.count), p.scores, s.adapter_});
    tokens += p.count;
    wanted += p.scores;
    threads = std::max(threads, s.waiter_->threads);
  }
  std::vector<std::exception_ptr> faults(planned.size());
  for (const Planned& p : planned) {
    p.sequence->state_ = State::Running;
    ++p.sequence->waiter_->running;
  }
  ++counts_.steps;
  counts_.most_sequences = std::max(counts_.most_sequences, planned.size());
  counts_.most_tokens = std::max(counts_.most_tokens, tokens);
  lock.unlock();
  const base::Stopwatch watch;
  try {
    const Context::Scope scope(Context().with_threads(threads));  // for all, not for whoever leads
    scores_.resize(std::max(scores_.size(), wanted * decoder_.plan().vocabulary));
    run(steps, scores_.data(), faults);
  } catch (...) {
    std::fill(faults.begin(), faults.end(), std::current_exception());
  }
  lock.lock();
  step_seconds_ = watch.seconds();
  size_t row = 0;
  for (size_t i = 0; i < planned.size(); ++i) {
    finish(planned[i], scores_.data() + row * decoder_.plan().vocabulary, std::move(faults[i]));
    row += planned[i].scores;
  }
}

// All together; where that fails each alone, so that a fault is told to whom it concerns.
void RunningBatch::run(std::span<const DecodeStep> steps, float* scores, std::vector<std::exception_ptr>& faults) {
  try {
    return decoder_.run(steps, memory_, scores);
  } catch (const Error&) {
    if (steps.size() == 1) {
      faults[0] = std::current_exception();
      return;
    }
  }
  for (size_t i = 0; i < steps.size(); ++i) {
    try {
      decoder_.run(steps.subspan(i, 1), memory_, scores);
    } catch (const Error&) {
      faults[i] = std::current_exception();
    }
    scores += steps[i].logits * decoder_.plan().vocabulary;
  }
}

void RunningBatch::finish(const Planned& p, const float* scores, std::exception_ptr fault) {
  Sequence& s = *p.sequence;
  Waiter& waiter = *s.waiter_;
  --waiter.running;
  const bool failed = fault != nullptr, read = p.scores > 0 && !failed;
  s.fault_ = std::move(fault);  // its reader alone holds it from here
  s.state_ = read || failed ? State::Thinking : State::Ready;
  if (s.state_ == State::Ready) return;
  if (read) std::memcpy(s.scores_, scores, p.scores * decoder_.plan().vocabulary * sizeof(float));
  s.told_ = Clock::now();
  s.waiter_ = nullptr;
  if (--waiter.pending == 0) waiter.wake.notify_one();
}

}  // namespace hanok::lm
