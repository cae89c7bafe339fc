// A write transaction of one collection, which must be there.
#pragma once

#include <optional>

#include "store/collection.h"

namespace hanok::store {

class StoredCollection::Write {
 public:
  explicit Write(StoredCollection& collection) : collection_(collection), change_(std::in_place, *collection.folder_) {
    collection.require(db());
  }
  Database& db() { return change_->db(); }
  /// From here on the write is safe: nothing that follows may make it look failed.
  void commit() {
    change_->commit();
    change_.reset();
    collection_.upkeep_.wake();
  }

 private:
  StoredCollection& collection_;
  std::optional<Change> change_;
};

}  // namespace hanok::store
