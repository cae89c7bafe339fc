#include "store/ann_writer.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

namespace hanok::store {
struct AnnWriter::Begun {
  int64_t id = 0;
  AnnStep step = AnnStep::Build;
  AnnSettings settings;
  std::string file;
  int64_t generation = 0;
  std::optional<AnnRow> have;
  Efforts have_efforts;
  std::shared_ptr<const Vectors> source;
};

AnnStep due_ann_step(Database& db, int64_t collection, bool anew) {
  const auto space = find_space(db, collection, Role::Active);
  if (!space) return AnnStep::None;
  const auto have = find_ann(db, space->id);
  const auto settings = stored_ann_settings(db, collection);
  const auto vectors = static_cast<size_t>(space->vectors);
  const AnnStep step = ann_step(settings, space->space.dim, vectors, have ? &*have : nullptr);
  return anew && step != AnnStep::Drop && (have || step != AnnStep::None) ? AnnStep::Build : step;
}

// Notes that an index is being built, so that writes from now on say which of its rows they make stale; and the vectors
// as they are at that moment.
std::optional<AnnWriter::Begun> AnnWriter::begin(bool anew) {
  Begun out;
  std::optional<Reading> reading;
  {
    Change change(folder_);
    Database& db = change.db();
    out.step = due_ann_step(db, collection_, anew);
    if (out.step == AnnStep::None || out.step == AnnStep::Drop) return std::nullopt;
    const auto space = find_space(db, collection_, Role::Active);
    out.settings = stored_ann_settings(db, collection_);
    out.generation = db.number("SELECT generation FROM collection WHERE id = ?1", collection_);
    const uint32_t id = folder_.ids->file();
    out.id = id;
    out.file = IndexFolder::file_name(collection_, id, "ann");
    db.run("INSERT INTO ann(id, space, generation, file) VALUES (?1, ?2, ?3, ?4)", out.id, space->id, out.generation,
           std::string_view(out.file));
    out.have = find_ann(db, space->id);
    if (out.have) out.have_efforts = ann_efforts(db, collection_, *out.have);
    change.commit();
    try {  // nobody has written in between: `change` still keeps them waiting
      reading.emplace(folder_.connections);
      reading->db().number("SELECT generation FROM collection WHERE id = ?1", collection_);
    } catch (...) {
      change.db().run("DELETE FROM ann WHERE id = ?1 AND ready = 0", out.id);
      throw;
    }
  }
  try {
    out.source = Vectors::load(reading->db(), folder_.index, collection_, nullptr);
  } catch (...) {
    give_up(out);
    throw;
  }
  return out;
}

bool AnnWriter::run(bool anew, size_t threads) {
  auto begun = begin(anew);
  if (!begun) return drop();
  const base::Stopwatch clock;
  std::string done;
  try {
    const AnnPlan plan{begun->step, begun->settings,     begun->source, &begun->source->exact(),
                       begun->have, begun->have_efforts, threads};
    if (begun->step == AnnStep::Extend && repair(Check::All)) {  // what is to be extended was damaged
      give_up(*begun);
      return run(anew, threads);
    }
    const BuiltAnn built = build_ann(plan, folder_.index);
    if (built.scan) {
      if (!scan_instead(*begun, *built.scan)) return false;
      done = "none over " + std::to_string(built.scan->vectors) + " vectors, as a scan is faster, ";
    } else {
      folder_.index.prepare();
      UnnamedFile file(folder_.index, begun->file);
      built.index->save(folder_.index.path(begun->file));
      if (!finish(*begun, built, file)) return false;
      done = std::string(built.index->kind()) + " over " + std::to_string(built.index->size()) +
             " vectors of generation " + std::to_string(begun->generation) +
             (begun->step == AnnStep::Extend ? ", extended" : ", built");
    }
  } catch (...) {
    give_up(*begun);
    throw;
  }
  begun.reset();
  base::give_memory_back();  // what was built and what it was built of is freed by now
  base::log().info("index of collection {}: {} in {:.1f} s", collection_, done, clock.seconds());
  return true;
}

// The new index answers from this commit on, and the old one goes.
bool AnnWriter::finish(const Begun& begun, const BuiltAnn& built, UnnamedFile& file) {
  const auto bytes = static_cast<int64_t>(fs::file_size(folder_.index.path(file.name())));
  const std::string covered = to_bytes(built.covered), kind = built.index->kind();
  Change change(folder_);
  Database& db = change.db();
  Bitmap stale;
  {
    Rows row = db.query("SELECT stale FROM ann WHERE id = ?1", begun.id);
    if (!row.next()) return false;  // its space or its collection is gone
    stale = (bitmap_from(row.bytes(0), "index " + begun.file) | built.stray) & built.covered;
  }
  const auto space = db.number("SELECT space FROM ann WHERE id = ?1", begun.id);
  const auto old = find_ann(db, space);
  std::optional<AnnPromises> promises;
  if (built.promises)
    promises = AnnPromises{built.promises->many.json(), built.promises->few.json(), built.effort.few};
  else if (old && begun.step == AnnStep::Extend)
    promises = ann_promises(db, collection_, old->id);
  if (promises) keep_ann_promises(db, collection_, begun.id, *promises);
  keep_scan_wins(db, collection_, space, std::nullopt);
  if (old) db.run("DELETE FROM ann WHERE id = ?1", old->id);
  const std::string stale_bytes = to_bytes(stale);
  db.run(
      "UPDATE ann SET ready = 1, kind = ?2, rows = ?3, skipped = ?4, removed = ?5, effort = ?6, bytes = ?7, "
      "covered = ?8, stale = ?9 WHERE id = ?1",
      begun.id, std::string_view(kind), built.index->size(), built.skipped, built.removed, built.effort.many, bytes,
      Blob{covered}, Blob{stale_bytes});
  db.run("UPDATE collection SET generation = generation + 1 WHERE id = ?1", collection_);
  change.commit();
  file.keep();
  if (old) folder_.index.retire(old->file);
  return true;
}

// From this commit on all are scanned.
bool AnnWriter::scan_instead(const Begun& begun, const ScanWins& wins) {
  Change change(folder_);
  Database& db = change.db();
  std::optional<int64_t> space;
  {
    Rows row = db.query("SELECT space FROM ann WHERE id = ?1", begun.id);
    if (!row.next()) return false;  // its space or its collection is gone
    space = row.integer(0);
  }
  const auto old = find_ann(db, *space);
  db.run("DELETE FROM ann WHERE id = ?1", begun.id);
  if (old) db.run("DELETE FROM ann WHERE id = ?1", old->id);
  keep_scan_wins(db, collection_, *space, wins);
  db.run("UPDATE collection SET generation = generation + 1 WHERE id = ?1", collection_);
  change.commit();
  if (old) folder_.index.retire(old->file);
  return true;
}

// What cannot be undone now is forgotten when the folder is opened next.
void AnnWriter::give_up(const Begun& begun) noexcept {
  try {
    Writing writing(folder_.connections);
    writing.db().run("DELETE FROM ann WHERE id = ?1 AND ready = 0", begun.id);
  } catch (const std::exception& e) {
    base::log().warn("index {}: {}", begun.file, e.what());
  }
}

bool AnnWriter::drop() {
  std::optional<AnnRow> row;
  {
    Reading reading(folder_.connections);
    if (due_ann_step(reading.db(), collection_) != AnnStep::Drop) return false;
    row = find_ann(reading.db(), find_space(reading.db(), collection_, Role::Active)->id);
  }
  forget(*row);
  return true;
}

void AnnWriter::forget(const AnnRow& row) {
  Change change(folder_);
  change.db().run("DELETE FROM ann WHERE id = ?1", row.id);
  change.db().run("UPDATE collection SET generation = generation + 1 WHERE id = ?1", collection_);
  change.commit();
  folder_.index.retire(row.file);
}

bool AnnWriter::repair(Check check) {
  std::optional<AnnRow> row;
  std::optional<SpaceRow> space;
  {
    Reading reading(folder_.connections);
    space = find_space(reading.db(), collection_, Role::Active);
    if (!space) return false;
    row = find_ann(reading.db(), space->id);
  }
  if (!row) return false;
  try {
    Ann::open(folder_.index, *row, *space, {}, check);
    return false;
  } catch (const Error& e) {
    if (!is_damage(e)) throw;
    base::log().warn("{}; it is built again from the vectors", e.what());
  }
  forget(*row);
  return true;
}

void forget_unfinished_ann(Database& db) { db.run("DELETE FROM ann WHERE ready = 0"); }

}  // namespace hanok::store
