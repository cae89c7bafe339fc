// One collection: the public door's writes over rows, keyword segments and vectors. Reading is snapshot.h.
#pragma once

#include <atomic>
#include <memory>

#include "base/background.h"
#include "hanok/store.h"
#include "store/snapshot.h"

namespace hanok::store {

/// Writes are ordered by Connections::Writing; snapshots are taken beside them.
class StoredCollection final : public Collection {
 public:
  StoredCollection(std::shared_ptr<DataFolder> folder, int64_t id, std::string name, bool in_background)
      : folder_(std::move(folder)), id_(id), name_(std::move(name)), in_background_(in_background) {}

  int64_t id() const { return id_; }
  /// Makes lost and damaged caches again; the store calls it before the first write.
  void repair();
  /// Ends what is built in the background without its result.
  void stop_background() { background_.stop(); }

  const std::string& name() const override { return name_; }
  std::shared_ptr<const Snapshot> snapshot() const override;
  DocumentId put(NewDocument document) override;
  void put_many(std::vector<NewDocument> documents) override;
  bool remove(std::string_view path) override;
  size_t remove_many(std::span<const std::string> paths) override;
  void put_vectors(const VectorSpace& space, std::span<const ChunkId> ids, std::span<const float> rows) override;
  void compact() override;
  bool build_index(const IndexBuild& options) override;
  void set_vector_space(const VectorSpace& space) override;
  void set_settings(const Json& settings) override;

 private:
  Connections& connections() const { return folder_->connections; }
  const IndexFolder& index() const { return folder_->index; }
  void require(Database& db) const;
  void write_documents(Database& db, const std::vector<NewDocument>& documents);
  std::vector<ChunkRange> delete_documents(Database& db, std::span<const std::string_view> paths);
  void changed(Database& db, int64_t documents, int64_t chunks);
  void maintain(Database& db, bool all = false);
  void start_background(Database& db);
  void build_beside(const std::atomic<bool>& stop);

  const std::shared_ptr<DataFolder> folder_;
  const std::shared_ptr<SharedViews> views_ = std::make_shared<SharedViews>();
  const int64_t id_;
  const std::string name_;
  const bool in_background_;
  std::atomic<int64_t> retry_above_{0};  // vectors: a build failed with fewer
  base::Background background_;          // last: what it does uses the others
};

}  // namespace hanok::store
