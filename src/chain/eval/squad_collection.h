// A temporary collection that holds the paragraphs of a question answering set.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>

#include "base/file.h"
#include "chain/eval/answers.h"

namespace hanok::chain {

/// Remembers every vector: an evaluation meets the same sentences thousands of times. Safe for several threads.
class CachedEmbedder : public EmbeddingModel {
 public:
  explicit CachedEmbedder(const EmbeddingModel& inner) : inner_(inner) {}
  store::VectorSpace space() const override { return inner_.space(); }
  size_t count_tokens(std::string_view text) const override { return inner_.count_tokens(text); }
  double trust(std::string_view text) const override { return inner_.trust(text); }
  Matrix embed(std::span<const std::string> texts, Prompt prompt) const override;

 private:
  const EmbeddingModel& inner_;
  mutable std::mutex mutex_;
  mutable std::unordered_map<std::string, std::vector<float>> vectors_;
};

class SquadCollection {
 public:
  SquadCollection(const SquadSet& set, const AnswersOptions& options);
  /// With all paragraphs in it.
  const store::Snapshot& snapshot() const { return *snapshot_; }
  const EmbeddingModel* embedder() const { return embedder_.get(); }

 private:
  base::TempFolder folder_;
  std::unique_ptr<CachedEmbedder> embedder_;
  std::unique_ptr<store::Store> store_;
  std::shared_ptr<const store::Snapshot> snapshot_;
};

/// Indexes of the questions that `options` choose, in order.
std::vector<size_t> chosen_questions(const SquadSet& set, const AnswersOptions& options);

/// Everything but one document.
store::Filter all_but(const std::string& path);

}  // namespace hanok::chain
