#include "store/ann.h"

#include <algorithm>

#include "base/json.h"
#include "index/file.h"
#include "store/schema.h"

namespace hanok::store {
namespace {

constexpr std::string_view kPromiseNote = "index.promise";

index::SearchOptions effort_options(const std::string& kind, size_t effort, size_t wanted) {
  index::SearchOptions out;
  if (kind == "hnsw") out.ef = std::max(effort, 2 * wanted);
  if (kind == "ivf") out.nprobe = effort;
  return out;
}

}  // namespace

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

std::optional<std::string> ann_promise(Database& db, int64_t collection, int64_t ann) {
  if (!has_records(db)) return std::nullopt;  // there are no notes yet
  Rows row = db.query("SELECT text FROM note WHERE collection = ?1 AND key = ?2", collection, kPromiseNote);
  if (!row.next()) return std::nullopt;
  const auto kept = base::parse_json(row.text(0), "the promise of an index");
  if (kept.value("index", int64_t{0}) != ann) return std::nullopt;  // of one that is gone, or of another folder
  return base::dump_json(kept.at("promise"));
}

void keep_ann_promise(Database& db, int64_t collection, int64_t ann, const std::string& promise) {
  const std::string text =
      base::dump_json(base::Json{{"index", ann}, {"promise", base::parse_json(promise, "the promise of an index")}});
  db.run("INSERT OR REPLACE INTO note VALUES (?1, ?2, ?3)", collection, kPromiseNote, std::string_view(text));
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

std::shared_ptr<const Ann> Ann::open(const IndexFolder& folder, const AnnRow& row, const SpaceRow& space, Check check) {
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
  return std::make_shared<const Ann>(std::move(index), row.effort);
}

std::vector<ChunkId> Ann::near(std::span<const float> query, size_t k, const Bitmap& among, bool everything) const {
  const std::string kind = index_->kind();
  const uint64_t matches = among.cardinality();
  std::vector<ChunkId> out;
  const auto search = [&](size_t wanted, const index::IdFilter* filter) {
    auto options = effort_options(kind, effort_, wanted);
    options.filter = filter;
    out.clear();
    // A damaged file may hold any id: only chunks of `among` leave here.
    for (const auto& m : index_->search(query, wanted, options))
      if (m.id >= 0 && m.id <= UINT32_MAX && among.contains(static_cast<ChunkId>(m.id)))
        out.push_back(static_cast<ChunkId>(m.id));
    return out.size() >= std::min<uint64_t>(k, matches);
  };
  const size_t wanted = k + k / 4 + 8;  // codes mistake the order of near ones; some more may be stale
  if (everything) {
    if (search(wanted, nullptr) || search(4 * wanted, nullptr)) return out;
  }
  const auto filter =
      index::IdFilter::when([&](index::Id id) { return among.contains(static_cast<ChunkId>(id)); }, matches);
  if (!search(wanted, &filter)) out.clear();
  return out;
}

}  // namespace hanok::store
