// What the parts of one open data folder share.
#pragma once

#include "store/connections.h"
#include "store/index_folder.h"

namespace hanok::store {

/// Shared by the store, its collections and their snapshots: a snapshot may outlive the other two.
struct DataFolder {
  DataFolder(const fs::path& folder, bool read_only)
      : connections(folder / "hanok.db", read_only), index(folder / "index") {}

  Connections connections;
  IndexFolder index;
};

}  // namespace hanok::store
