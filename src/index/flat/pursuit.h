// One query's way through a coded scan (scan.h): rows that look good are scored at once, so that the threshold rises
// early; those that the bound alone keeps wait, as most will be excluded by then.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace hanok::index {

/// Answer, which outlives this:
///   float threshold() const   a row whose upper bound is below cannot be among the k best; -infinity until k are known
///   void score(size_t row)    exactly, and keeps it where it is good enough
///   void fetch(size_t row)    it may be scored soon
/// Not for several threads.
template <class Answer>
class Pursuit {
 public:
  Pursuit(Answer& answer, size_t k) : answer_(answer), k_(k) {}

  /// A row that the bound keeps: what the coded scan makes of it.
  void offer(size_t row, float score, float upper) {
    waiting_.push_back(
        {std::isnan(score) ? INFINITY : score, std::isnan(upper) ? INFINITY : upper, static_cast<uint32_t>(row)});
  }

  /// Scores what is new and likely among the k best.
  void settle() {
    if (waiting_.size() == settled_) return;
    const auto fresh = waiting_.begin() + static_cast<ptrdiff_t>(settled_);
    float reach = answer_.threshold();
    if (reach == -INFINITY) {  // fewer than k are known: the k that look best
      const auto better = [](const Candidate& a, const Candidate& b) { return a.score > b.score; };
      const auto kth = fresh + static_cast<ptrdiff_t>(std::min<size_t>(k_, waiting_.end() - fresh) - 1);
      std::nth_element(fresh, kth, waiting_.end(), better);
      reach = kth->score;
    }
    size_t kept = settled_;
    for (size_t i = settled_; i < waiting_.size(); ++i) {
      const Candidate c = waiting_[i];
      if (c.score < reach)
        waiting_[kept++] = c;
      else
        answer_.score(c.row);
    }
    waiting_.resize(kept);
    if (kept >= limit_) {
      drop_excluded();
      limit_ = std::max(kMaxCandidates, waiting_.size() * 2);
    }
    settled_ = waiting_.size();
  }

  /// Scores all that may still be among the k best, the most promising first; nothing waits any more.
  void finish() {
    drop_excluded();
    const auto better = [](const Candidate& a, const Candidate& b) { return a.upper > b.upper; };
    // Sorted in parts, each twice as large as the one before: the threshold mostly ends it within the first.
    bool over = false;
    for (size_t begin = 0, part = kFirstPart; begin < waiting_.size() && !over; begin += part, part *= 2) {
      const auto at = [&](size_t i) { return waiting_.begin() + static_cast<ptrdiff_t>(std::min(i, waiting_.size())); };
      std::nth_element(at(begin), at(begin + part), waiting_.end(), better);
      std::sort(at(begin), at(begin + part), better);
      const size_t end = std::min(begin + part, waiting_.size());
      for (size_t i = begin; i < end; ++i) {
        over = waiting_[i].upper < answer_.threshold();
        if (over) break;
        if (i + kAhead < end) answer_.fetch(waiting_[i + kAhead].row);
        answer_.score(waiting_[i].row);
      }
    }
    waiting_.clear();
    settled_ = 0;
  }

 private:
  struct Candidate {
    float score, upper;  // of the coded scan
    uint32_t row;
  };
  static constexpr size_t kMaxCandidates = 1 << 14;  // then those that the risen threshold excludes are dropped
  static constexpr size_t kFirstPart = 64;
  static constexpr size_t kAhead = 4;  // rows that are on their way from memory while one is scored

  void drop_excluded() {
    std::erase_if(waiting_, [t = answer_.threshold()](const Candidate& c) { return c.upper < t; });
  }

  Answer& answer_;
  size_t k_, settled_ = 0, limit_ = kMaxCandidates;
  std::vector<Candidate> waiting_;
};

}  // namespace hanok::index
