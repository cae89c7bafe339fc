// Which words of a question stand, translated, in sentences of another language.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chain/answer/evidence.h"

namespace hanok::chain::answer {

/// How surely a text has each of the words, 0..1.
using Presence = std::vector<double>;

/// The question's words but those that ask or name what it measures in ("fee"), and how surely they are in texts.
class Translated {
 public:
  Translated(const Question& question, const WordNearness& nearness);
  /// For each text its Presence. All words of all texts are compared at once.
  std::vector<Presence> in(const std::vector<std::string>& texts) const;
  /// To tell lines apart: the mean over all words, in which a day or a month counts three times.
  double mean(const Presence& presence) const;
  /// To tell whether a text is about what is asked: the mean over all words alike, and over those alone that say what
  /// the question is about (1 where there are none).
  double plain_mean(const Presence& presence) const;
  double topical_mean(const Presence& presence) const;
  double topical_least(const Presence& presence) const;

 private:
  const Question& question_;
  const WordNearness& nearness_;
  std::vector<std::string> words_;
  std::vector<bool> topical_;
  std::vector<Calendar> days_;   // that each word names
  std::vector<double> weights_;  // of each word in mean()
};

/// What a text may have that another one has too.
Presence together(Presence a, const Presence& b);

}  // namespace hanok::chain::answer
