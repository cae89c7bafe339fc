#include "store/upkeep.h"

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "base/memory.h"
#include "base/pause.h"
#include "base/threads.h"
#include "hanok/context.h"
#include "store/ann_writer.h"
#include "store/field_index.h"
#include "store/keyword.h"
#include "store/scripts.h"
#include "store/spaces.h"

namespace hanok::store {
namespace {

constexpr int64_t kVacuumPages = 2048;  // 16 MB given back at once, so that no write waits long for it

constexpr size_t kMostUnseen = 64;  // each is a piece more for a search to look at

// A set that is still being written is indexed once, not with every part of it again.
constexpr std::chrono::milliseconds kLook(250);
constexpr size_t kMostLooks = 80;     // then whatever is there is indexed: searches have waited for 20 seconds
constexpr int64_t kGrowthShare = 64;  // of the vectors, between two looks: so fast grows what is being written

const std::atomic<bool> kNever{false};

}  // namespace

void Upkeep::make_room() noexcept {
  if (unseen_ < kMostUnseen) return;
  try {
    tidy(false, kNever);
  } catch (const std::exception& e) {
    log_untidy(e);
  }
}

void Upkeep::wake() noexcept {
  ++unseen_;
  {
    std::lock_guard lock(state_);
    wanted_ = true;
    if (working_) return;
    working_ = true;
  }
  try {
    while (!background_.start([this](const std::atomic<bool>& stop) { work(stop); }))
      background_.wait();  // the one before has nothing to do any more, and is about to end
  } catch (const std::exception& e) {
    base::log().warn("collection '{}': cannot be tidied up beside other work, the data is safe: {}", name_, e.what());
    std::lock_guard lock(state_);
    working_ = false;
  }
}

void Upkeep::work(const std::atomic<bool>& stop) {
  size_t looks = 0;
  for (;;) {
    {
      std::lock_guard lock(state_);
      if (!wanted_ || stop) {
        working_ = false;
        return;
      }
      wanted_ = false;
    }
    try {
      tidy(false, stop);
      if (builds_indexes_ && more_is_coming(looks, stop)) {
        ++looks;
        std::lock_guard lock(state_);
        wanted_ = true;
        continue;
      }
      looks = 0;
      if (builds_indexes_) build_beside(stop);
    } catch (const std::exception& e) {
      if (!stop) log_untidy(e);
    }
    base::give_memory_back_where_it_grew();
  }
}

// Vectors of the space that answers, where an index of them is due; else 0.
int64_t Upkeep::vectors_to_index() {
  Reading reading(folder_->connections);
  const auto space = find_space(reading.db(), collection_, Role::Active);
  const bool due = space && due_ann_step(reading.db(), collection_) != AnnStep::None;
  return due ? space->vectors : 0;
}

// Looks twice, a moment apart.
bool Upkeep::more_is_coming(size_t looks, const std::atomic<bool>& stop) {
  const int64_t before = vectors_to_index();
  if (before <= retry_above_ || looks >= kMostLooks) return false;
  base::pause(kLook, stop);
  return !stop && vectors_to_index() > before + before / kGrowthShare;
}

void Upkeep::log_untidy(const std::exception& e) const noexcept {
  base::log().warn("collection '{}': its index could not be tidied up, the data is safe: {}", name_, e.what());
}

void Upkeep::tidy(bool all, const std::atomic<bool>& stop) {
  std::lock_guard lock(tidying_);
  unseen_ = 0;
  const KeywordWriter keywords(*folder_, collection_);
  while (!stop && keywords.merge_some(all)) {
  }
  const FieldWriter fields(*folder_, collection_);
  while (!stop && fields.merge_some(all)) {
  }
  const VectorWriter vectors(*folder_, collection_, touched_);
  while (!stop && vectors.write_some(all)) {
  }
  while (!stop && purge_dropped(*folder_, collection_)) {
  }
  if (!stop) give_space_back(all);
}

void Upkeep::give_space_back(bool all) {
  Writing writing(folder_->connections);
  Database& db = writing.db();
  if (db.number("PRAGMA freelist_count") > (all ? 0 : kVacuumPages / 8))
    db.script(all ? "PRAGMA incremental_vacuum" : "PRAGMA incremental_vacuum(" + std::to_string(kVacuumPages) + ")");
}

void Upkeep::repair() {
  std::lock_guard lock(tidying_);
  KeywordWriter(*folder_, collection_).repair();
  FieldWriter(*folder_, collection_).repair();
  VectorWriter(*folder_, collection_, touched_).repair();
  AnnWriter(*folder_, collection_).repair(Check::Quick);
  Change change(*folder_);
  if (!repair_scripts(change.db(), collection_)) return;
  base::log().warn("collection '{}': the scripts of its passages were noted anew from their texts", name_);
  change.db().run("UPDATE collection SET generation = generation + 1 WHERE id = ?1", collection_);
  change.commit();
}

bool Upkeep::compact() {
  tidy(true, kNever);
  Reading reading(folder_->connections);
  const auto space = find_space(reading.db(), collection_, Role::Active);
  const auto ann = space ? find_ann(reading.db(), space->id) : std::nullopt;
  return ann && (ann->removed > 0 || !ann->stale.isEmpty());
}

bool Upkeep::build_index(const IndexBuild& options) {
  tidy(false, kNever);
  std::lock_guard lock(indexing_);
  AnnWriter writer(*folder_, collection_);
  bool made = false;
  while (writer.run(options.anew && !made, options.threads)) made = true;
  return made;
}

void Upkeep::build_beside(const std::atomic<bool>& stop) {
  if (vectors_to_index() <= retry_above_) return;
  const auto check = [&](const Progress& = {}) {
    if (stop) throw Error(Code::Cancelled, "the index is no longer wanted");
  };
  const Context::Scope scope(Context::current().with_progress(check));
  const size_t threads = std::max<size_t>(1, base::default_threads() / 2);  // searches go on beside it
  std::lock_guard lock(indexing_);
  AnnWriter writer(*folder_, collection_);
  try {
    do {
      check();
    } while (writer.run(false, threads));
  } catch (const Error& e) {
    if (e.code() == Code::Cancelled) return;
    const int64_t failed_with = vectors_to_index();
    retry_above_ = failed_with + failed_with / 4;
    base::log().warn("collection '{}': its vectors could not be indexed, searches go on as before: {}", name_,
                     e.what());
  }
}

void Upkeep::finish() noexcept {
  stop();
  try {
    tidy(false, kNever);
  } catch (const std::exception& e) {
    log_untidy(e);
  }
}

}  // namespace hanok::store
