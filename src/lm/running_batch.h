// Many texts that are written at once, joined in one running batch (after Yu et al. 2022, Orca, and Agrawal et al.
// 2023, chunked prefill): each step of the model reads its weights once for all who have tokens to read.
//
//   RunningBatch::Sequence text(batch, adapter);
//   text.read(prompt, 1, logits);          // waits until the model has read them
//   for (;;) text.read({&chosen, 1}, 1, logits);
//
// Whoever reads waits; one of those who wait leads: it runs steps for all until its own tokens are read, and hands over
// to another. Nothing runs where nobody waits. Choosing tokens and showing them is each caller's own work on its own
// thread, so that what one throws, or how slow it is, concerns it alone: a step waits for the others a little
// (kPatience of a step), and no longer for one that came late.
//
// Every step reads one token (or a few that were guessed) of each text that is being written, and prompts in pieces: a
// bounded number of tokens together, shared evenly, so that a long prompt stalls nobody. Where the pages for keys and
// values run short, ended texts are forgotten first; then the youngest text gives up its pages and is read again when
// there is room: the oldest always goes on, and one that fits alone never fails. A prompt that begins as another that
// is being read waits for it and takes its pages.
//
// What a token gets depends on its own sequence alone, to the last bit (Decoder::run), so none of this changes a text.
#pragma once

#include <chrono>
#include <condition_variable>
#include <exception>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "lm/arch/decoder.h"
#include "lm/prefix_cache.h"

namespace hanok::lm {

/// Safe to call from several threads, each Sequence by one at a time.
class RunningBatch {
 public:
  /// The decoder must outlive it. kept_tokens: of ended texts, see PrefixCache.
  RunningBatch(const Decoder& decoder, std::shared_ptr<nn::KvPool> pool, size_t kept_tokens);
  ~RunningBatch();

  class Sequence;
  /// What a sequence has to read: `ids` behind what it has, with the scores behind the last `wanted` of them, at least
  /// one, [wanted, vocabulary].
  struct Read {
    Sequence* sequence = nullptr;
    std::span<const int32_t> ids;
    size_t wanted = 1;
    float* scores = nullptr;
  };
  /// All of these; returns when all are read, so several must fit the pool together (else Exhausted). Throws what the
  /// model does with one of them (and what the others have read is not told), and when the current Context ends, within
  /// a step; a sequence that was not read is good for nothing but to go.
  void read(std::span<const Read> reads);

  /// Texts that are being written now.
  size_t active() const;
  /// Texts of so many tokens fit beside others of `pages`; adds what it takes.
  bool fits(size_t tokens, size_t& pages) const;
  const nn::KvPool& pool() const { return *pool_; }

  /// For tests: how many steps there were, the most texts and the most tokens that one had.
  struct Counts {
    size_t steps = 0, most_sequences = 0, most_tokens = 0, gave_up = 0;
  };
  Counts counts() const;

 private:
  struct Waiter;
  class Lead;
  enum class State { Thinking, Ready, Running };

  void lead(std::unique_lock<std::mutex>& lock, Waiter& own);
  void gather(std::unique_lock<std::mutex>& lock);
  bool anyone_expected() const;
  struct Planned {
    Sequence* sequence;
    size_t count;   // tokens
    size_t scores;  // of the last so many
  };
  std::vector<Planned> plan();
  bool must_wait_for_another(Sequence& s);
  void begin(Sequence& s);
  size_t piece(const Sequence& s, size_t budget) const;
  bool make_room(Sequence& s, size_t pages);
  size_t pages_for(const Sequence& s, size_t tokens) const;
  void step(std::unique_lock<std::mutex>& lock, const std::vector<Planned>& planned);
  void run(std::span<const DecodeStep> steps, float* scores, std::vector<std::exception_ptr>& faults);
  void finish(const Planned& p, const float* scores, std::exception_ptr fault);
  void withdraw(Waiter& own);
  void hand_over();

  const Decoder& decoder_;
  std::shared_ptr<nn::KvPool> pool_;  // shared: with the sequences
  mutable std::mutex mutex_;
  std::condition_variable gathering_;
  std::list<Sequence*> sequences_;  // the oldest first
  PrefixCache kept_;
  bool leading_ = false;
  double step_seconds_ = 0;  // of the last step
  size_t planned_pages_ = 0;
  Counts counts_;
  // Of whoever leads:
  DecodeMemory memory_;
  std::vector<float> scores_;
};

/// One text's tokens, as far as they are read.
class RunningBatch::Sequence {
 public:
  Sequence(RunningBatch& batch, const Adapter* adapter);
  /// What it has read is kept for prompts that begin in the same way.
  ~Sequence();
  Sequence(const Sequence&) = delete;
  Sequence& operator=(const Sequence&) = delete;

  void read(std::span<const int32_t> ids, size_t wanted, float* scores) {
    const Read one{this, ids, wanted, scores};
    batch_.read({&one, 1});
  }
  /// Forgets the tokens from `length` on.
  void truncate(size_t length);
  size_t length() const { return ids_.size(); }
  /// See Decoder::must_reread.
  bool must_reread(size_t more) const { return batch_.decoder_.must_reread(ids_.size(), more); }
  /// Of the first that were read: how many another text had read before.
  size_t cached() const { return cached_; }

 private:
  friend class RunningBatch;
  using Clock = std::chrono::steady_clock;

  RunningBatch& batch_;
  const Adapter* adapter_;
  std::list<Sequence*>::iterator place_;
  // All of these under the batch's mutex.
  std::vector<int32_t> ids_;  // read, or to be read: cache_ has the first so many
  nn::KvSequence cache_;
  size_t wanted_ = 1, cached_ = 0;
  float* scores_ = nullptr;
  State state_ = State::Thinking;
  bool late_ = true;  // not waited for: it has not shown yet that it is quick
  bool begun_ = false;
  Clock::time_point told_;  // when it got its scores
  Waiter* waiter_ = nullptr;
  std::exception_ptr fault_;
};

}  // namespace hanok::lm
