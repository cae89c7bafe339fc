// How good the answers without a language model are, on a question answering set. `hanok eval answers`.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "chain/eval/squad.h"
#include "hanok/chain.h"

namespace hanok::chain {

/// Which articles: the weights and the threshold were learned on the even ones (0, 2, ...), so the odd ones are the
/// test.
enum class Half { All, Even, Odd };

struct AnswersOptions {
  const EmbeddingModel* embedder = nullptr;  // none: keywords only
  Half half = Half::Odd;
  size_t sample = 0;  // questions, drawn with the seed; 0 = all
  uint64_t seed = 1;
  size_t k = 8;
  size_t pool = 0;  // paragraphs a collection, its questions asked in it and, to see it abstain, in the one before;
                    // 0: all in one, and a question's own is filtered out
  double threshold = -1;  // -1 = the default of ask()
  text::SplitOptions split;
  std::filesystem::path vectors;  // where vectors are kept from run to run; empty: nowhere
};

struct CurvePoint {
  double threshold = 0;
  double answered = 0;        // share of the answerable questions that got an answer
  double correct = 0;         // share of the answerable questions whose first cited sentence holds the gold answer
  double abstained = 0;       // share of the questions without their gold paragraph that got none
  double exchanged = 0;       // share of the questions with an exchanged name or number that got none
  double exchanged_noun = 0;  // ... with an exchanged English noun
};

/// What became of one question.
struct Outcome {
  std::string question, quote;             // quote: the best sentence
  std::string exchanged, exchanged_quote;  // the question with its name exchanged and its best sentence
  bool answerable = true;
  double em = 0, f1 = 0;
  bool hit = false, cited = false;
  double confidence = 0, confidence_without = 0;  // with the gold paragraph in the collection, and without
  std::optional<double> confidence_exchanged;     // of the question with its name exchanged, where it has one
  bool noun = false;                              // ExchangedQuestion::noun
};

/// em, f1 (of the short answer), sentence_hit (the first cited sentence holds the gold answer) and citation_correct (it
/// is of the gold paragraph) are over all answerable questions, answered whatever the confidence. The other two hold at
/// the threshold. Unanswerable are: each question asked again with its gold paragraph filtered out, and those that the
/// set itself marks as such. Exchanged are the questions of exchange_names (chain/eval/exchange.h), asked with all
/// paragraphs there: the right answer is none.
struct AnswersReport {
  size_t questions = 0;
  double em = 0, f1 = 0, sentence_hit = 0, citation_correct = 0, answered_answerable = 0, abstained_unanswerable = 0;
  size_t exchanged_questions = 0, exchanged_nouns = 0;
  double abstained_exchanged = 0, abstained_exchanged_noun = 0;
  double threshold = 0;
  std::vector<CurvePoint> curve;
  std::string mode;  // "keyword" or "hybrid"
  double seconds = 0;
  std::vector<Outcome> outcomes;  // of the questions in order

  CurvePoint at(double threshold) const;
};

/// All paragraphs go into a temporary collection, each as a document.
AnswersReport evaluate_answers(const SquadSet& set, const AnswersOptions& options = {});
base::OrderedJson to_json(const AnswersReport& report);
base::OrderedJson to_json(const Outcome& outcome);

}  // namespace hanok::chain
