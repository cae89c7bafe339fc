#include "chain/ingest/embed_plan.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/threads.h"

namespace hanok::chain {
namespace {

constexpr double kMemorySeconds = 87;  // exp(-60 / 87) = 1/2
// Of a sample of so many the mean is known within 3 % where lengths vary by as much as they are long; counting their
// tokens takes a fifth of a second.
constexpr size_t kSample = 1024;
constexpr double kAround = 6;  // tokens of a prompt such as "passage: " and of the model's own marks

}  // namespace

double embed_cost(const EmbeddingModel& embedder, const std::string& passage) {
  return kAround + static_cast<double>(embedder.count_tokens(passage));
}

void TimeLeft::add(double tokens, double seconds) {
  if (blocks_++ == 1) tokens_ = seconds_ = 0;  // the first block warms caches and says little of those to come
  const double kept = std::exp(-seconds / kMemorySeconds);
  tokens_ = tokens_ * kept + tokens;
  seconds_ = seconds_ * kept + seconds;
}

double TimeLeft::seconds(double tokens) const {
  if (blocks_ < 2 || tokens_ <= 0) return -1;
  return tokens * seconds_ / tokens_;
}

EmbedPlan::EmbedPlan(const store::Collection& collection, const EmbeddingModel& embedder, const DocumentCopies& copies,
                     std::span<const store::ChunkId> ids) {
  const size_t step = std::max<size_t>(1, ids.size() / kSample);
  for (size_t i = 0; i < ids.size(); i += step) ids_.push_back(ids[i]);
  const auto chunks = collection.chunks(ids_);
  ids_.clear();  // some may have gone meanwhile
  for (const auto& chunk : chunks) ids_.push_back(chunk.id);
  tokens_.resize(chunks.size());
  constexpr size_t kGrain = 16;
  base::parallel_for(chunks.size(), kGrain, [&](size_t begin, size_t end, size_t) {
    for (size_t i = begin; i < end; ++i) {
      const auto elsewhere = copies.of(chunks[i]);
      const bool known = std::any_of(elsewhere.begin(), elsewhere.end(), [&](auto id) { return id < chunks[i].id; });
      if (!known) tokens_[i] = embed_cost(embedder, passage_text(chunks[i].heading, chunks[i].text));
    }
  });
}

double EmbedPlan::tokens(store::ChunkId from, size_t passages) const {
  if (tokens_.empty()) return 0;
  auto first = static_cast<size_t>(std::lower_bound(ids_.begin(), ids_.end(), from) - ids_.begin());
  first = std::min(first, tokens_.size() - 1);  // what came later: as the last one that was seen
  const double sum = std::accumulate(tokens_.begin() + static_cast<ptrdiff_t>(first), tokens_.end(), 0.0);
  return sum / static_cast<double>(tokens_.size() - first) * static_cast<double>(passages);
}

}  // namespace hanok::chain
