// A temporary collection that holds the paragraphs of a question answering set.
#pragma once

#include <memory>

#include "base/file.h"
#include "chain/eval/answers.h"

namespace hanok::chain {

class SquadCollection {
 public:
  /// options.embedder must outlive it; it is asked for the same texts again and again (CachedEmbedder).
  SquadCollection(const SquadSet& set, const AnswersOptions& options);
  /// With all paragraphs in it.
  const store::Snapshot& snapshot() const { return *snapshot_; }
  const EmbeddingModel* embedder() const { return embedder_; }

 private:
  base::TempFolder folder_;
  const EmbeddingModel* embedder_;
  std::unique_ptr<store::Store> store_;
  std::shared_ptr<const store::Snapshot> snapshot_;
};

/// Indexes of the questions that `options` choose, in order.
std::vector<size_t> chosen_questions(const SquadSet& set, const AnswersOptions& options);

/// The paragraphs of the chosen half in pools of `size`, in order, each as a set with its questions that are chosen.
std::vector<SquadSet> pools_of(const SquadSet& set, const AnswersOptions& options, size_t size);

/// Everything but one document.
store::Filter all_but(const std::string& path);

}  // namespace hanok::chain
