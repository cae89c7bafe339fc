// Vectors of sentences, for retrievers that look inside of passages.
#pragma once

#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "hanok/chain.h"

namespace hanok::chain {

/// Embeds each sentence once: the same passages come for other questions. Ten thousand are kept (15 MB of 384 numbers
/// each), then it begins anew. Safe for several threads.
class SentenceVectors {
 public:
  /// The model must outlive it; nullptr: nothing may be asked.
  explicit SentenceVectors(const EmbeddingModel* model) : model_(model) {}
  /// Of each sentence with the question's vector.
  std::vector<double> cosines(std::span<const float> question, const std::vector<std::string>& sentences) const;

 private:
  const EmbeddingModel* model_;
  mutable std::mutex mutex_;
  mutable std::unordered_map<std::string, std::vector<float>> known_;
};

}  // namespace hanok::chain
