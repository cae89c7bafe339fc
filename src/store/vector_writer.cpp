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

void VectorWriter::mark(const std::vector<VectorFileRow>& files, const Bitmap& ids) {
  for (size_t i = 0; i < files.size(); ++i) {
    const auto& file = files[i];
    const uint64_t first = start_of(files, i);
    Bitmap inside;
    add_range(inside, first, file.last + uint64_t{1} - first);
    inside &= ids;
    if (inside.isSubset(file.stale)) continue;
    const std::string stale = to_bytes(file.stale | inside);
    db_.run("UPDATE vector_file SET stale = ?2 WHERE id = ?1", file.id, Blob{stale});
  }
}

void VectorWriter::invalidate(std::span<const ChunkId> ids, int64_t space) {
  Bitmap set;
  set.addMany(ids.size(), ids.data());
  mark(vector_file_rows(db_, space), set);
  invalidate_ann(db_, space, set);
}

void VectorWriter::invalidate(ChunkRange range) {
  Bitmap set;
  add_range(set, range.first, range.count);
  for (const auto& space : space_rows(db_, collection_)) {
    mark(vector_file_rows(db_, space.id), set);
    invalidate_ann(db_, space.id, set);
  }
}

// Rows of [first, last] into a new file that takes the place of `old`.
void VectorWriter::write(const SpaceRow& space, std::span<const VectorFileRow> old, ChunkId first, ChunkId last) {
  Transaction transaction(db_, Transaction::Kind::Write);
  const auto rows = read_vectors(db_, space, first, last);
  for (const auto& row : old) db_.run("DELETE FROM vector_file WHERE id = ?1", row.id);
  if (!rows.view.ids.empty()) {
    const std::string bytes = encode_vectors(rows.view.ids, rows.view.rows, space.space.dim);
    const uint32_t id = take_ids(db_, "file", 1);  // never used twice: readers know the files they have mapped by it
    const std::string name = IndexFolder::file_name(collection_, id, "vec");
    folder_.write(name, bytes);
    db_.run("INSERT INTO vector_file VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, x'')", id, space.id, first, last,
            rows.view.ids.size(), bytes.size(), std::string_view(name));
  }
  db_.run("UPDATE collection SET generation = generation + 1 WHERE id = ?1", collection_);
  transaction.commit();
  for (const auto& row : old) folder_.retire(row.file);
}

bool VectorWriter::step(const SpaceRow& space, bool all) {
  const auto files = vector_file_rows(db_, space.id);
  const uint64_t covered = files.empty() ? 0 : files.back().last + uint64_t{1};
  if (covered <= UINT32_MAX) {
    std::vector<ChunkId> tail;
    {
      Rows ids = db_.query("SELECT id FROM vector WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3",
                           vector_id(space.id, static_cast<ChunkId>(covered)), vector_id(space.id, UINT32_MAX),
                           kTiers.largest);
      while (ids.next()) tail.push_back(static_cast<ChunkId>(ids.integer(0)));
    }
    if (tail.size() >= kFileRows || (all && !tail.empty())) {
      write(space, {}, static_cast<ChunkId>(covered), tail.back());
      return true;
    }
  }
  std::vector<uint64_t> sizes;
  for (const auto& file : files) sizes.push_back(static_cast<uint64_t>(file.rows));
  auto [begin, end] = all ? first_run(sizes, kTiers) : pieces_to_merge(sizes, kTiers);
  for (size_t i = 0; begin == end && i < files.size(); ++i) {
    const auto stale = static_cast<double>(files[i].stale.cardinality());
    if (stale > (all ? 0 : kStaleShare * static_cast<double>(files[i].rows)))
      std::tie(begin, end) = std::pair(i, i + 1);
  }
  if (begin == end) return false;
  write(space, std::span(files).subspan(begin, end - begin), start_of(files, begin), files[end - 1].last);
  return true;
}

void VectorWriter::maintain(bool all) {
  const auto space = find_space(db_, collection_, Role::Active);
  while (space && step(*space, all)) {
  }
}

void VectorWriter::repair() {
  const auto space = find_space(db_, collection_, Role::Active);
  if (!space) return;
  const auto files = vector_file_rows(db_, space->id);
  for (size_t i = 0; i < files.size(); ++i) {
    const auto& row = files[i];
    try {
      open_vectors(folder_, row, space->space.dim, Check::Quick);
    } catch (const Error& e) {
      if (!is_damage(e)) throw;
      base::log().warn("{}; written again from the database", e.what());
      write(*space, {&row, 1}, start_of(files, i), row.last);
    }
  }
}

}  // namespace hanok::store
