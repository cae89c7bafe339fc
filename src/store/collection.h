// One collection: the public door's writes over rows, keyword segments and vectors. Reading is snapshot.h.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>

#include "hanok/store.h"
#include "store/record_writer.h"
#include "store/snapshot.h"
#include "store/upkeep.h"

namespace hanok::store {

/// Writes of one collection take turns; what takes long (analysis of texts, making a keyword segment) is done before
/// the one write transaction of the store begins. Snapshots are taken beside them.
class StoredCollection final : public Collection {
 public:
  StoredCollection(std::shared_ptr<DataFolder> folder, int64_t id, std::string name, bool in_background)
      : folder_(std::move(folder)), id_(id), upkeep_(folder_, id, name, in_background) {
    rename(std::move(name));
    if (!folder_->connections.read_only()) views_->vectors_changed = 0;  // nobody else writes
  }

  Upkeep& upkeep() { return upkeep_; }
  RecordWriter& records() { return records_; }
  int64_t id() const { return id_; }

  const std::string& name() const override { return *name_.load(); }
  /// In the database it has this name already.
  void rename(std::string name);
  std::shared_ptr<const Snapshot> snapshot() const override { return stored_snapshot(); }
  std::shared_ptr<const StoredSnapshot> stored_snapshot() const;
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
  friend class RecordWriter;
  class Write;
  std::vector<DocumentId> write(std::vector<NewDocument> documents);
  void require(Database& db) const;
  std::vector<DocumentId> insert_documents(Database& db, const std::vector<NewDocument>& documents, ChunkId first);
  std::vector<ChunkRange> delete_documents(Database& db, std::span<const std::string_view> paths);
  void changed(Database& db, int64_t documents, int64_t chunks, int64_t records = 0);

  const std::shared_ptr<DataFolder> folder_;
  const std::shared_ptr<SharedViews> views_ = std::make_shared<SharedViews>();
  const int64_t id_;
  std::mutex names_mutex_;
  std::deque<std::string> names_;  // all it ever had: name() may be read while it is renamed
  std::atomic<const std::string*> name_ = nullptr;
  std::mutex turn_;  // of writers
  Upkeep upkeep_;
  RecordWriter records_{*this};
};

}  // namespace hanok::store
