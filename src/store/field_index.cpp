#include "store/field_index.h"

#include <algorithm>
#include <map>

#include "base/log.h"
#include "store/record_rows.h"

namespace hanok::store {
namespace {

// What is stored, made again from the records where that is lost or damaged; no view where none is left.
OpenFieldSegment open_or_rebuild(Database& db, const IndexFolder& folder, int64_t collection, const SegmentRow& row,
                                 Check check) {
  try {
    return open_field_segment(db, folder, row, check);
  } catch (const Error& e) {
    if (!is_damage(e)) throw;
    base::log().warn("{}; made again from {}", e.what(), field_segments().truth);
  }
  std::string bytes = rebuild_field_segment(db, collection, row);
  if (bytes.empty()) return {};
  OpenFieldSegment out{std::make_shared<Bytes>(Bytes{std::move(bytes), {}}), nullptr};
  out.view = FieldSegment::open(out.bytes->view(), false, name_of(field_segments(), folder, row));
  return out;
}

}  // namespace

const SegmentKind& field_segments() {
  static const SegmentKind kind{.table = "field_segment",
                                .count_column = "records",
                                .version_column = "",
                                .name = "field segment",
                                .extension = "fld",
                                .truth = "the records"};
  return kind;
}

std::string rebuild_field_segment(Database& db, int64_t collection, const SegmentRow& row) {
  const auto records = read_records(db, collection, row.first, row.last);
  std::vector<FieldRecord> fields;
  for (const auto& r : records)
    if (!row.gone.contains(r.chunk))
      fields.push_back(
          {r.chunk, r.first, r.record.ns, &r.record.metadata, r.record.sparse.empty() ? nullptr : &r.record.sparse});
  return fields.empty() ? std::string() : make_field_segment(fields);
}

OpenFieldSegment open_field_segment(Database& db, const IndexFolder& folder, const SegmentRow& row, Check check) {
  OpenFieldSegment out;
  const std::string what = name_of(field_segments(), folder, row);
  out.bytes = stored_bytes(db, field_segments(), folder, row);
  out.view = FieldSegment::open(out.bytes->view(), checks_all(row, check), what);
  const auto ids = out.view->ids();
  if (static_cast<int64_t>(ids.size()) != row.chunks || ids.front() < row.first || ids.back() > row.last)
    throw Error(Code::Corrupt, what + ": has " + std::to_string(ids.size()) + " records from " +
                                   std::to_string(ids.front()) + " to " + std::to_string(ids.back()) + ", expected " +
                                   std::to_string(row.chunks) + " from " + std::to_string(row.first) + " to " +
                                   std::to_string(row.last));
  return out;
}

// ---- reading ----

std::shared_ptr<const FieldIndex> FieldIndex::load(Database& db, const IndexFolder& folder, int64_t collection,
                                                   const FieldIndex* previous) {
  std::map<int64_t, const OpenFieldSegment*> known;
  for (size_t i = 0; previous && i < previous->rows_.size(); ++i) known[previous->rows_[i].id] = &previous->open_[i];
  auto out = std::make_shared<FieldIndex>();
  for (auto& row : segment_rows(db, field_segments(), collection)) {
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
  const auto at =
      std::lower_bound(rows_.begin(), rows_.end(), id, [](const SegmentRow& row, ChunkId i) { return row.last < i; });
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

NewSegment FieldWriter::make(std::span<const FieldRecord> records) const {
  return wrap({.first = records.front().id, .last = records.back().id, .chunks = static_cast<int64_t>(records.size())},
              make_field_segment(records));
}

std::string FieldWriter::merged(Database& db, std::span<const SegmentRow> rows, const Bitmap& gone) const {
  std::vector<OpenFieldSegment> open;
  std::vector<std::shared_ptr<const FieldSegment>> segments;
  for (const auto& row : rows) {
    open.push_back(open_or_rebuild(db, folder_.index, collection_, row, Check::All));
    if (open.back().view) segments.push_back(open.back().view);
  }
  return merge_field_segments(segments, gone);
}

std::string FieldWriter::rebuilt(Database& db, const SegmentRow& row) const {
  return rebuild_field_segment(db, collection_, row);
}

// Asked whenever a collection is opened for writing: what readers look at is enough.
void FieldWriter::check(Database& db, const SegmentRow& row) const {
  open_field_segment(db, folder_.index, row, Check::Quick);
}

}  // namespace hanok::store
