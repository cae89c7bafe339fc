// Sentences of the passages found, each with what speaks for it as support of an answer.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "chain/answer/question.h"
#include "chain/answer/short_answer.h"

namespace hanok::chain::answer {

/// What search found, best first.
struct Passage {
  std::string text, heading;
  double score = 0;      // Hit::score, 0..1
  double keyword = 0;    // BM25 over its ceiling for this question, 0..1
  double meaning = 0;    // as Meaning's, of the whole passage; 0 without an embedder
  std::string about;     // the document's title and the name of its file
  bool foreign = false;  // in another language than the question, and one that the embedder knows
  double nearness = 0;   // as Nearness's, of the whole passage; 0 where there is none
};

/// What is known about one sentence, each about 0..1. The order is the order of kSentenceWeights.
enum SentenceFeature : size_t {
  kCoverage,         // weight of the question's terms in the sentence, and part of the weight of those in its headings
  kAround,           // ... in the sentence, its headings, the one before and the one after
  kPassageCoverage,  // ... in the passage and its heading
  kRelative,         // the passage's BM25, of the best there is
  kKeyword,          // the passage's BM25, of the most there can be
  kPairs,            // neighbours in the question that are neighbours here
  kKind,             // holds something of the kind asked for that the question does not hold
  kKindWanted,       // 1 when the question asks for a kind at all
  kNews,             // has words besides the question's: ten new terms or more are 1
  kLength,           // length: 60 terms or more are 1
  kFirst,            // the first sentence of its passage
  kBestPassage,      // a sentence of the passage ranked first
  kRarest,           // 1 when the question's heaviest term is here or in the passage's other sentences or heading
  kHeaviestMissing,  // weight of the heaviest term that is not in the passage or its heading, of the heaviest there is
  kNamesMissing,     // share of the question's names and numbers that are not there
  kAnswer,           // how well the best short answer in it fits the question, of the best among the sentences at hand
  kAlone,            // weight of the question's terms in the sentence, each divided by how many sentences here have it
  kLead,             // weight of the question's terms that only the sentences it goes on from have
  kLeans,            // the same, where it begins with a word that stands for something in them
  kLate,     // Korean: share of the weight of the question's later half of terms, which ends with what it asks for
  kMeaning,  // Sentence::meaning, a quarter of it
  kPassageMeaning,  // ... of its passage
  kAmong,           // its cosine in deviations above the mean of the sentences at hand, a quarter of it
  kNearest,         // 1 when no other sentence of its passage is nearer to the question
  kSentenceFeatures
};
using SentenceFeatures = std::array<double, kSentenceFeatures>;
std::string_view feature_name(size_t feature);

struct Sentence {
  size_t passage = 0;
  text::Span span;                    // of the passage's text
  bool heading = false;               // a heading or a table's first row
  std::vector<text::Span> under;      // the headings and the table's first row that it stands under
  std::optional<text::Span> columns;  // the table's first row, of a table's row
  std::optional<text::Span> lead;     // the sentences that it goes on from
  bool leans = false;                 // it cannot be read without them
  bool on_day = false;                // the question names a day or month, and it is of that
  text::Span read;                    // with the sentences before it on a short line, else as span
  double own = 0;                     // weight of the question's terms in it, without its headings
  SentenceFeatures features{};
  double answer = 0;       // score of its best short answer
  bool measured = false;   // Meaning was asked about it
  double meaning = 0;      // as Meaning says; 0 without an embedder, and for sentences it was not asked about
  double score = 0;        // linear; higher supports better
  double probability = 0;  // softmax of the scores over all sentences
};

/// How near sentences are to the question: their cosines, in standard deviations above the mean of the passages that
/// search considered (models differ in the level and spread of their cosines). Asked for the most promising only.
using Meaning = std::function<std::vector<double>(const std::vector<std::string>& sentences)>;

/// How much nearer the question is to each sentence than another wording of it, in standard deviations as Meaning's,
/// beyond the mean of all the sentences in the same script that Meaning and Nearness were asked for. Only some of those
/// may be named.
using Rewording =
    std::function<std::vector<double>(const std::string& wording, const std::vector<std::string>& sentences)>;

/// How near sentences of any language are to the question, so that it compares between languages, small and large
/// collections and models: 0 as near as an average passage of its language, 1 the same text.
using Nearness = std::function<std::vector<double>(const std::vector<std::string>& sentences)>;

/// How alike in meaning words of the question are to words of other languages: [asked.size()][there.size()], in
/// standard deviations (WordMeanings::alike).
using WordNearness = std::function<std::vector<std::vector<double>>(const std::vector<std::string>& asked,
                                                                    const std::vector<std::string>& there)>;

/// What is asked about passages in another language; empty where none could be in one.
struct Across {
  Nearness nearness;
  WordNearness words;
  explicit operator bool() const { return bool(nearness); }
};

/// What a sentence says of the kind that is asked for (holds_kind): of a measure a table's row says it with its
/// columns, which may name what its numbers are ("fee (won)").
std::string said_of_kind(const Sentence& sentence, std::string_view passage, const Question& question);

/// All sentences of the passages, best first. The same sentence met twice (overlapping chunks) is kept once.
std::vector<Sentence> rank_sentences(const Question& question, const std::vector<Passage>& passages,
                                     const Meaning& meaning = {},
                                     const ShortAnswerWeights& short_answers = learned_short_answers());

}  // namespace hanok::chain::answer
