#include "store/field_index.h"

#include <algorithm>
#include <map>

#include "base/log.h"
#include "store/record_rows.h"
#include "store/sparse.h"
#include "store/tiers.h"

namespace hanok::store {
namespace {

constexpr size_t kFileBytes = 256 << 10;  // from here on a segment is a mapped file: it is opened without being read
constexpr double kGoneShare = 0.3;        // more removed records than this, and a segment is rewritten without them

std::string name_of(const IndexFolder& folder, const FieldSegmentRow& row) {
  return row.file.empty() ? "field segment " + std::to_string(row.id) : folder.path(row.file).string();
}

OpenFieldSegment open_bytes(std::string bytes, const std::string& what) {
  OpenFieldSegment out{std::make_shared<Bytes>(Bytes{std::move(bytes), {}}), nullptr};
  out.view = FieldSegment::open(out.bytes->view(), false, what);
  return out;
}

// The same, made again from the records where that fails.
OpenFieldSegment open_or_rebuild(Database& db, const IndexFolder& folder, int64_t collection,
                                 const FieldSegmentRow& row, Check check) {
  try {
    return open_stored(db, folder, row, check);
  } catch (const Error& e) {
    if (!is_damage(e)) throw;
    base::log().warn("{}; made again from the records", e.what());
  }
  std::string bytes = rebuild_field_segment(db, collection, row);
  if (bytes.empty()) return {};
  return open_bytes(std::move(bytes), name_of(folder, row));
}

// [begin, end) of the rows to join next; one row alone is rewritten without its removed records.
std::pair<size_t, size_t> next_merge(std::span<const FieldSegmentRow> rows, bool all) {
  const TierOptions options;
  std::vector<uint64_t> sizes;
  for (const auto& row : rows) sizes.push_back(static_cast<uint64_t>(row.bytes));
  const auto due = all ? first_run(sizes, options) : pieces_to_merge(sizes, options);
  if (due.first != due.second) return due;
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto gone = static_cast<double>(rows[i].gone.cardinality());
    if (gone > (all ? 0 : kGoneShare * static_cast<double>(rows[i].records))) return {i, i + 1};
  }
  return {0, 0};
}

}  // namespace

std::vector<FieldSegmentRow> field_segment_rows(Database& db, int64_t collection) {
  std::vector<FieldSegmentRow> out;
  Rows rows = db.query(
      "SELECT id, first, last, records, bytes, file, gone FROM field_segment WHERE collection = ?1 ORDER BY first",
      collection);
  while (rows.next())
    out.push_back({rows.integer(0), static_cast<ChunkId>(rows.integer(1)), static_cast<ChunkId>(rows.integer(2)),
                   rows.integer(3), rows.integer(4), rows.text(5),
                   bitmap_from(rows.bytes(6), "field segment " + std::to_string(rows.integer(0)))});
  return out;
}

std::string rebuild_field_segment(Database& db, int64_t collection, const FieldSegmentRow& row) {
  const auto records = read_records(db, collection, row.first, row.last);
  std::vector<FieldRecord> fields;
  for (const auto& r : records)
    if (!row.gone.contains(r.chunk))
      fields.push_back(
          {r.chunk, r.first, r.record.ns, &r.record.metadata, r.record.sparse.empty() ? nullptr : &r.record.sparse});
  return fields.empty() ? std::string() : make_field_segment(fields);
}

OpenFieldSegment open_stored(Database& db, const IndexFolder& folder, const FieldSegmentRow& row, Check check) {
  OpenFieldSegment out;
  const std::string what = name_of(folder, row);
  if (row.file.empty()) {
    Rows blob = db.query("SELECT bytes FROM field_segment_blob WHERE segment = ?1", row.id);
    if (!blob.next()) throw Error(Code::NotFound, what + ": its bytes are missing");
    out.bytes = std::make_shared<Bytes>(Bytes{blob.text(0), {}});
  } else {
    out.bytes = folder.map(row.file);
  }
  const bool check_all = row.file.empty() || checks_all(check, row.bytes);
  out.view = FieldSegment::open(out.bytes->view(), check_all, what);
  const auto ids = out.view->ids();
  if (static_cast<int64_t>(ids.size()) != row.records || ids.front() < row.first || ids.back() > row.last)
    throw Error(Code::Corrupt, what + ": has " + std::to_string(ids.size()) + " records from " +
                                   std::to_string(ids.front()) + " to " + std::to_string(ids.back()) + ", expected " +
                                   std::to_string(row.records) + " from " + std::to_string(row.first) + " to " +
                                   std::to_string(row.last));
  return out;
}

