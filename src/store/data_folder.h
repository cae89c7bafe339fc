// What the parts of one open data folder share.
#pragma once

#include <optional>

#include "store/connections.h"
#include "store/ids.h"
#include "store/index_folder.h"

namespace hanok::store {

/// Shared by the store, its collections and their snapshots: a snapshot may outlive the other two.
struct DataFolder {
  DataFolder(const fs::path& folder, bool read_only)
      : connections(folder / "hanok.db", read_only), index(folder / "index") {
    if (!read_only) ids.emplace(Writing(connections).db());
  }
  /// Throws Unavailable where the folder is not open for writing.
  Ids& writable_ids() {
    connections.require_writable();
    return *ids;
  }

  Connections connections;
  IndexFolder index;
  std::optional<Ids> ids;  // where it was opened for writing
};

/// One write transaction: alone, all or nothing. Whatever takes long is done before it, so that writers of other
/// collections hardly wait. Throws Unavailable where the folder is not open for writing.
class Change {
 public:
  explicit Change(DataFolder& folder)
      : folder_(folder), writing_(folder.connections), transaction_(writing_.db(), Transaction::Kind::Write) {}

  Database& db() { return writing_.db(); }
  /// When it returns, all of it survives power loss.
  void commit() {
    folder_.ids->save(db());
    transaction_.commit();
  }

 private:
  DataFolder& folder_;
  Writing writing_;
  Transaction transaction_;
};

}  // namespace hanok::store
