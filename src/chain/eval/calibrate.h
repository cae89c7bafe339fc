// Learning the numbers of chain/answer: weights of short answers, of sentences, and of the confidence.
#pragma once

#include <string>
#include <vector>

#include "chain/eval/across.h"
#include "chain/eval/answers.h"

namespace hanok::chain {

/// Each step builds on the weights compiled in, so the steps are run in this order, with a build between them.
enum class Step { ShortAnswers, Sentences, Confidence, Threshold, Foreign };

/// C++ text of the weights learned from the questions that options.half chooses in all sets (docs/how-answers-work.md):
/// lines of short_answer_weights.inc, or rows of sentence_weights_*.inc or confidence_*.inc, one for each language of
/// the questions (meaning where there is an embedder, else words).
/// Threshold: the balance of a hundredth is (answered + abstained) / 2 (CurvePoint), averaged over the sets and, with
/// an embedder, over words alone and words with meaning. Chosen is the best, or the highest hundredth up to .50 whose
/// balance is within .001 of it: a wrong answer costs more than none, but what is likelier right than wrong is shown.
/// The curve follows. options.sample holds for each set.
std::string calibrate(const std::vector<SquadSet>& sets, Step step, const AnswersOptions& options);

/// The same for answers in another language than the question, from the questions of load_across: the numbers of
/// foreign_weights.inc, those of the sentences and then, with the sentences ranked by them, those of the confidence. Of
/// the sets' own questions, whose answer is never a foreign sentence, options.sample are taken. Throws Invalid without
/// an embedder.
std::string calibrate_across(const std::vector<AcrossPart>& parts, const AnswersOptions& options);

/// "short-answers", "sentences", "confidence", "threshold", "foreign"; throws Invalid for another name.
Step step_named(std::string_view name);

/// Puts what calibrate() returned into the file of src/chain/answer (the folder) that is compiled in, below a line that
/// names the command. Throws NotFound where that file is not there, Invalid where one of its languages is not learned.
void write_learned(const std::filesystem::path& folder, Step step, bool meaning, const std::string& command,
                   const std::string& learned);

}  // namespace hanok::chain
