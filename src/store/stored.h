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
#include "store/connections.h"
#include "store/index_folder.h"

namespace hanok::store {

class StoredFolder final : public Store {
 public:
  StoredFolder(const fs::path& folder, const StoreOptions& options);
  ~StoredFolder() override;

  std::vector<std::string> collections() const override;
  Collection& collection(std::string_view name, bool create) override;
  bool drop(std::string_view name) override;
  void export_collection(std::string_view name, const fs::path& file) override;
  void import_collection(const fs::path& file, std::string_view name) override;
  std::vector<std::string> verify() override;

 private:
  int64_t find(std::string_view name) const;
  int64_t create(std::string_view name, bool hidden);
  StoredCollection* opened(int64_t id);
  StoredCollection& open(int64_t id, std::string_view name);
  void finish_drops();
  void remove_unused_files();

  fs::path folder_;
  std::optional<base::FileLock> lock_;  // before connections_: held until they are closed
  mutable Connections connections_;
  IndexFolder index_;
  bool background_ = true;
  std::mutex mutex_;
  std::map<int64_t, std::unique_ptr<StoredCollection>> open_;  // also dropped ones: their callers may still hold them
};

/// 1 to 512 bytes, no control characters, no '/', not only dots. Throws Invalid.
void check_collection_name(std::string_view name);

}  // namespace hanok::store
