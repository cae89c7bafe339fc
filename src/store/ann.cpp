#include "store/ann.h"

#include <algorithm>

#include "base/json.h"
#include "index/file.h"
#include "store/schema.h"

namespace hanok::store {
namespace {

constexpr std::string_view kPromiseNote = "index.promise", kScanNote = "index.scan";

index::SearchOptions effort_options(const std::string& kind, size_t effort, size_t wanted) {
  index::SearchOptions out;
  if (kind == "hnsw") out.ef = std::max(effort, 2 * wanted);
  if (kind == "ivf") out.nprobe = effort;
  return out;
}

std::optional<base::Json> note_of(Database& db, int64_t collection, std::string_view key) {
  if (!has_records(db)) return std::nullopt;  // there are no notes yet
  Rows row = db.query("SELECT text FROM note WHERE collection = ?1 AND key = ?2", collection, key);
  if (!row.next()) return std::nullopt;
  return base::parse_json(row.text(0), key);
}

void keep_note(Database& db, int64_t collection, std::string_view key, const base::Json& json) {
  const std::string text = base::dump_json(json);
  db.run("INSERT OR REPLACE INTO note VALUES (?1, ?2, ?3)", collection, key, std::string_view(text));
}

}  // namespace

size_t Efforts::of(size_t k) const {
  if (k <= kFewNeighbours || many <= few) return few;
  if (k >= kManyNeighbours) return many;
  constexpr size_t kApart = kManyNeighbours - kFewNeighbours;
  return few + ((many - few) * (k - kFewNeighbours) + kApart - 1) / kApart;
}

index::Metric index_metric(Metric metric) {
  switch (metric) {
    case Metric::L2:
      return index::Metric::L2;
    case Metric::InnerProduct:
      return index::Metric::InnerProduct;
    default:
      return index::Metric::Cosine;
  }
}

std::optional<AnnRow> find_ann(Database& db, int64_t space) {
  Rows rows = db.query(
      "SELECT id, space, generation, kind, rows, skipped, removed, effort, bytes, file, covered, stale FROM ann WHERE "
      "space = ?1 AND ready = 1 ORDER BY id DESC",
      space);
  if (!rows.next()) return std::nullopt;
  const std::string what = "index " + rows.text(9);
  return AnnRow{rows.integer(0),
                rows.integer(1),
                rows.integer(2),
                rows.text(3),
                rows.integer(4),
                rows.integer(5),
                rows.integer(6),
                static_cast<size_t>(rows.integer(7)),
                rows.integer(8),
                rows.text(9),
                bitmap_from(rows.bytes(10), what),
                bitmap_from(rows.bytes(11), what)};
}

std::optional<AnnPromises> ann_promises(Database& db, int64_t collection, int64_t ann) {
  const auto kept = note_of(db, collection, kPromiseNote);
  if (!kept || kept->value("index", int64_t{0}) != ann)
    return std::nullopt;  // of one that is gone, or another folder's
  AnnPromises out{base::dump_json(kept->at("promise")), {}, 0};
  if (const auto few = kept->find("few"); few != kept->end()) {
    out.few = base::dump_json(*few);
    out.few_effort = kept->at("few_effort").get<size_t>();
  }
  return out;
}

void keep_ann_promises(Database& db, int64_t collection, int64_t ann, const AnnPromises& promises) {
  base::Json json{{"index", ann}, {"promise", base::parse_json(promises.many, kPromiseNote)}};
  if (!promises.few.empty()) {
    json["few"] = base::parse_json(promises.few, kPromiseNote);
    json["few_effort"] = promises.few_effort;
  }
  keep_note(db, collection, kPromiseNote, json);
}

Efforts ann_efforts(Database& db, int64_t collection, const AnnRow& row) {
  const auto promises = ann_promises(db, collection, row.id);
  return {promises && promises->few_effort ? promises->few_effort : row.effort, row.effort};
}

std::optional<ScanWins> scan_wins(Database& db, int64_t collection) {
  const auto kept = note_of(db, collection, kScanNote);
  if (!kept) return std::nullopt;
  const auto space = find_space(db, collection, Role::Active);
  if (!space || kept->value("space", int64_t{0}) != space->id) return std::nullopt;  // it was measured on others
  return ScanWins{kept->at("vectors").get<size_t>(), kept->at("why").get<std::string>()};
}

void keep_scan_wins(Database& db, int64_t collection, int64_t space, const std::optional<ScanWins>& wins) {
  if (wins)
    keep_note(db, collection, kScanNote, {{"space", space}, {"vectors", wins->vectors}, {"why", wins->why}});
  else if (has_records(db))
    db.run("DELETE FROM note WHERE collection = ?1 AND key = ?2", collection, kScanNote);
}

void invalidate_ann(Database& db, int64_t space, const Bitmap& ids) {
  struct Mark {
    int64_t id;
    std::string stale;
  };
  std::vector<Mark> marks;
  {
    Rows rows = db.query("SELECT id, ready, covered, stale FROM ann WHERE space = ?1", space);
    while (rows.next()) {
      const std::string what = "index " + rows.text(0);
      const Bitmap stale = bitmap_from(rows.bytes(3), what);
      // What an index that is being built will hold is known when it is complete.
      const Bitmap more = rows.integer(1) ? ids & bitmap_from(rows.bytes(2), what) : ids;
      if (!more.isSubset(stale)) marks.push_back({rows.integer(0), to_bytes(stale | more)});
    }
  }
  for (const auto& mark : marks) db.run("UPDATE ann SET stale = ?2 WHERE id = ?1", mark.id, Blob{mark.stale});
}

std::shared_ptr<const Ann> Ann::open(const IndexFolder& folder, const AnnRow& row, const SpaceRow& space,
                                     Efforts efforts, Check check) {
  const size_t dim = space.space.dim;
  const fs::path path = folder.path(row.file);
  if (checks_all(check, row.bytes)) index::FileReader(path).verify();
  std::shared_ptr<const index::Index> index = index::open(path);
  const auto& options = index->options();
  if (options.dim != dim || options.metric != index_metric(space.metric) ||
      index->size() != static_cast<size_t>(row.rows))
    throw Error(Code::Corrupt, path.string() + ": holds " + std::to_string(index->size()) + " vectors of " +
                                   std::to_string(options.dim) + " numbers, expected " + std::to_string(row.rows) +
                                   " of " + std::to_string(dim) + " under " + std::string(name_of(space.metric)));
  return std::make_shared<const Ann>(std::move(index), efforts);
}

std::vector<ChunkId> Ann::near(std::span<const float> query, size_t k, const Bitmap& among, bool everything) const {
  const std::string kind = index_->kind();
  const uint64_t matches = among.cardinality();
  std::vector<ChunkId> out;
  const auto search = [&](size_t wanted, const index::IdFilter* filter) {
    auto options = effort_options(kind, efforts_.of(k), wanted);
    options.filter = filter;
    out.clear();
    // A damaged file may hold any id: only chunks of `among` leave here.
    for (const auto& m : index_->search(query, wanted, options))
      if (m.id >= 0 && m.id <= UINT32_MAX && among.contains(static_cast<ChunkId>(m.id)))
        out.push_back(static_cast<ChunkId>(m.id));
    return out.size() >= std::min<uint64_t>(k, matches);
  };
  const size_t wanted = candidates(k);
  if (everything) {
    if (search(wanted, nullptr) || search(4 * wanted, nullptr)) return out;
  }
  const auto filter =
      index::IdFilter::when([&](index::Id id) { return among.contains(static_cast<ChunkId>(id)); }, matches);
  if (!search(wanted, &filter)) out.clear();
  return out;
}

}  // namespace hanok::store
