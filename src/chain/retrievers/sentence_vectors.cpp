#include "chain/retrievers/sentence_vectors.h"

#include <set>

#include "hanok/lm.h"

namespace hanok::chain {
namespace {

constexpr size_t kMost = 10'000;

}  // namespace

std::vector<double> SentenceVectors::cosines(std::span<const float> question,
                                             const std::vector<std::string>& sentences) const {
  std::vector<double> out(sentences.size());
  std::set<std::string> missing;
  {
    const std::scoped_lock lock(mutex_);
    for (size_t i = 0; i < sentences.size(); ++i) {
      const auto at = known_.find(sentences[i]);
      if (at == known_.end())
        missing.insert(sentences[i]);
      else
        out[i] = cosine(question, at->second);
    }
  }
  if (missing.empty()) return out;
  const std::vector<std::string> texts(missing.begin(), missing.end());
  const Matrix rows = model_->embed(texts, Prompt::Passage);
  std::unordered_map<std::string, std::vector<float>> fresh;
  for (size_t i = 0; i < texts.size(); ++i) fresh[texts[i]].assign(rows.row(i).begin(), rows.row(i).end());
  for (size_t i = 0; i < sentences.size(); ++i)
    if (const auto at = fresh.find(sentences[i]); at != fresh.end()) out[i] = cosine(question, at->second);
  const std::scoped_lock lock(mutex_);
  if (known_.size() + fresh.size() > kMost) known_.clear();
  known_.merge(fresh);
  return out;
}

}  // namespace hanok::chain
