#include <utility>

#include "base/log.h"
#include "hanok/text.h"
#include "store/keyword.h"
#include "store/segment_maker.h"
#include "store/tiers.h"

namespace hanok::store {
namespace {

constexpr size_t kFileBytes = 256 << 10;  // from here on a segment is a mapped file: it is opened without being read
constexpr double kGoneShare = 0.3;        // more removed chunks than this, and a segment is rewritten without them

void bump(Database& db, int64_t collection) {
  db.run("UPDATE collection SET generation = generation + 1 WHERE id = ?1", collection);
}

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

NewSegment KeywordWriter::make(ChunkId first, std::span<const std::string_view> texts) const {
  SegmentMaker maker;
  for (size_t i = 0; i < texts.size(); ++i) maker.add(static_cast<ChunkId>(first + i), std::string(texts[i]));
  return wrap({.first = first,
               .last = static_cast<ChunkId>(first + texts.size() - 1),
               .chunks = static_cast<int64_t>(texts.size())},
              maker.finish());
}

NewSegment KeywordWriter::make(std::span<const AnalysedChunk> chunks) const {
  bm25::SegmentBuilder builder;
  for (const auto& chunk : chunks) builder.add(chunk.id, chunk.terms);
  return wrap({.first = chunks.front().id, .last = chunks.back().id, .chunks = static_cast<int64_t>(chunks.size())},
              builder.finish());
}

NewSegment KeywordWriter::wrap(SegmentRow row, std::string bytes) const {
  NewSegment out;
  const uint32_t id = folder_.ids->file();  // never used twice: readers know the segments they have open by it
  row.id = id;
  row.bytes = static_cast<int64_t>(bytes.size());
  row.analyzer = text::analyzer_version();
  if (bytes.size() >= kFileBytes) {
    row.file = IndexFolder::file_name(collection_, id, "bm25");
    out.file = std::make_unique<UnnamedFile>(folder_.index, row.file);
    folder_.index.write(row.file, bytes);
  } else {
    out.bytes = std::move(bytes);
  }
  out.row = std::move(row);
  return out;
}

void KeywordWriter::insert(Database& db, const NewSegment& segment) const {
  const SegmentRow& row = segment.row;
  const std::string gone = to_bytes(row.gone);
  db.run("INSERT INTO segment VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)", row.id, collection_, row.first, row.last,
         row.chunks, row.bytes, row.analyzer, std::string_view(row.file), Blob{gone});
  if (row.file.empty()) db.run("INSERT INTO segment_blob VALUES (?1, ?2)", row.id, Blob{segment.bytes});
}

void KeywordWriter::forget(Database& db, std::span<const ChunkRange> ranges) const {
  Bitmap ids;
  for (const auto& range : ranges) add_range(ids, range.first, range.count);
  forget(db, ids);
}

void KeywordWriter::forget(Database& db, const Bitmap& ids) const {
  if (ids.isEmpty()) return;
  for (auto& row : segment_rows(db, collection_)) {
    Bitmap inside;
    add_range(inside, row.first, uint64_t{row.last} - row.first + 1);
    inside &= ids;
    if (inside.isSubset(row.gone)) continue;
    const std::string gone = to_bytes(row.gone | inside);
    db.run("UPDATE segment SET gone = ?2 WHERE id = ?1", row.id, Blob{gone});
  }
}

// The new segment and the end of the old ones in one transaction. left_out: chunks that `bytes` no longer has; those
// removed since it was made are gone in the new one. False: the old ones went meanwhile, with their collection.
bool KeywordWriter::replace(std::span<const SegmentRow> old, std::string bytes, const Bitmap& left_out) const {
  NewSegment made = wrap({.first = old.front().first, .last = old.back().last}, std::move(bytes));
  Change change(folder_);
  Database& db = change.db();
  for (const auto& row : old) {
    Rows now = db.query("SELECT gone FROM segment WHERE id = ?1", row.id);
    if (!now.next()) return false;
    made.row.gone |= bitmap_from(now.bytes(0), "keyword segment " + std::to_string(row.id));
    made.row.chunks += row.chunks;
  }
  made.row.chunks -= static_cast<int64_t>(left_out.cardinality());
  made.row.gone -= left_out;
  for (const auto& row : old) db.run("DELETE FROM segment WHERE id = ?1", row.id);
  const bool any_left = made.row.chunks > static_cast<int64_t>(made.row.gone.cardinality());
  if (any_left) insert(db, made);
  bump(db, collection_);
  change.commit();
  if (any_left && made.file) made.file->keep();
  for (const auto& row : old)
    if (!row.file.empty()) folder_.index.retire(row.file);
  return true;
}

void KeywordWriter::rebuild(Database& db, const SegmentRow& row) const {
  replace({&row, 1}, rebuild_segment(db, collection_, row), row.gone);
}

bool KeywordWriter::merge_some(bool all) const {
  std::vector<SegmentRow> old;
  std::string bytes;
  Bitmap gone;
  {
    Reading reading(folder_.connections);
    const auto rows = segment_rows(reading.db(), collection_);
    const auto [begin, end] = next_merge(rows, all);
    if (begin == end) return false;
    old.assign(rows.begin() + static_cast<ptrdiff_t>(begin), rows.begin() + static_cast<ptrdiff_t>(end));
    std::vector<OpenSegment> open;
    std::vector<bm25::Segment> segments;
    for (const auto& row : old) {
      open.push_back(open_segment(reading.db(), folder_.index, collection_, row, Check::All));
      segments.push_back(open.back().view);
      gone |= row.gone;
    }
    bytes = bm25::merge(segments, gone);
  }
  return replace(old, std::move(bytes), gone);
}

void KeywordWriter::repair() const {
  Reading reading(folder_.connections);
  for (const auto& row : segment_rows(reading.db(), collection_)) {
    if (row.analyzer != text::analyzer_version()) {
      base::log().info("keyword segment {}: made by analyzer version {}, now {}: made again", row.id, row.analyzer,
                       text::analyzer_version());
      rebuild(reading.db(), row);
      continue;
    }
    try {
      open_stored(reading.db(), folder_.index, row, Check::All);
      continue;
    } catch (const Error& e) {
      if (!is_damage(e)) throw;
      base::log().warn("{}; made again from the texts", e.what());
    }
    rebuild(reading.db(), row);
  }
}

}  // namespace hanok::store
