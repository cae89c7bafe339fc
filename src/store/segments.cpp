#include "store/segments.h"

#include <utility>

#include "base/log.h"
#include "store/tiers.h"

namespace hanok::store {
namespace {

constexpr size_t kFileBytes = 256 << 10;  // from here on a segment is a mapped file: it is opened without being read
constexpr double kGoneShare = 0.3;        // more removed chunks than this, and a segment is rewritten without them

// [begin, end) of the rows to join next; one row alone is rewritten without its removed chunks.
std::pair<size_t, size_t> next_merge(std::span<const SegmentRow> rows, bool all) {
  const TierOptions options;
  std::vector<uint64_t> sizes;
  for (const auto& row : rows) sizes.push_back(static_cast<uint64_t>(row.bytes));
  const auto due = all ? first_run(sizes, options) : pieces_to_merge(sizes, options);
  if (due.first != due.second) return due;
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto gone = static_cast<double>(rows[i].gone.cardinality());
    if (gone > (all ? 0 : kGoneShare * static_cast<double>(rows[i].chunks))) return {i, i + 1};
  }
  return {0, 0};
}

}  // namespace

std::vector<SegmentRow> segment_rows(Database& db, const SegmentKind& kind, int64_t collection) {
  std::vector<SegmentRow> out;
  Rows rows = db.query("SELECT id, first, last, " + kind.count_column + ", bytes, file, gone, " +
                           (kind.version_column.empty() ? "0" : kind.version_column) + " FROM " + kind.table +
                           " WHERE collection = ?1 ORDER BY first",
                       collection);
  while (rows.next()) {
    SegmentRow& r = out.emplace_back();
    r.id = rows.integer(0);
    r.first = static_cast<ChunkId>(rows.integer(1));
    r.last = static_cast<ChunkId>(rows.integer(2));
    r.chunks = rows.integer(3);
    r.bytes = rows.integer(4);
    r.file = rows.text(5);
    r.gone = bitmap_from(rows.bytes(6), kind.name + " " + std::to_string(r.id));
    r.version = static_cast<int>(rows.integer(7));
  }
  return out;
}

std::string name_of(const SegmentKind& kind, const IndexFolder& folder, const SegmentRow& row) {
  return row.file.empty() ? kind.name + " " + std::to_string(row.id) : folder.path(row.file).string();
}

std::shared_ptr<const Bytes> stored_bytes(Database& db, const SegmentKind& kind, const IndexFolder& folder,
                                          const SegmentRow& row) {
  const std::string what = name_of(kind, folder, row);
  std::shared_ptr<const Bytes> out;
  if (row.file.empty()) {
    Rows blob = db.query("SELECT bytes FROM " + kind.table + "_blob WHERE segment = ?1", row.id);
    if (!blob.next()) throw Error(Code::NotFound, what + ": its bytes are missing");
    out = std::make_shared<Bytes>(Bytes{blob.text(0), {}});
  } else {
    out = folder.map(row.file);
  }
  const size_t found = out->view().size();
  if (found != static_cast<size_t>(row.bytes))
    throw Error(Code::Corrupt,
                what + ": has " + std::to_string(found) + " bytes, expected " + std::to_string(row.bytes));
  return out;
}

bool checks_all(const SegmentRow& row, Check check) { return row.file.empty() || checks_all(check, row.bytes); }

NewSegment SegmentWriter::wrap(SegmentRow row, std::string bytes) const {
  NewSegment out;
  const uint32_t id = folder_.ids->file();  // never used twice: readers know the segments they have open by it
  row.id = id;
  row.bytes = static_cast<int64_t>(bytes.size());
  row.version = kind_.version;
  if (bytes.size() >= kFileBytes) {
    row.file = IndexFolder::file_name(collection_, id, kind_.extension);
    out.file = std::make_unique<UnnamedFile>(folder_.index, row.file);
    folder_.index.write(row.file, bytes);
  } else {
    out.bytes = std::move(bytes);
  }
  out.row = std::move(row);
  return out;
}

