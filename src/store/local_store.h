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
  std::vector<std::string> verify() override;

 private:
  /// 0: there is none.
  static int64_t find(Database& db, std::string_view name);
  Error not_found(std::string_view name) const;
  int64_t create(std::string_view name);
  Connections& connections() const { return data_->connections; }
  std::shared_ptr<StoredCollection> opened(int64_t id);
  std::shared_ptr<StoredCollection> open(int64_t id, std::string_view name);
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
  std::mutex mutex_;   // of open_
  std::map<int64_t, std::shared_ptr<StoredCollection>> open_;
};

/// 1 to 512 bytes, no control characters, no '/', not only dots. Throws Invalid.
void check_collection_name(std::string_view name);

}  // namespace hanok::store
