// The words of a question that say what it is about, and which of them the place that seems to answer lacks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chain/answer/fillers.h"
#include "chain/answer/question.h"

namespace hanok::chain::answer {

/// What a word of a question is to a reader: an answer about another year, person or branch is wrong, another verb is
/// another way to say it.
enum class WordKind : size_t {
  Number,   // digits: a year, an amount
  Name,     // capitalised inside the question; in a Korean one, in Latin letters
  Noun,     // Korean: with a particle that only nouns have; English: after an article or preposition
  Topic,    // Korean: with 은 or 는, which verbs may have too
  Bare,     // Korean: without a particle, and no verb by its ending
  General,  // what is asked for (the answer is one, and need not say so), and words of no topic: "name", 이름
  Other
};
inline constexpr size_t kWordKinds = 7;

/// A word of the question; several of its forms may be pieces of it.
struct KeyWord {
  std::string text;  // without its particle
  WordKind kind = WordKind::Other;
  std::vector<size_t> forms;  // of Question::forms
  double weight = 0;          // the sum of theirs
  double rarity = 0;          // the mean of theirs: 1 in no passage
  double rarity_here = 0;     // the mean of theirs in this collection alone
};

std::vector<KeyWord> key_words(const Question& question);

/// "선정한", "있는", "통해", "적용받은": a verb before what it says something of. full: as it stands; core: without its
/// particle, where it has one.
bool is_korean_verb(std::string_view full, std::string_view core, bool particle);
/// Words of no topic: 이름, 당시.
bool is_general_korean(std::string_view core);

/// What is missing, as features of the confidence: kMissingFeatures numbers from 0 (all there) to about 1. `here` is
/// the sentence and what it stands under, `passage` the whole passage; both with the headings, title and file name. For
/// each kind of word, of the word missing most: the part of its forms that are missing; the same less what a similar
/// word of the passage makes likely (a slip of the pen, another ending, an acronym of its words); that by weight, by
/// rarity, by rarity here, where the word is in no passage at all, and by rarity squared. Then how many words are
/// missing, and what stands in their place (fillers.h).
inline constexpr size_t kMissingFeatures = kWordKinds * 7 + 6 + kFillers;
/// The word that `passage` lacks most, of those that say what the question is about.
struct MissingWord {
  std::string wording;                 // the question's text without it; empty where none is missing
  double rarity = 0, rarity_here = 0;  // as KeyWord's
  bool another_family = false;         // 박민지 where the passage has 김민지
};
struct Missing {
  std::vector<double> features;  // [kMissingFeatures]
  MissingWord most;
};
Missing what_is_missing(const Question& question, std::string_view here, std::string_view passage);

}  // namespace hanok::chain::answer
