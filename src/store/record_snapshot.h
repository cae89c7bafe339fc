// A collection at one moment, as records: the other face of a StoredSnapshot.
#pragma once

#include <memory>

#include "store/snapshot.h"

namespace hanok::store {

class StoredRecordSnapshot final : public RecordSnapshot {
 public:
  explicit StoredRecordSnapshot(std::shared_ptr<const StoredSnapshot> snapshot);

  int64_t generation() const override { return snapshot_->generation(); }
  Metric metric() const override { return metric_; }
  std::optional<size_t> dim() const override { return space_ ? std::optional(space_->dim) : std::nullopt; }

  size_t count(const Selection& among) const override;
  std::vector<ChunkId> select(const Selection& among, const Page& page) const override;
  std::vector<Record> fetch(std::span<const ChunkId> numbers, const Include& what) const override;
  std::optional<ChunkId> find(std::string_view ns, std::string_view id) const override;
  IdPage list(std::string_view ns, std::string_view prefix, size_t limit, std::string_view after) const override;
  std::vector<NamespaceInfo> namespaces(std::string_view prefix, size_t limit,
                                        std::optional<std::string> after) const override;
  std::optional<NamespaceInfo> find_namespace(std::string_view ns) const override;

  std::vector<std::vector<Match>> nearest_many(std::span<const float> queries, size_t count,
                                               const Near& how) const override;
  std::vector<Match> nearest_sparse(const SparseVector& query, const Near& how, std::string_view key) const override;
  std::vector<Match> nearest_both(std::span<const float> query, const SparseVector& sparse,
                                  const Near& how) const override;
  std::vector<Match> by_words(std::string_view text, const Near& how) const override;
  std::vector<float> scores(std::span<const float> query, std::span<const ChunkId> numbers) const override;
  std::vector<float> sparse_scores(const SparseVector& query, std::span<const ChunkId> numbers,
                                   std::string_view key) const override;

 private:
  /// nullptr where there are no vectors. Throws Invalid where queries are not of the collection's kind.
  std::shared_ptr<const Vectors> vectors_for(std::span<const float> queries, size_t count,
                                             std::string_view fingerprint) const;
  std::vector<Record> read_all(Database& db, int64_t id, std::span<const ChunkId> numbers, const Include& what) const;

  const std::shared_ptr<const StoredSnapshot> snapshot_;
  Metric metric_ = Metric::Cosine;
  std::optional<VectorSpace> space_;
  int64_t space_id_ = 0;
};

}  // namespace hanok::store
