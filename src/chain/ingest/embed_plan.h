// How long embedding will take: tokens that are left, by the tokens a second that were measured. Files and passages
// differ in length by a hundred times; a token costs about the same everywhere.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "chain/ingest/known_vectors.h"
#include "hanok/chain.h"

namespace hanok::chain {

/// Seconds that are left. Speeds of a minute ago count half of what those of now do: machines get other work meanwhile.
class TimeLeft {
 public:
  void add(double tokens, double seconds);
  /// -1: not known yet.
  double seconds(double tokens) const;

 private:
  size_t blocks_ = 0;
  double tokens_ = 0, seconds_ = 0;
};

/// Tokens that passages will cost, from a sample of them: all of them where they are few.
class EmbedPlan {
 public:
  /// ids: what is to be embedded, ascending. What stands in an earlier copy of its document costs nothing.
  EmbedPlan(const store::Collection& collection, const EmbeddingModel& embedder, const DocumentCopies& copies,
            std::span<const store::ChunkId> ids);
  /// For tests: tokens[i] of ids[i].
  EmbedPlan(std::vector<store::ChunkId> ids, std::vector<double> tokens)
      : ids_(std::move(ids)), tokens_(std::move(tokens)) {}
  /// Of `passages` passages whose ids are at least `from`.
  double tokens(store::ChunkId from, size_t passages) const;

 private:
  std::vector<store::ChunkId> ids_;  // the sample, ascending
  std::vector<double> tokens_;       // of each
};

/// What a passage costs, in tokens: its own, and what the model puts around it.
double embed_cost(const EmbeddingModel& embedder, const std::string& passage);

}  // namespace hanok::chain
