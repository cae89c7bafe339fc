#include <tuple>
#include <utility>

#include "base/log.h"
#include "store/tiers.h"
#include "store/vectors.h"

namespace hanok::store {
namespace {

constexpr size_t kFileRows = 4096;   // rows that gather in the database before they become a file: 6 MB at 384-d
constexpr double kStaleShare = 0.1;  // more stale rows than this, and a file is written anew
constexpr TierOptions kTiers{.unit = kFileRows, .fan = 4, .largest = 1 << 18};  // in rows; 400 MB at 384-d

// A file answers for every chunk after the file before it, also for those that had no vector when it was written.
ChunkId start_of(std::span<const VectorFileRow> files, size_t i) { return i == 0 ? 0 : files[i - 1].last + 1; }

}  // namespace

void VectorWriter::mark(Database& db, const std::vector<VectorFileRow>& files, const Bitmap& ids) const {
  for (size_t i = 0; i < files.size(); ++i) {
    const auto& file = files[i];
    const uint64_t first = start_of(files, i);
    Bitmap inside;
    add_range(inside, first, file.last + uint64_t{1} - first);
    inside &= ids;
    if (inside.isSubset(file.stale)) continue;
    const std::string stale = to_bytes(file.stale | inside);
    db.run("UPDATE vector_file SET stale = ?2 WHERE id = ?1", file.id, Blob{stale});
  }
}

void VectorWriter::invalidate(Database& db, std::span<const ChunkId> ids, int64_t space) const {
  Bitmap set;
  set.addMany(ids.size(), ids.data());
  touched_.add(set);
  mark(db, vector_file_rows(db, space), set);
  invalidate_ann(db, space, set);
}

void VectorWriter::invalidate(Database& db, ChunkRange range) const {
  Bitmap set;
  add_range(set, range.first, range.count);
  invalidate(db, set);
}

void VectorWriter::invalidate(Database& db, const Bitmap& set) const {
  touched_.add(set);
  for (const auto& space : space_rows(db, collection_)) {
    mark(db, vector_file_rows(db, space.id), set);
    invalidate_ann(db, space.id, set);
  }
}

std::optional<VectorWriter::Piece> VectorWriter::due(Database& db, bool all) const {
  const auto space = find_space(db, collection_, Role::Active);
  if (!space) return std::nullopt;
  const auto files = vector_file_rows(db, space->id);
  const uint64_t covered = files.empty() ? 0 : files.back().last + uint64_t{1};
  if (covered <= UINT32_MAX) {
    std::vector<ChunkId> tail;
    Rows ids =
        db.query("SELECT id FROM vector WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3",
                 vector_id(space->id, static_cast<ChunkId>(covered)), vector_id(space->id, UINT32_MAX), kTiers.largest);
    while (ids.next()) tail.push_back(static_cast<ChunkId>(ids.integer(0)));
    if (tail.size() >= kFileRows || (all && !tail.empty()))
      return Piece{*space, {}, static_cast<ChunkId>(covered), tail.back()};
  }
  std::vector<uint64_t> sizes;
  for (const auto& file : files) sizes.push_back(static_cast<uint64_t>(file.rows));
  auto [begin, end] = all ? first_run(sizes, kTiers) : pieces_to_merge(sizes, kTiers);
  for (size_t i = 0; begin == end && i < files.size(); ++i) {
    const auto stale = static_cast<double>(files[i].stale.cardinality());
    if (stale > (all ? 0 : kStaleShare * static_cast<double>(files[i].rows)))
      std::tie(begin, end) = std::pair(i, i + 1);
  }
  if (begin == end) return std::nullopt;
  return Piece{*space,
               {files.begin() + static_cast<ptrdiff_t>(begin), files.begin() + static_cast<ptrdiff_t>(end)},
               start_of(files, begin),
               files[end - 1].last};
}

// choose(Database&) -> optional<Piece>. The rows are read and written while others write: what they touch meanwhile is
// stale in the new file from its first moment.
template <class Choose>
bool VectorWriter::rewrite(Choose choose) const {
  std::optional<Piece> piece;
  VectorFileRow made;
  std::optional<UnnamedFile> file;
  {
    std::optional<Reading> reading;
    {
      Writing between_two_writes(folder_.connections);
      touched_.begin();
      reading.emplace(folder_.connections);
      reading->db().number("SELECT generation FROM collection WHERE id = ?1", collection_);  // it begins here
    }
    piece = choose(reading->db());
    if (!piece) return false;
    const auto rows = read_vectors(reading->db(), piece->space, piece->first, piece->last);
    made.rows = static_cast<int64_t>(rows.view.ids.size());
    if (made.rows > 0) {
      const std::string bytes = encode_vectors(rows.view.ids, rows.view.rows, piece->space.space.dim);
      const uint32_t id = folder_.ids->file();  // never used twice: readers know the files they have mapped by it
      made.id = id;
      made.bytes = static_cast<int64_t>(bytes.size());
      file.emplace(folder_.index, IndexFolder::file_name(collection_, id, "vec"));
      folder_.index.write(file->name(), bytes);
    }
  }
  Change change(folder_);
  Database& db = change.db();
  const auto active = find_space(db, collection_, Role::Active);
  if (!active || active->id != piece->space.id) return false;  // another model answers now, or nothing any more
  Bitmap stale;
  add_range(stale, piece->first, piece->last + uint64_t{1} - piece->first);
  stale &= touched_.end();
  if (!file && !stale.isEmpty()) return false;  // no rows when it was looked, but now there are: another time
  for (const auto& row : piece->old) db.run("DELETE FROM vector_file WHERE id = ?1", row.id);
  if (file) {
    const std::string stale_bytes = to_bytes(stale);
    db.run("INSERT INTO vector_file VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)", made.id, piece->space.id, piece->first,
           piece->last, made.rows, made.bytes, std::string_view(file->name()), Blob{stale_bytes});
  }
  db.run("UPDATE collection SET generation = generation + 1 WHERE id = ?1", collection_);
  change.commit();
  if (file) file->keep();
  for (const auto& row : piece->old) folder_.index.retire(row.file);
  return true;
}

bool VectorWriter::write_some(bool all) const {
  {  // most often nothing is due, and then no writer is kept waiting to find out
    Reading reading(folder_.connections);
    if (!due(reading.db(), all)) return false;
  }
  return rewrite([&](Database& db) { return due(db, all); });
}

void VectorWriter::repair() const {
  std::vector<int64_t> damaged;
  {
    Reading reading(folder_.connections);
    const auto space = find_space(reading.db(), collection_, Role::Active);
    if (!space) return;
    for (const auto& row : vector_file_rows(reading.db(), space->id)) {
      try {
        open_vectors(folder_.index, row, *space, Check::Quick);
      } catch (const Error& e) {
        if (!is_damage(e)) throw;
        base::log().warn("{}; written again from the database", e.what());
        damaged.push_back(row.id);
      }
    }
  }
  for (const int64_t id : damaged)
    rewrite([&](Database& db) -> std::optional<Piece> {
      const auto space = find_space(db, collection_, Role::Active);
      const auto files = space ? vector_file_rows(db, space->id) : std::vector<VectorFileRow>();
      for (size_t i = 0; i < files.size(); ++i)
        if (files[i].id == id) return Piece{*space, {files[i]}, start_of(files, i), files[i].last};
      return std::nullopt;
    });
}

}  // namespace hanok::store
