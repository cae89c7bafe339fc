#include "store/keyword.h"

#include <map>

#include "base/log.h"
#include "store/segment_maker.h"

namespace hanok::store {
namespace {

// What is stored, made again from the texts where that is lost or damaged.
OpenSegment open_or_rebuild(Database& db, const IndexFolder& folder, int64_t collection, const SegmentRow& row,
                            Check check) {
  try {
    return open_keyword_segment(db, folder, row, check);
  } catch (const Error& e) {
    if (!is_damage(e)) throw;
    base::log().warn("{}; made again from {}", e.what(), keyword_segments().truth);
  }
  OpenSegment out{.bytes = std::make_shared<Bytes>(Bytes{rebuild_segment(db, collection, row), {}}), .view = {}};
  out.view = bm25::Segment::open(out.bytes->view());
  return out;
}

}  // namespace

const SegmentKind& keyword_segments() {
  static const SegmentKind kind{.table = "segment",
                                .count_column = "chunks",
                                .version_column = "analyzer",
                                .version = text::analyzer_version(),
                                .name = "keyword segment",
                                .extension = "bm25",
                                .truth = "the texts"};
  return kind;
}

std::string rebuild_segment(Database& db, int64_t collection, const SegmentRow& row) {
  SegmentMaker maker;
  for_each_chunk(db, collection, row.first, row.last, [&](ChunkId id, std::string_view text) {
    if (!row.gone.contains(id)) maker.add(id, std::string(text));
  });
  return maker.finish();
}

OpenSegment open_keyword_segment(Database& db, const IndexFolder& folder, const SegmentRow& row, Check check) {
  OpenSegment out;
  out.bytes = stored_bytes(db, keyword_segments(), folder, row);
  out.view = bm25::Segment::open(out.bytes->view(), checks_all(row, check));
  return out;
}

// ---- reading ----

std::shared_ptr<const KeywordIndex> KeywordIndex::load(Database& db, const IndexFolder& folder, int64_t collection,
                                                       const Bm25Options& options, const KeywordIndex* previous) {
  std::map<int64_t, const OpenSegment*> known;
  for (size_t i = 0; previous && i < previous->rows_.size(); ++i) known[previous->rows_[i].id] = &previous->open_[i];
  auto out = std::make_shared<KeywordIndex>();
  out->rows_ = segment_rows(db, keyword_segments(), collection);
  out->reader_.options = options;
  for (const auto& row : out->rows_) {
    const auto same = known.find(row.id);
    out->open_.push_back(same != known.end() ? *same->second
                                             : open_or_rebuild(db, folder, collection, row, Check::Quick));
    out->reader_.segments.push_back(out->open_.back().view);
    out->reader_.gone |= row.gone;
  }
  return out;
}

// ---- writing ----

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

void KeywordWriter::forget(Database& db, std::span<const ChunkRange> ranges) const {
  Bitmap ids;
  for (const auto& range : ranges) add_range(ids, range.first, range.count);
  forget(db, ids);
}

std::string KeywordWriter::merged(Database& db, std::span<const SegmentRow> rows, const Bitmap& gone) const {
  std::vector<OpenSegment> open;
  std::vector<bm25::Segment> segments;
  for (const auto& row : rows) {
    open.push_back(open_or_rebuild(db, folder_.index, collection_, row, Check::All));
    segments.push_back(open.back().view);
  }
  return bm25::merge(segments, gone);
}

std::string KeywordWriter::rebuilt(Database& db, const SegmentRow& row) const {
  return rebuild_segment(db, collection_, row);
}

void KeywordWriter::check(Database& db, const SegmentRow& row) const {
  open_keyword_segment(db, folder_.index, row, Check::All);
}

}  // namespace hanok::store
