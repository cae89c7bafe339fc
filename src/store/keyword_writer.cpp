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

void KeywordWriter::append(ChunkId first, std::span<const std::string_view> texts) {
  if (texts.empty()) return;
  SegmentMaker maker;
  for (size_t i = 0; i < texts.size(); ++i) maker.add(static_cast<ChunkId>(first + i), std::string(texts[i]));
  insert({.first = first,
          .last = static_cast<ChunkId>(first + texts.size() - 1),
          .chunks = static_cast<int64_t>(texts.size())},
         maker.finish());
}

void KeywordWriter::insert(SegmentRow row, std::string_view bytes) {
  // Never used twice: readers know the segments they have open by this number.
  row.id = take_ids(db_, "file", 1);
  if (bytes.size() >= kFileBytes) {
    row.file = IndexFolder::file_name(collection_, static_cast<uint32_t>(row.id), "bm25");
    folder_.write(row.file, bytes);
  }
  const std::string gone = to_bytes(row.gone);
  db_.run("INSERT INTO segment VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)", row.id, collection_, row.first, row.last,
          row.chunks, bytes.size(), text::analyzer_version(), std::string_view(row.file), Blob{gone});
  if (row.file.empty()) db_.run("INSERT INTO segment_blob VALUES (?1, ?2)", row.id, Blob{bytes});
}

void KeywordWriter::forget(std::span<const ChunkRange> ranges) {
  if (ranges.empty()) return;
  for (auto& row : segment_rows(db_, collection_)) {
    const uint64_t before = row.gone.cardinality();
    for (const auto& range : ranges)
      if (range.first >= row.first && range.first <= row.last) add_range(row.gone, range.first, range.count);
    if (row.gone.cardinality() == before) continue;
    const std::string gone = to_bytes(row.gone);
    db_.run("UPDATE segment SET gone = ?2 WHERE id = ?1", row.id, Blob{gone});
  }
}

// The new segment and the end of the old ones in one transaction; files go when nothing refers to them any more.
void KeywordWriter::replace(std::span<const SegmentRow> old, std::string_view bytes) {
  Transaction transaction(db_, Transaction::Kind::Write);
  int64_t chunks = 0;
  for (const auto& row : old) {
    chunks += row.chunks - static_cast<int64_t>(row.gone.cardinality());
    db_.run("DELETE FROM segment WHERE id = ?1", row.id);
  }
  if (chunks > 0) insert({.first = old.front().first, .last = old.back().last, .chunks = chunks}, bytes);
  bump(db_, collection_);
  transaction.commit();
  for (const auto& row : old)
    if (!row.file.empty()) folder_.retire(row.file);
}

void KeywordWriter::rebuild(const SegmentRow& row) { replace({&row, 1}, rebuild_segment(db_, collection_, row)); }

void KeywordWriter::merge(bool all) {
  for (;;) {
    const auto rows = segment_rows(db_, collection_);
    const auto [begin, end] = next_merge(rows, all);
    if (begin == end) return;
    const std::span<const SegmentRow> old(rows.data() + begin, end - begin);
    std::vector<OpenSegment> open;
    std::vector<bm25::Segment> segments;
    Bitmap gone;
    for (const auto& row : old) {
      open.push_back(open_segment(db_, folder_, collection_, row, Check::All));
      segments.push_back(open.back().view);
      gone |= row.gone;
    }
    replace(old, bm25::merge(segments, gone));
  }
}

void KeywordWriter::repair() {
  for (const auto& row : segment_rows(db_, collection_)) {
    if (row.analyzer != text::analyzer_version()) {
      base::log().info("keyword segment {}: made by analyzer version {}, now {}: made again", row.id, row.analyzer,
                       text::analyzer_version());
      rebuild(row);
      continue;
    }
    try {
      open_stored(db_, folder_, row, Check::All);
    } catch (const Error& e) {
      if (!is_damage(e)) throw;
      base::log().warn("{}; made again from the texts", e.what());
      rebuild(row);
    }
  }
}

}  // namespace hanok::store
