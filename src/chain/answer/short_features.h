// What speaks for a run of words as a short answer, as names; weights are looked up by name (short_answer_weights.cpp).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chain/answer/asked_for.h"
#include "chain/answer/mentions.h"

namespace hanok::chain::answer {

using Names = std::vector<std::string>;

/// The features of a run are those of its first word, of its last word and of the whole: the first two are the same
/// for many runs, so that a caller may look up their weights once.
class RunFeatures {
 public:
  RunFeatures(std::string_view sentence, const Question& question);

  const std::vector<Word>& words() const { return words_; }
  Names of_first(size_t first) const;
  Names of_last(size_t last) const;
  Names of_whole(size_t first, size_t last) const;
  /// Of a run that ends at the core of its last word; one that keeps the particle has "uncut" instead.
  std::string end(size_t last) const;

 private:
  std::string lower(size_t word) const;
  std::string_view core_of(size_t word) const;
  std::string_view full_of(size_t word) const;
  std::string shape(size_t word) const;
  std::string left_mark(size_t first) const;
  std::string right_mark(size_t last) const;
  size_t asked_before(size_t first) const;
  size_t asked_after(size_t last) const;
  size_t company(size_t first, size_t last) const;
  void add_head_last(size_t last, Names& f) const;
  void add_counts(size_t first, size_t last, Names& f) const;

  std::string_view sentence_;
  const Question& q_;
  std::vector<Word> words_;
  std::string language_, asks_, wh_, head_;
  std::string roles_;  // which particles the question's own words have: the answer has the one that is missing
};

}  // namespace hanok::chain::answer
