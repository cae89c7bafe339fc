// One collection: the public door's methods over rows, keyword segments and vectors.
#pragma once

#include <atomic>
#include <map>
#include <mutex>

#include "base/background.h"
#include "hanok/store.h"
#include "store/connections.h"
#include "store/index_folder.h"
#include "store/keyword.h"
#include "store/latest.h"
#include "store/spaces.h"
#include "store/vectors.h"

namespace hanok::store {

/// Reads take a snapshot each and may run together, also beside a writer; writes are ordered by Connections::Writing.
class StoredCollection final : public Collection {
 public:
  StoredCollection(Connections& connections, const IndexFolder& folder, int64_t id, std::string name,
                   bool in_background)
      : connections_(connections), folder_(folder), id_(id), name_(std::move(name)), in_background_(in_background) {}

  int64_t id() const { return id_; }
  /// Makes lost and damaged caches again; the store calls it before the first write.
  void repair();
  /// Ends what is built in the background without its result.
  void stop_background() { background_.stop(); }

  const std::string& name() const override { return name_; }
  DocumentId put(NewDocument document) override;
  void put_many(std::vector<NewDocument> documents) override;
  bool remove(std::string_view path) override;
  size_t remove_many(std::span<const std::string> paths) override;
  void put_vectors(const VectorSpace& space, std::span<const ChunkId> ids, std::span<const float> rows) override;
  void compact() override;
  bool build_index(const IndexBuild& options) override;

  std::optional<DocumentInfo> find(std::string_view path) const override;
  std::vector<DocumentInfo> documents() const override;
  std::string document_text(std::string_view path) const override;
  std::vector<text::Page> document_pages(std::string_view path) const override;
  std::vector<ChunkRecord> chunks(std::span<const ChunkId> ids) const override;
  std::vector<ChunkId> chunk_ids(DocumentId document) const override;
  size_t chunk_count() const override;
  size_t document_count() const override;

  std::vector<Match> search_keyword(std::string_view query, size_t k, const Filter& filter) const override;
  std::vector<Match> search_dense(std::span<const float> query, size_t k, const Filter& filter) const override;
  std::vector<float> dense_scores(std::span<const float> query, std::span<const ChunkId> ids) const override;
  std::vector<float> keyword_scores(std::string_view query, std::span<const ChunkId> ids) const override;
  float keyword_ceiling(std::string_view query) const override;
  std::vector<ChunkId> matching(const Filter& filter) const override;

  std::optional<VectorSpace> vector_space() const override;
  std::optional<VectorSpace> pending_space() const override;
  std::vector<ChunkId> missing_vectors(const VectorSpace& space, size_t limit) const override;
  void set_vector_space(const VectorSpace& space) override;
  Json settings() const override;
  void set_settings(const Json& settings) override;
  Json statistics() const override;

 private:
  /// A snapshot of the database with this collection's generation in it. NotFound once it was dropped.
  class View {
   public:
    View(const StoredCollection& owner, OnLoss on_loss);
    Database& db() { return snapshot_.db(); }
    int64_t generation() const { return generation_; }
    std::shared_ptr<const KeywordIndex> keyword();
    std::shared_ptr<const Vectors> vectors();
    /// Throws Invalid without a space, or when query.size() is not its dim.
    std::shared_ptr<const Vectors> vectors_for(std::span<const float> query);
    /// nullopt: everything.
    std::optional<Bitmap> allowed(const Filter& filter);

   private:
    const StoredCollection& owner_;
    OnLoss on_loss_;
    Snapshot snapshot_;
    int64_t generation_ = 0;
    std::shared_ptr<const Bitmap> all_;
  };

  template <class Use>
  auto read(Use use) const;  // use(View&), again where a writer replaced a file in between
  void require(Database& db) const;
  void write_documents(Database& db, const std::vector<NewDocument>& documents);
  std::vector<ChunkRange> delete_documents(Database& db, std::span<const std::string_view> paths);
  void changed(Database& db, int64_t documents, int64_t chunks);
  void maintain(Database& db, bool all = false);
  void start_background(Database& db);
  void build_beside(const std::atomic<bool>& stop);
  Json index_statistics(Database& db) const;
  std::optional<VectorSpace> space_of(Role role) const;

  Connections& connections_;
  const IndexFolder& folder_;
  int64_t id_;
  std::string name_;
  bool in_background_;
  mutable Latest<KeywordIndex> keyword_;
  mutable Latest<Vectors> vectors_;
  mutable Latest<Bitmap> all_;
  mutable std::mutex missing_mutex_;
  mutable std::map<int64_t, ChunkId> no_missing_below_;  // space -> chunk; vectors are only ever added to a space
  std::atomic<int64_t> retry_above_{0};                  // vectors: a build failed with fewer
  base::Background background_;                          // last: what it does uses the others
};

/// {"bm25": {"k1": 0.9, "b": 0.4}} and whatever else the caller keeps there. Throws Invalid for numbers out of range.
Bm25Options bm25_options(const Json& settings);

}  // namespace hanok::store
