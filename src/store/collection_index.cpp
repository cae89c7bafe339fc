// The index of a collection's vectors: built in the background or when asked for, and what is told about it.
#include <algorithm>

#include "base/log.h"
#include "base/threads.h"
#include "store/ann_writer.h"
#include "store/collection.h"

namespace hanok::store {

// Called by the writer with the writing lock held.
void StoredCollection::start_background(Database& db) {
  if (!in_background_ || background_.running()) return;
  const auto space = find_space(db, id_, Role::Active);
  if (!space || space->vectors <= retry_above_ || AnnWriter(connections_, folder_, id_).due(db) == AnnStep::None)
    return;
  background_.start([this](const std::atomic<bool>& stop) { build_beside(stop); });
}

void StoredCollection::build_beside(const std::atomic<bool>& stop) {
  const auto check = [&](uint64_t = 0, uint64_t = 0) {
    if (stop) throw Error(Code::Cancelled, "the index is no longer wanted");
  };
  AnnWriter writer(connections_, folder_, id_);
  const size_t threads = std::max<size_t>(1, base::default_threads() / 2);  // searches go on beside it
  try {
    do {
      check();
    } while (writer.run(false, threads, check));
  } catch (const Error& e) {
    if (e.code() == Code::Cancelled) return;
    Snapshot snapshot(connections_);
    const auto space = find_space(snapshot.db(), id_, Role::Active);
    retry_above_ = space ? space->vectors + space->vectors / 4 : 0;
    base::log().warn("collection '{}': its vectors could not be indexed, searches go on as before: {}", name_,
                     e.what());
  }
}

bool StoredCollection::build_index(const IndexBuild& options) {
  background_.wait();
  AnnWriter writer(connections_, folder_, id_);
  bool made = false;
  while (writer.run(options.anew && !made, options.threads, options.on_progress)) made = true;
  return made;
}

Json StoredCollection::index_statistics(Database& db) const {
  Json index = {{"kind", "none"}};
  for (const auto& row : space_rows(db, id_)) {
    const Json about = {{"model", row.space.model},
                        {"fingerprint", row.space.fingerprint},
                        {"dim", row.space.dim},
                        {"vectors", row.vectors}};
    if (row.role == Role::Pending) index["pending"] = about;
    if (row.role != Role::Active) continue;
    index["kind"] = "exact";
    index["space"] = about;
    int64_t files = 0, rows = 0, bytes = 0;
    for (const auto& file : vector_file_rows(db, row.id)) {
      ++files;
      rows += file.rows;
      bytes += file.bytes;
    }
    index["files"] = files;
    index["rows_in_files"] = rows;
    const auto ann = find_ann(db, row.id);
    const bool building = db.number("SELECT count(*) FROM ann WHERE space = ?1 AND ready = 0", row.id) > 0;
    const AnnStep due = AnnWriter(connections_, folder_, id_).due(db);
    index["state"] = building ? "building" : due != AnnStep::None ? "due" : ann ? "ready" : "exact";
    if (ann) {
      const auto live = static_cast<int64_t>(ann->live().cardinality());
      index["kind"] = ann->kind;
      index["generation"] = ann->generation;
      index["rows_in_index"] = live;
      index["rows_beside"] = row.vectors - live;
      index["file"] = ann->file;
      index["effort"] = ann->effort;
      bytes += ann->bytes;
    }
    index["bytes"] = bytes;
  }
  return index;
}

}  // namespace hanok::store