// ---- reading ----

std::shared_ptr<const FieldIndex> FieldIndex::load(Database& db, const IndexFolder& folder, int64_t collection,
                                                   const FieldIndex* previous) {
  std::map<int64_t, const OpenFieldSegment*> known;
  for (size_t i = 0; previous && i < previous->rows_.size(); ++i) known[previous->rows_[i].id] = &previous->open_[i];
  auto out = std::make_shared<FieldIndex>();
  for (auto& row : field_segment_rows(db, collection)) {
    const auto same = known.find(row.id);
    auto open = same != known.end() ? *same->second : open_or_rebuild(db, folder, collection, row, Check::Quick);
    if (!open.view) continue;  // damaged, and all its records are gone
    out->all_ |= open.view->all();
    out->gone_ |= row.gone;
    out->open_.push_back(std::move(open));
    out->rows_.push_back(std::move(row));
  }
  out->all_ -= out->gone_;
  return out;
}

Bitmap FieldIndex::where(const std::string& field, Condition::Op op, const Json& value, bool into_lists) const {
  Bitmap out;
  for (const auto& segment : open_) out |= *segment.view->where(field, op, value, into_lists);
  out -= gone_;
  return out;
}

ChunkId FieldIndex::first_of(ChunkId id) const {
  const auto at = std::lower_bound(rows_.begin(), rows_.end(), id,
                                   [](const FieldSegmentRow& row, ChunkId i) { return row.last < i; });
  return at == rows_.end() ? id : open_[static_cast<size_t>(at - rows_.begin())].view->first_of(id);
}

bool FieldIndex::any_moved() const {
  return std::any_of(open_.begin(), open_.end(), [](const OpenFieldSegment& s) { return s.view->any_moved(); });
}

std::vector<std::pair<ChunkId, double>> FieldIndex::products(const SparseVector& query, std::string_view key,
                                                             const Bitmap* allowed) const {
  std::vector<std::pair<ChunkId, double>> out;
  for (const auto& segment : open_) {
    const auto ids = segment.view->ids();
    // Segments have up to some hundred thousand records: sums by place need no table.
    std::vector<double> sums(ids.size());
    std::vector<bool> met(ids.size());
    bool any = false;
    for (size_t i = 0; i < query.indices.size(); ++i)
      segment.view->each_weight(key, query.indices[i], [&](ChunkId id, float weight) {
        const auto at = std::lower_bound(ids.begin(), ids.end(), id);
        if (at == ids.end() || *at != id) return;
        const auto place = static_cast<size_t>(at - ids.begin());
        sums[place] += static_cast<double>(query.values[i]) * weight;
        met[place] = true;
        any = true;
      });
    for (size_t i = 0; any && i < ids.size(); ++i)
      if (met[i] && !gone_.contains(ids[i]) && (!allowed || allowed->contains(ids[i])))
        out.emplace_back(ids[i], sums[i]);
  }
  return out;
}

// ---- writing ----

NewFieldSegment FieldWriter::make(std::span<const FieldRecord> records) const {
  return wrap({.first = records.front().id, .last = records.back().id, .records = static_cast<int64_t>(records.size())},
              make_field_segment(records));
}

NewFieldSegment FieldWriter::wrap(FieldSegmentRow row, std::string bytes) const {
  NewFieldSegment out;
  const uint32_t id = folder_.ids->file();  // never used twice: readers know the segments they have open by it
  row.id = id;
  row.bytes = static_cast<int64_t>(bytes.size());
  if (bytes.size() >= kFileBytes) {
    row.file = IndexFolder::file_name(collection_, id, "fld");
    out.file = std::make_unique<UnnamedFile>(folder_.index, row.file);
    folder_.index.write(row.file, bytes);
  } else {
    out.bytes = std::move(bytes);
  }
  out.row = std::move(row);
  return out;
}

