#include "chain/answer/confidence.h"

#include <algorithm>
#include <cmath>

#include "chain/answer/key_words.h"
#include "chain/answer/weights.h"

namespace hanok::chain::answer {

namespace {

std::string_view part(std::string_view text, const text::Span& span) {
  return text.substr(span.start, span.end - span.start);
}

void add_missing(const Question& question, const Passage& passage, const Sentence& top, std::vector<double>& out) {
  const std::string about = "\n" + passage.heading + "\n" + passage.about;
  std::string here(part(passage.text, top.span));
  for (const text::Span& s : top.under) here.append("\n").append(part(passage.text, s));
  if (top.lead) here.append("\n").append(part(passage.text, *top.lead));
  const auto missing = missing_features(question, here + about, passage.text + about);
  out.insert(out.end(), missing.begin(), missing.end());
}

}  // namespace

std::vector<double> confidence_features(const Question& question, const std::vector<Passage>& passages,
                                        const std::vector<Sentence>& sentences) {
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
                             f[kLeans]};
  add_missing(question, passages[top.passage], top, out);
  return out;
}

double confidence(const Question& question, const std::vector<Passage>& passages,
                  const std::vector<Sentence>& sentences, bool meaning) {
  if (sentences.empty()) return 0;
  const std::vector<double> f = confidence_features(question, passages, sentences);
  const ConfidenceWeights& w = kConfidence[row_of(question.korean, meaning)];
  double z = w.back();
  for (size_t i = 0; i < f.size(); ++i) z += w[i] * f[i];
  return 1 / (1 + std::exp(-z));
}

}  // namespace hanok::chain::answer
