// A collection at one moment: the door's reads over rows, keyword segments and vectors of one generation.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "hanok/records.h"
#include "store/data_folder.h"
#include "store/field_index.h"
#include "store/keyword.h"
#include "store/latest.h"
#include "store/script_means.h"
#include "store/spaces.h"
#include "store/vectors.h"

namespace hanok::store {

/// What the snapshots of one collection share, each kept for the newest generation that was read.
struct SharedViews {
  Latest<KeywordIndex> keyword;
  Latest<FieldIndex> fields;
  Latest<Vectors> vectors;
  Latest<Bitmap> all;
  Latest<ScriptMeans> scripts;
  /// The newest generation in which a vector of a chunk that was there was changed; INT64_MAX: not known, since another
  /// process writes, or one is being changed now.
  std::atomic<int64_t> vectors_changed = INT64_MAX;

  /// Vectors are only ever added to a space, so what lacks none in one generation lacks none in later ones.
  struct Filled {
    int64_t generation = 0;
    ChunkId below = 0;  // every chunk before this one has its vector
  };
  std::mutex filled_mutex;
  std::map<int64_t, Filled> filled;  // by space
};

/// One connection with an open read transaction. Several threads take turns where the database is read; what was loaded
/// from it is searched without a lock.
class StoredSnapshot final : public Snapshot {
 public:
  /// Throws NotFound where there is no such collection (any more).
  StoredSnapshot(std::shared_ptr<DataFolder> folder, std::shared_ptr<SharedViews> views, int64_t id, std::string name);

  using Snapshot::keyword_ceiling;
  using Snapshot::keyword_scores;
  using Snapshot::search_keyword;

  const std::string& name() const override { return name_; }
  int64_t generation() const override { return generation_; }
  std::optional<DocumentInfo> find(std::string_view path) const override;
  std::vector<DocumentInfo> documents() const override;
  std::string document_text(std::string_view path) const override;
  std::vector<text::Page> document_pages(std::string_view path) const override;
  std::vector<ChunkRecord> chunks(std::span<const ChunkId> ids) const override;
  std::vector<ChunkId> chunk_ids(DocumentId document) const override;
  size_t chunk_count() const override;
  size_t document_count() const override;

  std::vector<Match> search_keyword(std::span<const text::Term> terms, size_t k, const Filter& filter) const override;
  std::vector<Match> search_holding(std::string_view text, size_t k, const Filter& filter) const override;
  std::vector<Match> search_dense(std::span<const float> query, size_t k, const Filter& filter,
                                  std::optional<text::Script> script) const override;
  std::vector<float> dense_scores(std::span<const float> query, std::span<const ChunkId> ids) const override;
  std::vector<float> keyword_scores(std::span<const text::Term> terms, std::span<const ChunkId> ids) const override;
  float keyword_ceiling(std::span<const text::Term> terms) const override;
  std::vector<ChunkId> matching(const Filter& filter) const override;

  std::vector<text::Script> scripts() const override;
  std::vector<text::Script> scripts_of(std::span<const ChunkId> ids) const override;
  std::vector<ScriptMean> script_means() const override;

  std::optional<VectorSpace> vector_space() const override;
  std::optional<VectorSpace> pending_space() const override;
  std::vector<ChunkId> missing_vectors(const VectorSpace& space, size_t limit) const override;
  std::vector<float> vectors(const VectorSpace& space, std::span<const ChunkId> ids) const override;
  Json settings() const override;
  Json statistics() const override;

  // -- for RecordSnapshot, the other face --
  std::shared_ptr<const KeywordIndex> keyword() const;
  std::shared_ptr<const FieldIndex> fields() const;
  /// nullptr where no space answers.
  std::shared_ptr<const Vectors> vectors() const;
  /// nullptr: everything.
  std::shared_ptr<const Bitmap> selected(const Selection& among) const;
  std::shared_ptr<const Bitmap> everything() const;

  /// use(Database&, collection's id), alone with the connection: for what is more than the door's reads.
  template <class Use>
  auto read(Use use) const {
    std::lock_guard lock(mutex_);
    return use(reading_.db(), id_);
  }

 private:
  std::shared_ptr<const ScriptMeans> by_script() const;
  const FieldIndex& fields(Database& db) const;
  /// Throws Invalid without a space, or when query.size() is not its dim.
  std::shared_ptr<const Vectors> vectors_for(std::span<const float> query) const;
  const Bitmap& all(Database& db) const;
  Bitmap evaluate(Database& db, const Filter& filter, bool into_lists, const Bitmap* within) const;
  /// nullptr: everything.
  std::shared_ptr<const Bitmap> allowed(const Filter& filter) const;
  DocumentInfo require(Database& db, std::string_view path) const;
  std::optional<VectorSpace> space_of(Role role) const;
  std::vector<Match> by_cosine(const Vectors& from, std::span<const float> query, size_t k,
                               const Bitmap* allowed) const;

  const std::shared_ptr<DataFolder> folder_;
  const std::shared_ptr<SharedViews> views_;
  const int64_t id_;
  const std::string name_;
  const IndexFolder::Hold hold_;  // before reading_: no file that it names is removed in between
  mutable std::mutex mutex_;      // of the rest
  mutable Reading reading_;
  int64_t generation_ = 0;
  mutable std::shared_ptr<const KeywordIndex> keyword_;
  mutable std::shared_ptr<const FieldIndex> fields_;
  mutable std::shared_ptr<const Bitmap> all_;
  mutable std::optional<std::shared_ptr<const Vectors>> vectors_;
  mutable Json where_;  // the last condition, and what it allows: both sides of a search ask for it
  mutable std::shared_ptr<const Bitmap> where_allows_;
};

/// {"bm25": {"k1": 0.9, "b": 0.4}} and whatever else the caller keeps there. Throws Invalid for numbers out of range.
Bm25Options bm25_options(const Json& settings);

}  // namespace hanok::store
