// Guesses of what a text goes on with. The model reads the last token and what was guessed behind it in one step, which
// costs little more than a token alone, and chooses as ever: guesses that it would have chosen are steps saved, the
// others are forgotten. The text is the same to the last bit, drawn or greedy.
//
//   PromptLookup  by what stood behind the same words before (Saxena 2023): answers from documents quote them
//   Draft         by a smaller model with the same tokens (Leviathan et al. 2023)
//
// How many are guessed, and whether at all, follows what it has cost and saved in this text so far (Pace).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "lm/running_batch.h"
#include "lm/writing.h"

namespace hanok::lm {

inline constexpr size_t kMostGuesses = 12;

class PromptLookup {
 public:
  /// What may follow `ids`, at most `most`; nothing where its last kWords tokens have not stood together before. `ids`
  /// is each time what it was, and more.
  std::vector<int32_t> guess(std::span<const int32_t> ids, size_t most);

 private:
  static constexpr size_t kWords = 3;   // tokens that must be the same: of two, too many are so by chance
  static constexpr size_t kPlaces = 8;  // that are remembered of each three: the last ones
  static uint64_t key(std::span<const int32_t> words);

  std::unordered_map<uint64_t, std::vector<uint32_t>> behind_;  // where what followed them stands
  size_t known_ = 0;                                            // of ids: whose followers are in behind_
};

/// A model that reads what the text says and goes on greedily. Reads as RunningBatch::read, and throws as it does.
class Draft {
 public:
  /// `vocabulary`: of the model that is guessed for. `context`: as many tokens as the draft may read.
  Draft(RunningBatch& batch, size_t own_vocabulary, size_t vocabulary, size_t context)
      : sequence_(batch, nullptr), scores_(own_vocabulary), vocabulary_(vocabulary), context_(context) {}
  std::vector<int32_t> guess(std::span<const int32_t> ids, size_t most);

 private:
  RunningBatch::Sequence sequence_;
  std::vector<int32_t> read_;
  std::vector<float> scores_;
  size_t vocabulary_, context_;
};

/// How far one way of guessing is to go.
class Pace {
 public:
  explicit Pace(size_t first) : length_(first) {}
  /// Guesses that are worth a try now; 0: the next steps go without.
  size_t allowed();
  /// A step without guesses took so long.
  void plain(double seconds);
  /// One with so many, of which so many were right; the time it took to guess with it.
  void tried(size_t guessed, size_t right, double seconds);

 private:
  static constexpr size_t kLeastTries = 3, kFirstPause = 8, kLongestPause = 256;  // tries; steps
  size_t length_, tries_ = 0, pause_ = 0, next_pause_ = kFirstPause;
  size_t judged_after_ = kLeastTries;            // tries: one is enough behind a pause
  double plain_ = 0, tokens_ = 0, seconds_ = 0;  // running means: a step alone; tokens and seconds of one with guesses
};

/// Writes one text with guesses.
class Speculation {
 public:
  Speculation(const RunningBatch& batch, size_t vocabulary) : batch_(batch), vocabulary_(vocabulary) {}
  void use(std::unique_ptr<Draft> draft) { draft_ = std::move(draft); }
  /// To its end, from where its next token is chosen and not read. Throws what the two throw.
  void write(Writing& text, RunningBatch::Sequence& sequence);
  size_t guessed() const { return all_; }
  size_t right() const { return right_; }

 private:
  std::vector<int32_t> guess(const Writing& text);
  void became(size_t guessed, size_t right);

  const RunningBatch& batch_;
  size_t vocabulary_;
  std::unique_ptr<Draft> draft_;
  PromptLookup prompt_;
  Pace prompt_pace_{4}, draft_pace_{4};
  Pace* by_ = nullptr;  // whose guess it is
  base::Stopwatch watch_;
  size_t all_ = 0, right_ = 0;
};

}  // namespace hanok::lm
