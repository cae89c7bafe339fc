// Questions in one language about paragraphs in another, in one pool with the paragraphs of both. `hanok eval across`.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "chain/eval/answers.h"

namespace hanok::chain {

/// Questions that are asked over the same pool: the part "ko-en" of the file of questions, or a set's own questions.
struct AcrossPart {
  std::string name;  // the key in the file, or "own x" for the questions of the set x
  bool own = false;
  SquadSet set;  // its paragraphs are the whole pool; a question without answers has none that are known
};

/// questions: JSON, {"ko-en": [{"id", "text", "gold": "x4", "from": ID}, ...], ...}. gold is the paragraph, counted
/// from 0 through the set of that name; from, where it is there, the question of that set whose answers hold for this
/// one too. sets: their names and files. In the pool the paragraphs of the sets take turns, and an article keeps
/// whether its number is even (AnswersOptions::half). Throws NotFound, or Corrupt naming the place.
std::vector<AcrossPart> load_across(const std::filesystem::path& questions,
                                    const std::vector<std::pair<std::string, std::filesystem::path>>& sets);

/// All shares are at the threshold.
struct AcrossReport {
  std::string name;
  size_t questions = 0, with_answers = 0;
  double answered = 0;   // share of the questions that got an answer
  double cited = 0;      // ... whose first cited sentence is of the right paragraph
  double right = 0;      // share of those with known answers whose first cited sentence is of the right paragraph and
                         // holds the answer
  double shown = 0;      // ... or one of the further sentences that are cited does
  double abstained = 0;  // share that got no answer once their paragraph was taken away
};

/// options.sample holds for the sets' own questions alone.
std::vector<AcrossReport> evaluate_across(const std::vector<AcrossPart>& parts, const AnswersOptions& options);
base::OrderedJson to_json(const AcrossReport& report);

}  // namespace hanok::chain
