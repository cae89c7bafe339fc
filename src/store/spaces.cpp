#include "store/spaces.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "store/record_rows.h"
#include "store/schema.h"

namespace hanok::store {
namespace {

constexpr size_t kMaxDim = 65'536;
constexpr int kPurgeRows =
    20'000;  // vectors deleted in one transaction: some 30 MB, so that readers and the WAL breathe

void set_role(Database& db, int64_t space, Role role) {
  db.run("UPDATE space SET role = ?2 WHERE id = ?1", space, static_cast<int>(role));
}

void insert_space(Database& db, int64_t collection, Role role, const VectorSpace& s) {
  db.run(
      "INSERT INTO space(collection, role, fingerprint, model, dim, chunker_version) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
      collection, static_cast<int>(role), std::string_view(s.fingerprint), std::string_view(s.model), s.dim,
      s.chunker_version);
}

void check_space(const VectorSpace& s) {
  if (s.fingerprint.empty()) throw Error(Code::Invalid, "vector space: its fingerprint is empty");
  if (s.dim == 0 || s.dim > kMaxDim)
    throw Error(Code::Invalid, "vector space " + s.model + ": dim is " + std::to_string(s.dim) + ", expected 1 to " +
                                   std::to_string(kMaxDim));
}

}  // namespace

bool same_space(const VectorSpace& a, const VectorSpace& b) {
  return a.fingerprint == b.fingerprint && a.dim == b.dim && a.chunker_version == b.chunker_version;
}

std::string describe(const VectorSpace& s) {
  return (s.model.empty() ? "unnamed" : s.model) + " (" + std::to_string(s.dim) + "-d, " + s.fingerprint.substr(0, 12) +
         ")";
}

Metric metric_of(Database& db, int64_t collection) {
  if (!has_records(db)) return Metric::Cosine;  // an export of before there were others
  return static_cast<Metric>(db.number("SELECT metric FROM collection WHERE id = ?1", collection));
}

std::vector<SpaceRow> space_rows(Database& db, int64_t collection) {
  std::vector<SpaceRow> out;
  const Metric metric = metric_of(db, collection);
  Rows rows =
      db.query("SELECT id, role, fingerprint, model, dim, chunker_version, vectors FROM space WHERE collection = ?1",
               collection);
  while (rows.next())
    out.push_back(
        {rows.integer(0),
         static_cast<Role>(rows.integer(1)),
         {rows.text(2), rows.text(3), static_cast<size_t>(rows.integer(4)), static_cast<int>(rows.integer(5))},
         rows.integer(6),
         metric});
  return out;
}

std::optional<SpaceRow> find_space(Database& db, int64_t collection, Role role) {
  for (auto& row : space_rows(db, collection))
    if (row.role == role) return row;
  return std::nullopt;
}

int64_t find_space(Database& db, int64_t collection, const VectorSpace& space) {
  for (const auto& row : space_rows(db, collection))
    if (row.role != Role::Dropped && same_space(row.space, space)) return row.id;
  return 0;
}

void set_space(Database& db, int64_t collection, const VectorSpace& space) {
  check_space(space);
  const auto active = find_space(db, collection, Role::Active);
  const auto pending = find_space(db, collection, Role::Pending);
  if (active && active->space.fingerprint == kGiven && active->vectors > 0 && !same_space(active->space, space))
    throw Error(Code::Unsupported,
                "its " + std::to_string(active->vectors) +
                    " vectors were given by a client, and no model can make them again: they are not replaced by those "
                    "of " +
                    describe(space) + "; use another collection");
  if (pending && same_space(pending->space, space)) return;
  if (pending) set_role(db, pending->id, Role::Dropped);
  if (active && same_space(active->space, space)) return;
  // A space without vectors answers nothing: the new one may take its place at once.
  const bool replace_now = !active || active->vectors == 0;
  if (active && replace_now) set_role(db, active->id, Role::Dropped);
  insert_space(db, collection, replace_now ? Role::Active : Role::Pending, space);
}

void check_rows(const VectorSpace& space, size_t ids, std::span<const float> rows) {
  if (rows.size() != ids * space.dim)
    throw Error(Code::Invalid, "vectors: " + std::to_string(ids) + " chunks of " + describe(space) + " need " +
                                   std::to_string(ids * space.dim) + " numbers, found " + std::to_string(rows.size()));
  for (size_t i = 0; i < rows.size(); ++i)
    if (!std::isfinite(rows[i]))
      throw Error(Code::Invalid, "vectors: number " + std::to_string(i % space.dim) + " of row " +
                                     std::to_string(i / space.dim) + " is not finite");
}

void write_vectors(Database& db, const SpaceRow& space, std::span<const ChunkId> ids, std::span<const float> rows) {
  int64_t fresh = 0;
  for (size_t i = 0; i < ids.size(); ++i) {
    const int64_t id = vector_id(space.id, ids[i]);
    const Blob row = blob_of(rows.subspan(i * space.space.dim, space.space.dim));
    db.run("INSERT OR IGNORE INTO vector VALUES (?1, ?2)", id, row);
    if (db.changes() == 1)
      ++fresh;
    else
      db.run("UPDATE vector SET row = ?2 WHERE id = ?1", id, row);
  }
  db.run("UPDATE space SET vectors = vectors + ?2 WHERE id = ?1", space.id, fresh);
}

std::vector<float> stored_rows(Database& db, int64_t space, size_t dim, std::span<const ChunkId> ids) {
  std::vector<float> out(ids.size() * dim, std::numeric_limits<float>::quiet_NaN());
  for (size_t i = 0; i < ids.size(); ++i) {
    Rows row = db.query("SELECT row FROM vector WHERE id = ?1", vector_id(space, ids[i]));
    if (row.next() && row.bytes(0).size() == dim * sizeof(float))
      std::memcpy(out.data() + i * dim, row.bytes(0).data(), dim * sizeof(float));
  }
  return out;
}

std::vector<float> stored_row(Database& db, int64_t space, size_t dim, ChunkId id) {
  auto out = stored_rows(db, space, dim, {&id, 1});
  if (std::isnan(out[0])) out.clear();
  return out;
}

void delete_vectors(Database& db, int64_t collection, ChunkRange range) {
  if (range.count == 0) return;
  for (const auto& space : space_rows(db, collection)) {
    db.run("DELETE FROM vector WHERE id >= ?1 AND id < ?2", vector_id(space.id, range.first),
           vector_id(space.id, range.first) + static_cast<int64_t>(range.count));
    db.run("UPDATE space SET vectors = vectors - ?2 WHERE id = ?1", space.id, db.changes());
  }
}

void delete_vectors(Database& db, int64_t collection, const Bitmap& ids) {
  for (const auto& space : space_rows(db, collection)) {
    int64_t gone = 0;
    for (const ChunkId id : ids) {
      db.run("DELETE FROM vector WHERE id = ?1", vector_id(space.id, id));
      gone += db.changes();
    }
    db.run("UPDATE space SET vectors = vectors - ?2 WHERE id = ?1", space.id, gone);
  }
}

bool promote_if_complete(Database& db, int64_t collection) {
  const auto pending = find_space(db, collection, Role::Pending);
  if (!pending || pending->vectors != db.number("SELECT chunks FROM collection WHERE id = ?1", collection))
    return false;
  if (const auto active = find_space(db, collection, Role::Active)) set_role(db, active->id, Role::Dropped);
  set_role(db, pending->id, Role::Active);
  return true;
}

bool purge_dropped(DataFolder& folder, int64_t collection) {
  {  // most often there is none, and then no writer is kept waiting to find out
    Reading reading(folder.connections);
    if (!find_space(reading.db(), collection, Role::Dropped)) return false;
  }
  std::vector<std::string> files;
  {
    Change change(folder);
    Database& db = change.db();
    const auto space = find_space(db, collection, Role::Dropped);
    if (!space) return false;
    db.run("DELETE FROM vector WHERE id IN (SELECT id FROM vector WHERE id >= ?1 AND id < ?2 LIMIT ?3)",
           vector_id(space->id, 0), vector_id(space->id + 1, 0), kPurgeRows);
    if (db.changes() < kPurgeRows) {  // the last ones
      Rows rows = db.query(
          "SELECT file FROM vector_file WHERE space = ?1 UNION ALL SELECT file FROM ann WHERE space = ?1", space->id);
      while (rows.next()) files.push_back(rows.text(0));
      db.run("DELETE FROM space WHERE id = ?1", space->id);
    }
    change.commit();
  }
  for (const auto& file : files) folder.index.retire(file);
  return true;
}

std::vector<ChunkId> missing(Database& db, int64_t collection, int64_t space, ChunkId from, size_t limit) {
  std::vector<ChunkId> out;
  if (any_records(db, collection)) {
    Rows rows = db.query(
        "SELECT chunk FROM record WHERE chunk >= ?1 AND collection = ?2 AND document IS NOT NULL AND NOT EXISTS (SELECT "
        "1 FROM vector v WHERE v.id = (?3 << 32 | chunk)) ORDER BY chunk LIMIT ?4",
        from, collection, space, std::min<size_t>(limit, UINT32_MAX));
    while (rows.next()) out.push_back(static_cast<ChunkId>(rows.integer(0)));
  }
  Rows rows = db.query(
      "SELECT c.id FROM chunk c CROSS JOIN document d ON d.id = c.document WHERE c.id >= ?1 AND d.collection = ?2 AND "
      "NOT "
      "EXISTS (SELECT 1 FROM vector v WHERE v.id = (?3 << 32 | c.id)) ORDER BY c.id LIMIT ?4",
      from, collection, space, std::min<size_t>(limit, UINT32_MAX));
  const size_t records = out.size();
  while (rows.next()) out.push_back(static_cast<ChunkId>(rows.integer(0)));
  std::inplace_merge(out.begin(), out.begin() + static_cast<ptrdiff_t>(records), out.end());
  if (out.size() > limit) out.resize(limit);
  return out;
}

}  // namespace hanok::store
