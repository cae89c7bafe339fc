#include "store/statistics.h"

#include "base/json.h"
#include "hanok/text.h"
#include "store/ann_build.h"
#include "store/ann_writer.h"
#include "store/keyword.h"
#include "store/vectors.h"

namespace hanok::store {
namespace {

Json keyword_statistics(Database& db, int64_t collection) {
  int64_t segments = 0, files = 0, bytes = 0, removed = 0;
  for (const auto& row : segment_rows(db, keyword_segments(), collection)) {
    ++segments;
    files += !row.file.empty();
    bytes += row.bytes;
    removed += static_cast<int64_t>(row.gone.cardinality());
  }
  return {{"segments", segments},
          {"files", files},
          {"bytes", bytes},
          {"removed", removed},
          {"analyzer", text::analyzer_version()}};
}

// A promise is of the effort that it was measured with.
void add_efforts(Database& db, int64_t collection, const AnnRow& ann, Json& index) {
  const Efforts measured = ann_efforts(db, collection, ann);
  const Efforts used = efforts_under(stored_ann_settings(db, collection), ann.kind, measured);
  index["effort"] = used.many;
  index["effort_for_few"] = used.few;
  const auto promises = used == measured ? ann_promises(db, collection, ann.id) : std::nullopt;
  if (!promises) return;
  index["promise"] = base::parse_json(promises->many, "the promise of an index");
  if (!promises->few.empty()) index["promise_for_few"] = base::parse_json(promises->few, "the promise of an index");
}

// The space that answers: its files, and its index where it has one.
void add_active(Database& db, int64_t collection, const SpaceRow& space, Json& index) {
  int64_t files = 0, rows = 0, bytes = 0;
  for (const auto& file : vector_file_rows(db, space.id)) {
    ++files;
    rows += file.rows;
    bytes += file.bytes;
  }
  const auto ann = find_ann(db, space.id);
  const bool building = db.number("SELECT count(*) FROM ann WHERE space = ?1 AND ready = 0", space.id) > 0;
  const AnnStep due = due_ann_step(db, collection);
  index["kind"] = "exact";
  index["files"] = files;
  index["rows_in_files"] = rows;
  index["state"] = building ? "building" : due != AnnStep::None ? "due" : ann ? "ready" : "exact";
  if (ann) {
    const auto live = static_cast<int64_t>(ann->live().cardinality());
    index["kind"] = ann->kind;
    index["generation"] = ann->generation;
    index["rows_in_index"] = live;
    index["rows_beside"] = space.vectors - live;
    index["file"] = ann->file;
    add_efforts(db, collection, *ann, index);
    bytes += ann->bytes;
  } else if (const auto wins = scan_wins(db, collection)) {
    index["scan"] = {{"vectors", wins->vectors}, {"why", wins->why}};
  }
  index["bytes"] = bytes;
}

Json index_statistics(Database& db, int64_t collection) {
  Json index = {{"kind", "none"}};
  for (const auto& row : space_rows(db, collection)) {
    const Json about = {{"model", row.space.model},
                        {"fingerprint", row.space.fingerprint},
                        {"dim", row.space.dim},
                        {"vectors", row.vectors}};
    if (row.role == Role::Pending) index["pending"] = about;
    if (row.role != Role::Active) continue;
    index["space"] = about;
    add_active(db, collection, row, index);
  }
  return index;
}

}  // namespace

Json collection_statistics(Database& db, int64_t collection) {
  const int64_t text_bytes = db.number("SELECT sum(text_bytes) FROM document WHERE collection = ?1", collection);
  const int64_t records = db.number("SELECT records FROM collection WHERE id = ?1", collection);
  Json out = {{"documents", db.number("SELECT documents FROM collection WHERE id = ?1", collection)},
              {"chunks", db.number("SELECT chunks FROM collection WHERE id = ?1", collection)},
              {"text_bytes", text_bytes},
              {"keyword", keyword_statistics(db, collection)},
              {"vectors", 0},
              {"index", index_statistics(db, collection)}};
  if (records > 0) {
    out["records"] = records;
    out["namespaces"] =
        db.number("SELECT count(*) FROM namespace WHERE collection = ?1 AND (records > 0 OR made = 1)", collection);
  }
  out["metric"] = name_of(metric_of(db, collection));
  int64_t bytes = text_bytes + out["keyword"]["bytes"].get<int64_t>() + out["index"].value("bytes", int64_t{0});
  for (const auto& row : space_rows(db, collection)) {
    bytes += row.vectors * static_cast<int64_t>(row.space.dim * sizeof(float));
    if (row.role == Role::Active) out["vectors"] = row.vectors;
  }
  out["bytes"] = bytes;
  return out;
}

}  // namespace hanok::store
