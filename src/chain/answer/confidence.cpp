#include "chain/answer/confidence.h"

#include <algorithm>
#include <cmath>

#include "chain/answer/fillers.h"
#include "chain/answer/key_words.h"
#include "chain/answer/letters.h"
#include "chain/answer/weights.h"

namespace hanok::chain::answer {

namespace {

// Most that a sentence about another than the question can have: below the threshold, near enough to be shown to who
// lowers it.
constexpr double kOfAnother = 0.45;

std::string about(const Passage& passage) { return "\n" + passage.heading + "\n" + passage.about; }

// A word that the passage lacks may be there in other words: without it the question is farther away then, and nearer
// where the word is of something else. That a word of many passages is missing says little. Of another person with the
// same given name the model knows too little to be asked.
void add_without_missing(const MissingWord& word, const std::vector<Passage>& passages,
                         const std::vector<Sentence>& sentences, const Rewording& reworded, std::vector<double>& out) {
  constexpr double kMost = 2, kAnother = -1, kRare = 0.6;
  const size_t passage = sentences.front().passage;
  double of_top = 0, of_passage = 0;
  if (reworded && sentences.front().measured) {
    if (word.another_family) {
      of_top = of_passage = kAnother;
    } else if (word.rarity_here >= kRare) {
      std::vector<std::string> texts;
      for (const Sentence& s : sentences)
        if (s.measured && s.passage == passage) texts.emplace_back(part(passages[passage].text, s.read));
      const auto nearer = reworded(word.wording, texts);
      of_top = word.rarity * nearer.front();
      of_passage = word.rarity * *std::max_element(nearer.begin(), nearer.end());
    }
  }
  for (const double d : {of_top, of_passage}) out.push_back(std::clamp(d, -kMost, kMost));
}

void add_missing(const Question& question, const std::vector<Passage>& passages, const std::vector<Sentence>& sentences,
                 const Rewording& reworded, std::vector<double>& out) {
  const Sentence& top = sentences.front();
  const Passage& passage = passages[top.passage];
  std::string here(part(passage.text, top.span));
  for (const text::Span& s : top.under) here.append("\n").append(part(passage.text, s));
  if (top.lead) here.append("\n").append(part(passage.text, *top.lead));
  const Missing missing = what_is_missing(question, here + about(passage), passage.text + about(passage));
  out.insert(out.end(), missing.features.begin(), missing.features.end());
  add_without_missing(missing.most, passages, sentences, reworded, out);
}

// What half a word missing says is not half of what a whole one says: each number counts on another slope from here on.
void add_bends(std::vector<double>& features) {
  constexpr double kBend = 0.5;
  const size_t n = features.size();
  for (size_t i = 0; i < n; ++i) features.push_back(std::max(0.0, features[i] - kBend));
}

}  // namespace

std::vector<double> confidence_features(const Question& question, const std::vector<Passage>& passages,
                                        const std::vector<Sentence>& sentences, const Rewording& reworded) {
  const Sentence& top = sentences.front();
  // What the other passages offer: a clear winner is more likely right. Where the best sentence has the number or time
  // asked for, one without can be no rival.
  const bool kind_decides = (question.asks == Asks::Number || question.asks == Asks::Time) && top.features[kKind] > 0;
  double rival_score = top.score - 6, rival_coverage = 0, rival_keyword = 0, rival_meaning = 0;
  double rival_passage = -6, chances = 0;
  for (const Sentence& s : sentences) {
    if (kind_decides && s.features[kKind] == 0) continue;
    chances += s.probability;
    if (s.passage == top.passage) continue;
    rival_score = std::max(rival_score, s.score);
    rival_coverage = std::max(rival_coverage, s.features[kPassageCoverage]);
    rival_meaning = std::max(rival_meaning, s.meaning);
  }
  for (size_t p = 0; p < passages.size(); ++p)
    if (p != top.passage) {
      rival_keyword = std::max(rival_keyword, passages[p].keyword);
      rival_passage = std::max(rival_passage, passages[p].meaning);
    }
  const auto& f = top.features;
  std::vector<double> out = {f[kCoverage],
                             f[kAround],
                             f[kPassageCoverage],
                             f[kKeyword],
                             f[kPairs],
                             f[kKind],
                             f[kKindWanted],
                             f[kRarest],
                             f[kHeaviestMissing],
                             f[kNamesMissing],
                             top.probability / chances,
                             top.score / 10,
                             (top.score - rival_score) / 10,
                             f[kPassageCoverage] - rival_coverage,
                             std::max(0.0, f[kKeyword] - rival_keyword),
                             top.answer / 10,
                             static_cast<double>(question.forms.size()) / 20,
                             f[kMeaning],
                             f[kPassageMeaning],
                             (top.meaning - rival_meaning) / 4,
                             passages.size() > 1 ? (passages[top.passage].meaning - rival_passage) / 4 : 0,
                             f[kAmong],
                             f[kNearest],
                             f[kLead],
                             f[kLeans],
                             f[kLate],
                             f[kAlone],
                             f[kAnswer],
                             f[kRelative],
                             f[kNews],
                             f[kLength],
                             f[kFirst],
                             f[kBestPassage]};
  add_missing(question, passages, sentences, reworded, out);
  add_bends(out);
  return out;
}

double confidence(const Question& question, const std::vector<Passage>& passages,
                  const std::vector<Sentence>& sentences, bool meaning, const Rewording& reworded) {
  if (sentences.empty()) return 0;
  const std::vector<double> f = confidence_features(question, passages, sentences, reworded);
  const ConfidenceWeights& w = kConfidence[row_of(question.korean, meaning)];
  double z = w.back();
  for (size_t i = 0; i < f.size(); ++i) z += w[i] * f[i];
  const double p = 1 / (1 + std::exp(-z));
  if (p <= kOfAnother) return p;
  const Sentence& top = sentences.front();
  const Passage& passage = passages[top.passage];
  return another_in_its_place(question, part(passage.text, top.span), passage.text + about(passage)) ? kOfAnother : p;
}

}  // namespace hanok::chain::answer
