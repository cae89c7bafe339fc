#include "store/ann_writer.h"

#include "base/clock.h"
#include "base/log.h"

namespace hanok::store {
struct AnnWriter::Begun {
  int64_t id = 0;
  AnnStep step = AnnStep::Build;
  AnnSettings settings;
  std::string file;
  int64_t generation = 0;
  std::optional<AnnRow> have;
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
  Writing writing(connections_);
  Database& db = writing.db();
  Begun out;
  {
    Transaction transaction(db, Transaction::Kind::Write);
    out.step = due_ann_step(db, collection_, anew);
    if (out.step == AnnStep::None || out.step == AnnStep::Drop) return std::nullopt;
    const auto space = find_space(db, collection_, Role::Active);
    out.settings = stored_ann_settings(db, collection_);
    out.generation = db.number("SELECT generation FROM collection WHERE id = ?1", collection_);
    const uint32_t id = take_ids(db, "file", 1);
    out.id = id;
    out.file = IndexFolder::file_name(collection_, id, "ann");
    db.run("INSERT INTO ann(id, space, generation, file) VALUES (?1, ?2, ?3, ?4)", out.id, space->id, out.generation,
           std::string_view(out.file));
    transaction.commit();
    out.have = find_ann(db, space->id);
  }
  try {
    out.source = Vectors::load(db, folder_, collection_, nullptr);
  } catch (...) {
    give_up(out);
    throw;
  }
  return out;
}

bool AnnWriter::run(bool anew, size_t threads, const OnProgress& on_progress) {
  const auto begun = begin(anew);
  if (!begun) return drop();
  const base::Stopwatch clock;
  try {
    const AnnPlan plan{begun->step, begun->settings, begun->source, &begun->source->exact(),
                       begun->have, threads,         on_progress};
    const BuiltAnn built = build_ann(plan, folder_);
    folder_.prepare();
    built.index->save(folder_.path(begun->file));
    if (!finish(*begun, built, static_cast<int64_t>(fs::file_size(folder_.path(begun->file))))) return false;
    base::log().info("index of collection {}: {} over {} vectors of generation {}, {} in {:.1f} s", collection_,
                     built.index->kind(), built.index->size(), begun->generation,
                     begun->step == AnnStep::Extend ? "extended" : "built", clock.seconds());
    return true;
  } catch (const Error& e) {
    give_up(*begun);
    if (begun->step != AnnStep::Extend || !is_damage(e)) throw;
    base::log().warn("{}; it is built again from the vectors", e.what());
  } catch (...) {
    give_up(*begun);
    throw;
  }
  {
    Writing writing(connections_);
    forget(writing.db(), *begun->have);
  }
  return run(anew, threads, on_progress);
}

// The new index answers from this commit on, and the old one goes.
bool AnnWriter::finish(const Begun& begun, const BuiltAnn& built, int64_t bytes) {
  Writing writing(connections_);
  Database& db = writing.db();
  Transaction transaction(db, Transaction::Kind::Write);
  Bitmap stale;
  {
    Rows row = db.query("SELECT stale FROM ann WHERE id = ?1", begun.id);
    if (!row.next()) {  // its space or its collection is gone
      folder_.remove(begun.file);
      return false;
    }
    stale = bitmap_from(row.bytes(0), "index " + begun.file) & built.covered;
  }
  const auto space = db.number("SELECT space FROM ann WHERE id = ?1", begun.id);
  const auto old = find_ann(db, space);
  if (old) db.run("DELETE FROM ann WHERE id = ?1", old->id);
  const std::string covered = to_bytes(built.covered), stale_bytes = to_bytes(stale), kind = built.index->kind();
  db.run(
      "UPDATE ann SET ready = 1, kind = ?2, rows = ?3, skipped = ?4, removed = ?5, effort = ?6, bytes = ?7, "
      "covered = ?8, stale = ?9 WHERE id = ?1",
      begun.id, std::string_view(kind), built.index->size(), built.skipped, built.removed, built.effort, bytes,
      Blob{covered}, Blob{stale_bytes});
  db.run("UPDATE collection SET generation = generation + 1 WHERE id = ?1", collection_);
  transaction.commit();
  if (old) folder_.retire(old->file);
  return true;
}

void AnnWriter::give_up(const Begun& begun) {
  Writing writing(connections_);
  writing.db().run("DELETE FROM ann WHERE id = ?1 AND ready = 0", begun.id);
  folder_.remove(begun.file);
}

bool AnnWriter::drop() {
  Writing writing(connections_);
  Database& db = writing.db();
  if (due_ann_step(db, collection_) != AnnStep::Drop) return false;
  const auto space = find_space(db, collection_, Role::Active);
  forget(db, *find_ann(db, space->id));
  return true;
}

void AnnWriter::forget(Database& db, const AnnRow& row) {
  Transaction transaction(db, Transaction::Kind::Write);
  db.run("DELETE FROM ann WHERE id = ?1", row.id);
  db.run("UPDATE collection SET generation = generation + 1 WHERE id = ?1", collection_);
  transaction.commit();
  folder_.retire(row.file);
}

void AnnWriter::repair() {
  Writing writing(connections_);
  const auto space = find_space(writing.db(), collection_, Role::Active);
  if (!space) return;
  const auto row = find_ann(writing.db(), space->id);
  if (!row) return;
  try {
    Ann::open(folder_, *row, space->space.dim, Check::Quick);
  } catch (const Error& e) {
    if (!is_damage(e)) throw;
    base::log().warn("{}; it is built again from the vectors", e.what());
    forget(writing.db(), *row);
  }
}

void forget_unfinished_ann(Database& db) { db.run("DELETE FROM ann WHERE ready = 0"); }

}  // namespace hanok::store
