#include "store/keyword.h"

#include <map>

#include "base/log.h"
#include "store/segment_maker.h"

namespace hanok::store {
namespace {

bool must_check_all(const SegmentRow& row, Check check) {
  return row.file.empty() || checks_all(check, static_cast<int64_t>(row.bytes));
}

}  // namespace

std::vector<SegmentRow> segment_rows(Database& db, int64_t collection) {
  std::vector<SegmentRow> out;
  Rows rows = db.query(
      "SELECT id, first, last, chunks, bytes, analyzer, file, gone FROM segment WHERE collection = ?1 ORDER BY first",
      collection);
  while (rows.next()) {
    SegmentRow& r = out.emplace_back();
    r.id = rows.integer(0);
    r.first = static_cast<ChunkId>(rows.integer(1));
    r.last = static_cast<ChunkId>(rows.integer(2));
    r.chunks = rows.integer(3);
    r.bytes = rows.integer(4);
    r.analyzer = static_cast<int>(rows.integer(5));
    r.file = rows.text(6);
    r.gone = bitmap_from(rows.bytes(7), "keyword segment " + std::to_string(r.id));
  }
  return out;
}

std::string rebuild_segment(Database& db, int64_t collection, const SegmentRow& row) {
  SegmentMaker maker;
  for_each_chunk(db, collection, row.first, row.last, [&](ChunkId id, std::string_view text) {
    if (!row.gone.contains(id)) maker.add(id, std::string(text));
  });
  return maker.finish();
}

OpenSegment open_stored(Database& db, const IndexFolder& folder, const SegmentRow& row, Check check) {
  OpenSegment out;
  const std::string what =
      row.file.empty() ? "keyword segment " + std::to_string(row.id) : folder.path(row.file).string();
  if (row.file.empty()) {
    Rows blob = db.query("SELECT bytes FROM segment_blob WHERE segment = ?1", row.id);
    if (!blob.next()) throw Error(Code::NotFound, what + ": its bytes are missing");
    out.bytes = std::make_shared<Bytes>(Bytes{blob.text(0), {}});
  } else {
    out.bytes = folder.map(row.file);
  }
  const size_t found = out.bytes->view().size();
  if (found != static_cast<size_t>(row.bytes))
    throw Error(Code::Corrupt,
                what + ": has " + std::to_string(found) + " bytes, expected " + std::to_string(row.bytes));
  out.view = bm25::Segment::open(out.bytes->view(), must_check_all(row, check));
  return out;
}

OpenSegment open_segment(Database& db, const IndexFolder& folder, int64_t collection, const SegmentRow& row,
                         Check check) {
  try {
    return open_stored(db, folder, row, check);
  } catch (const Error& e) {
    if (!is_damage(e)) throw;
    base::log().warn("{}; made again from the texts", e.what());
  }
  OpenSegment out{.bytes = std::make_shared<Bytes>(Bytes{rebuild_segment(db, collection, row), {}}), .damaged = true};
  out.view = bm25::Segment::open(out.bytes->view());
  return out;
}

std::shared_ptr<const KeywordIndex> KeywordIndex::load(Database& db, const IndexFolder& folder, int64_t collection,
                                                       const Bm25Options& options, const KeywordIndex* previous) {
  std::map<int64_t, const OpenSegment*> known;
  for (size_t i = 0; previous && i < previous->rows_.size(); ++i) known[previous->rows_[i].id] = &previous->open_[i];
  auto out = std::make_shared<KeywordIndex>();
  out->rows_ = segment_rows(db, collection);
  out->reader_.options = options;
  for (const auto& row : out->rows_) {
    const auto same = known.find(row.id);
    out->open_.push_back(same != known.end() ? *same->second : open_segment(db, folder, collection, row, Check::Quick));
    out->reader_.segments.push_back(out->open_.back().view);
    out->reader_.gone |= row.gone;
  }
  return out;
}

}  // namespace hanok::store
