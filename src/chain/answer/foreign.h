// Sentences in another language than the question. The question's words cannot be in them, so they are ranked by how
// near they are in meaning, and by the little that crosses languages: numbers, names in the same letters, and whether
// what is asked for (a number, a time) is there at all.
#pragma once

#include <array>
#include <vector>

#include "chain/answer/evidence.h"

namespace hanok::chain::answer {

/// What is known about a foreign sentence, each about 0..1. The order is the order of kForeignWeights, which has those
/// of the confidence behind them.
enum ForeignFeature : size_t {
  kForeignNearness,         // how near it is (Nearness), twice
  kForeignPassageNearness,  // ... of its passage
  kForeignAmong,            // in deviations above the mean of the foreign sentences at hand, a quarter of it
  kForeignNearest,          // 1 when no other sentence of its passage is nearer
  kForeignFirstPassage,     // of the foreign passage that search ranks first
  kForeignRank,             // 1 / (1 + foreign passages ranked before its own)
  kForeignKindMissing,      // 1 when a number or time is asked for and none is here
  kForeignKeyword,          // the passage's BM25, of the most there can be: names and numbers that match
  kForeignNumbers,          // share of the question's numbers that are here
  kForeignNames,            // share of the words in the other language's letters that are here
  kForeignSounds,           // words that sound like the question's (loanwords.h): two or more are 1
  kForeignLength,           // 60 words or more are 1
  kForeignWords,            // how surely the question's words are in it, translated, each 0..1: their mean
  kForeignPassageWords,     // ... in its passage and the headings
  kForeignFeatures
};
using ForeignFeatures = std::array<double, kForeignFeatures>;

struct ForeignSentence : Sentence {
  ForeignFeatures foreign{};
  bool holds_code = false;  // one that a short question names
  /// How surely the question's words are in its passage, translated: those that say what it is about, all, and the
  /// least sure of the former, up to a half.
  std::array<double, 3> words{};
};

/// The learned weights of the sentences.
ForeignFeatures learned_foreign_weights();

/// The sentences of the passages in another language (Passage::foreign), best first; Sentence::meaning is Nearness.
std::vector<ForeignSentence> rank_foreign(const Question& question, const std::vector<Passage>& passages,
                                          const Across& across,
                                          const ForeignFeatures& weights = learned_foreign_weights());

/// What the confidence in the best of them is computed from. `own`: the sentences of rank_sentences, which may be
/// empty: where they hold the question's words, the answer is there.
inline constexpr size_t kForeignConfidenceFeatures = 27;
std::vector<double> foreign_confidence_features(const Question& question, const std::vector<Passage>& passages,
                                                const std::vector<ForeignSentence>& foreign,
                                                const std::vector<Sentence>& own);

/// 0..1; 0 without foreign sentences.
double foreign_confidence(const Question& question, const std::vector<Passage>& passages,
                          const std::vector<ForeignSentence>& foreign, const std::vector<Sentence>& own);

}  // namespace hanok::chain::answer
