#include "chain/answer/confidence.h"

#include <algorithm>
#include <cmath>

#include "chain/answer/weights.h"

namespace hanok::chain::answer {

std::vector<double> confidence_features(const Question& question, const std::vector<Passage>& passages,
                                        const std::vector<Sentence>& sentences) {
  const Sentence& top = sentences.front();
  // What the other passages offer: a clear winner is more likely right.
  double rival_score = top.score - 6, rival_coverage = 0, rival_keyword = 0, rival_meaning = 0;
  for (const Sentence& s : sentences) {
    if (s.passage == top.passage) continue;
    rival_score = std::max(rival_score, s.score);
    rival_coverage = std::max(rival_coverage, s.features[kPassageCoverage]);
    rival_meaning = std::max(rival_meaning, s.meaning);
  }
  for (size_t p = 0; p < passages.size(); ++p)
    if (p != top.passage) rival_keyword = std::max(rival_keyword, passages[p].keyword);
  const auto& f = top.features;
  return {f[kCoverage],
          f[kAround],
          f[kPassageCoverage],
          f[kKeyword],
          f[kPairs],
          f[kKind],
          f[kKindWanted],
          f[kRarest],
          f[kHeaviestMissing],
          f[kNamesMissing],
          top.probability,
          top.score / 10,
          (top.score - rival_score) / 10,
          f[kPassageCoverage] - rival_coverage,
          std::max(0.0, f[kKeyword] - rival_keyword),
          top.answer / 10,
          static_cast<double>(question.forms.size()) / 20,
          question.korean ? 1.0 : 0.0,
          f[kMeaning],
          f[kPassageMeaning],
          (top.meaning - rival_meaning) / 4};
}

double confidence(const Question& question, const std::vector<Passage>& passages,
                  const std::vector<Sentence>& sentences, bool meaning) {
  if (sentences.empty()) return 0;
  const std::vector<double> f = confidence_features(question, passages, sentences);
  const ConfidenceWeights& w = meaning ? kConfidenceWithMeaning : kConfidence;
  double z = w.back();
  for (size_t i = 0; i < f.size(); ++i) z += w[i] * f[i];
  return 1 / (1 + std::exp(-z));
}

}  // namespace hanok::chain::answer
