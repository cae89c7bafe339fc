// The index of a collection's vectors: built in the background or when asked for.
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
  if (!space || space->vectors <= retry_above_ || due_ann_step(db, id_) == AnnStep::None) return;
  background_.start([this](const std::atomic<bool>& stop) { build_beside(stop); });
}

void StoredCollection::build_beside(const std::atomic<bool>& stop) {
  const auto check = [&](uint64_t = 0, uint64_t = 0) {
    if (stop) throw Error(Code::Cancelled, "the index is no longer wanted");
  };
  AnnWriter writer(connections(), index(), id_);
  const size_t threads = std::max<size_t>(1, base::default_threads() / 2);  // searches go on beside it
  try {
    do {
      check();
    } while (writer.run(false, threads, check));
  } catch (const Error& e) {
    if (e.code() == Code::Cancelled) return;
    Reading reading(connections());
    const auto space = find_space(reading.db(), id_, Role::Active);
    retry_above_ = space ? space->vectors + space->vectors / 4 : 0;
    base::log().warn("collection '{}': its vectors could not be indexed, searches go on as before: {}", name_,
                     e.what());
  }
}

bool StoredCollection::build_index(const IndexBuild& options) {
  background_.wait();
  AnnWriter writer(connections(), index(), id_);
  bool made = false;
  while (writer.run(options.anew && !made, options.threads, options.on_progress)) made = true;
  return made;
}

}  // namespace hanok::store