void SegmentWriter::insert(Database& db, const NewSegment& segment) const {
  const SegmentRow& row = segment.row;
  const std::string gone = to_bytes(row.gone);
  const auto& version = kind_.version_column;
  db.run("INSERT INTO " + kind_.table + "(id, collection, first, last, " + kind_.count_column + ", bytes, file, gone" +
             (version.empty() ? "" : ", " + version) + ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8" +
             (version.empty() ? "" : ", " + std::to_string(row.version)) + ")",
         row.id, collection_, row.first, row.last, row.chunks, row.bytes, std::string_view(row.file), Blob{gone});
  if (row.file.empty()) db.run("INSERT INTO " + kind_.table + "_blob VALUES (?1, ?2)", row.id, Blob{segment.bytes});
}

void SegmentWriter::forget(Database& db, const Bitmap& ids) const {
  if (ids.isEmpty()) return;
  for (auto& row : segment_rows(db, kind_, collection_)) {
    Bitmap inside;
    add_range(inside, row.first, uint64_t{row.last} - row.first + 1);
    inside &= ids;
    if (inside.isSubset(row.gone)) continue;
    const std::string gone = to_bytes(row.gone | inside);
    db.run("UPDATE " + kind_.table + " SET gone = ?2 WHERE id = ?1", row.id, Blob{gone});
  }
}

// The new segment and the end of the old ones in one transaction. left_out: chunks that `bytes` no longer has; those
// removed since it was made are gone in the new one. False: the old ones went meanwhile, with their collection.
bool SegmentWriter::replace(std::span<const SegmentRow> old, std::string bytes, const Bitmap& left_out) const {
  SegmentRow row{.first = old.front().first, .last = old.back().last};
  for (const auto& o : old) row.chunks += o.chunks;
  row.chunks -= static_cast<int64_t>(left_out.cardinality());
  NewSegment made;
  if (row.chunks > 0 && !bytes.empty()) made = wrap(std::move(row), std::move(bytes));
  Change change(folder_);
  Database& db = change.db();
  for (const auto& o : old) {
    Rows now = db.query("SELECT gone FROM " + kind_.table + " WHERE id = ?1", o.id);
    if (!now.next()) return false;
    made.row.gone |= bitmap_from(now.bytes(0), kind_.name + " " + std::to_string(o.id));
  }
  made.row.gone -= left_out;
  for (const auto& o : old) db.run("DELETE FROM " + kind_.table + " WHERE id = ?1", o.id);
  const bool any_left = made.row.chunks > static_cast<int64_t>(made.row.gone.cardinality());
  if (any_left) insert(db, made);
  db.run("UPDATE collection SET generation = generation + 1 WHERE id = ?1", collection_);
  change.commit();
  if (any_left && made.file) made.file->keep();
  for (const auto& o : old)
    if (!o.file.empty()) folder_.index.retire(o.file);
  return true;
}

bool SegmentWriter::merge_some(bool all) const {
  std::vector<SegmentRow> old;
  std::string bytes;
  Bitmap gone;
  {
    Reading reading(folder_.connections);
    const auto rows = segment_rows(reading.db(), kind_, collection_);
    const auto [begin, end] = next_merge(rows, all);
    if (begin == end) return false;
    old.assign(rows.begin() + static_cast<ptrdiff_t>(begin), rows.begin() + static_cast<ptrdiff_t>(end));
    for (const auto& row : old) gone |= row.gone;
    bytes = merged(reading.db(), old, gone);
  }
  return replace(old, std::move(bytes), gone);
}

bool SegmentWriter::is_sound(Database& db, const SegmentRow& row) const {
  if (row.version != kind_.version) {
    base::log().info("{}: made by version {}, now {}: made again", name_of(kind_, folder_.index, row), row.version,
                     kind_.version);
    return false;
  }
  try {
    check(db, row);
    return true;
  } catch (const Error& e) {
    if (!is_damage(e)) throw;
    base::log().warn("{}; made again from {}", e.what(), kind_.truth);
    return false;
  }
}

void SegmentWriter::repair() const {
  Reading reading(folder_.connections);
  for (const auto& row : segment_rows(reading.db(), kind_, collection_))
    if (!is_sound(reading.db(), row)) replace({&row, 1}, rebuilt(reading.db(), row), row.gone);
}

}  // namespace hanok::store
