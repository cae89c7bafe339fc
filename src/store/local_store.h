// The data directory: hanok.db, index/, lock.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/file.h"
#include "hanok/store.h"
#include "store/collection.h"
#include "store/data_folder.h"

namespace hanok::store {

class LocalStore final : public Store {
 public:
  LocalStore(const fs::path& folder, const StoreOptions& options);
  ~LocalStore() override;

  std::vector<std::string> collections() const override;
  std::shared_ptr<Collection> collection(std::string_view name, bool create) override;
  bool drop(std::string_view name) override;
  void export_collection(std::string_view name, const fs::path& file) override;
  void import_collection(const fs::path& file, std::string_view name) override;
  Catalog& catalog() override { return *catalog_; }
  std::vector<std::string> verify() override;

  // -- for the catalog --
  DataFolder& folder() const { return *data_; }
  const std::shared_ptr<DataFolder>& shared_folder() const { return data_; }
  /// Held while names change.
  std::unique_lock<std::mutex> naming() { return std::unique_lock(naming_); }
  /// 0: there is none.
  static int64_t find(Database& db, std::string_view name);
  /// By "name" or "uuid"; also its uuid. nullptr: there is none.
  std::pair<std::shared_ptr<StoredCollection>, std::string> find_open(const std::string& column,
                                                                      const std::string& value);
  /// nullptr: nobody has opened it.
  std::shared_ptr<StoredCollection> opened(int64_t id);
  /// All of one collection, as it is at this moment, into a new one.
  void copy_collection(std::string_view name, std::string_view to);

 private:
  Error not_found(std::string_view name) const;
  /// Throws Exists where there is one.
  void require_free(std::string_view name) const;
  void copy_from(Database& from, int64_t source, std::string_view name, int64_t created_ms);
  int64_t create(std::string_view name);
  Connections& connections() const { return data_->connections; }
  std::shared_ptr<StoredCollection> open(int64_t id, std::string_view name);
  void close_cold();
  void finish_drops();
  void purge(int64_t id);
  /// Of a collection that is hidden already: what cannot be done now is done when the folder is opened next.
  void purge_now_or_later(int64_t id) noexcept;
  void remove_unused_files();

  fs::path folder_;
  std::optional<base::FileLock> lock_;  // before data_: held until writing has ended
  std::shared_ptr<DataFolder> data_;
  bool background_ = true;
  std::mutex naming_;  // which names there are: taken before the lock of any collection
  std::mutex mutex_;   // of the next two
  struct Opened {
    std::shared_ptr<StoredCollection> collection;
    uint64_t used = 0;  // when it was asked for last
  };
  std::map<int64_t, Opened> open_;
  uint64_t now_ = 0;  // counts what is asked for
  std::unique_ptr<Catalog> catalog_;
};

/// 1 to 512 bytes, no control characters, no '/', not only dots. Throws Invalid.
void check_collection_name(std::string_view name);

}  // namespace hanok::store