void FieldWriter::insert(Database& db, const NewFieldSegment& segment) const {
  const FieldSegmentRow& row = segment.row;
  const std::string gone = to_bytes(row.gone);
  db.run("INSERT INTO field_segment VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)", row.id, collection_, row.first, row.last,
         row.records, row.bytes, std::string_view(row.file), Blob{gone});
  if (row.file.empty()) db.run("INSERT INTO field_segment_blob VALUES (?1, ?2)", row.id, Blob{segment.bytes});
}

void FieldWriter::forget(Database& db, const Bitmap& ids) const {
  if (ids.isEmpty()) return;
  for (auto& row : field_segment_rows(db, collection_)) {
    Bitmap inside;
    add_range(inside, row.first, uint64_t{row.last} - row.first + 1);
    inside &= ids;
    if (inside.isSubset(row.gone)) continue;
    const std::string gone = to_bytes(row.gone | inside);
    db.run("UPDATE field_segment SET gone = ?2 WHERE id = ?1", row.id, Blob{gone});
  }
}

// The new segment and the end of the old ones in one transaction. left_out: records that `bytes` no longer has; those
// removed since it was made are gone in the new one. False: the old ones went meanwhile, with their collection.
bool FieldWriter::replace(std::span<const FieldSegmentRow> old, std::string bytes, const Bitmap& left_out) const {
  const bool any_left = !bytes.empty();
  NewFieldSegment made;
  FieldSegmentRow row{.first = old.front().first, .last = old.back().last};
  for (const auto& o : old) row.records += o.records;
  row.records -= static_cast<int64_t>(left_out.cardinality());
  if (any_left) made = wrap(std::move(row), std::move(bytes));
  Change change(folder_);
  Database& db = change.db();
  for (const auto& o : old) {
    Rows now = db.query("SELECT gone FROM field_segment WHERE id = ?1", o.id);
    if (!now.next()) return false;
    made.row.gone |= bitmap_from(now.bytes(0), "field segment " + std::to_string(o.id));
  }
  made.row.gone -= left_out;
  for (const auto& o : old) db.run("DELETE FROM field_segment WHERE id = ?1", o.id);
  if (any_left) insert(db, made);
  db.run("UPDATE collection SET generation = generation + 1 WHERE id = ?1", collection_);
  change.commit();
  if (made.file) made.file->keep();
  for (const auto& o : old)
    if (!o.file.empty()) folder_.index.retire(o.file);
  return true;
}

bool FieldWriter::merge_some(bool all) const {
  std::vector<FieldSegmentRow> old;
  std::string bytes;
  Bitmap gone;
  {
    Reading reading(folder_.connections);
    const auto rows = field_segment_rows(reading.db(), collection_);
    const auto [begin, end] = next_merge(rows, all);
    if (begin == end) return false;
    old.assign(rows.begin() + static_cast<ptrdiff_t>(begin), rows.begin() + static_cast<ptrdiff_t>(end));
    std::vector<OpenFieldSegment> open;
    std::vector<std::shared_ptr<const FieldSegment>> segments;
    for (const auto& row : old) {
      gone |= row.gone;
      open.push_back(open_or_rebuild(reading.db(), folder_.index, collection_, row, Check::All));
      if (open.back().view) segments.push_back(open.back().view);
    }
    bytes = merge_field_segments(segments, gone);
  }
  return replace(old, std::move(bytes), gone);
}

void FieldWriter::repair() const {
  Reading reading(folder_.connections);
  for (const auto& row : field_segment_rows(reading.db(), collection_)) {
    try {
      open_stored(reading.db(), folder_.index, row, Check::Quick);
      continue;
    } catch (const Error& e) {
      if (!is_damage(e)) throw;
      base::log().warn("{}; made again from the records", e.what());
    }
    replace({&row, 1}, rebuild_field_segment(reading.db(), collection_, row), row.gone);
  }
}

}  // namespace hanok::store
