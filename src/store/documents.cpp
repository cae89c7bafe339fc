#include "store/documents.h"

#include <algorithm>

#include "base/clock.h"
#include "base/json.h"
#include "store/fields.h"
#include "store/ids.h"
#include "store/record_rows.h"

namespace hanok::store {
namespace {

// A chunk's text is read from one or two blocks, however long its document is; and no text is stored twice, though
// chunks overlap.
constexpr size_t kBlockBytes = 16 << 10;
constexpr int kBlockBits = 20;  // 2^20 blocks of 16 KiB: texts up to 16 GiB

int64_t block_id(DocumentId document, size_t block) {
  return (static_cast<int64_t>(document) << kBlockBits) | static_cast<int64_t>(block);
}

std::string pages_json(const std::vector<text::Page>& pages) {
  Json out = Json::array();
  for (const auto& p : pages) out.push_back({p.number, p.span.start, p.span.end});
  return out.dump();
}

std::string_view file_name(std::string_view path) { return path.substr(path.find_last_of('/') + 1); }

constexpr const char* kInfoColumns =
    "id, path, format, title, content_hash, size_bytes, modified_ms, ingested_ms, chunks, metadata";

DocumentInfo info_of(const Rows& row) {
  DocumentInfo out;
  out.id = static_cast<DocumentId>(row.integer(0));
  out.path = row.text(1);
  out.format = row.text(2);
  out.title = row.text(3);
  out.content_hash = row.text(4);
  out.size_bytes = row.integer(5);
  out.modified_ms = row.integer(6);
  out.ingested_ms = row.integer(7);
  out.chunks = static_cast<size_t>(row.integer(8));
  out.metadata = base::parse_json(row.bytes(9), out.path + ": stored metadata");
  return out;
}

void insert_text(Database& db, DocumentId id, std::string_view text) {
  for (size_t block = 0; block * kBlockBytes < text.size(); ++block)
    db.run("INSERT INTO text_block VALUES (?1, ?2)", block_id(id, block),
           Blob{text.substr(block * kBlockBytes, kBlockBytes)});
}

void insert_chunks(Database& db, DocumentId id, ChunkId first, std::span<const text::Chunk> chunks) {
  for (size_t i = 0; i < chunks.size(); ++i) {
    const auto& c = chunks[i];
    db.run("INSERT INTO chunk VALUES (?1, ?2, ?3, ?4, ?5, ?6)", first + i, id, c.page, c.span.start, c.span.end,
           std::string_view(c.heading));
  }
}

[[noreturn]] void invalid(const NewDocument& d, const std::string& what) {
  throw Error(Code::Invalid, (d.info.path.empty() ? "document" : d.info.path) + ": " + what);
}

}  // namespace

void check_document(const NewDocument& d) {
  if (d.info.path.empty()) invalid(d, "has an empty path; a document needs one, unique in its collection");
  if (d.text.size() > (kBlockBytes << kBlockBits)) invalid(d, "its text is longer than 16 GiB");
  for (size_t i = 0; i < d.chunks.size(); ++i) {
    const auto& s = d.chunks[i].span;
    if (s.start > s.end || s.end > d.text.size())
      invalid(d, "chunk " + std::to_string(i) + " spans [" + std::to_string(s.start) + ", " + std::to_string(s.end) +
                     "), the text has " + std::to_string(d.text.size()) + " bytes");
  }
  check_metadata(d.info.metadata, d.info.path);
}

uint32_t take_ids(Database& db, std::string_view name, size_t count) {
  const int64_t first = db.number("SELECT next FROM counter WHERE name = ?1", name);
  check_ids(db.file(), first, name, count);
  db.run("UPDATE counter SET next = next + ?2 WHERE name = ?1", name, count);
  return static_cast<uint32_t>(first);
}

DocumentId insert_document(Database& db, int64_t collection, const NewDocument& d, ChunkRange range) {
  const DocumentId id = take_ids(db, "document", 1);
  const auto& info = d.info;
  const std::string metadata = base::dump_json(info.metadata.is_null() ? Json::object() : info.metadata);
  const std::string pages = pages_json(d.pages);
  const int64_t ingested = info.ingested_ms > 0 ? info.ingested_ms : base::now_ms();
  db.run("INSERT INTO document VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)", id,
         collection, std::string_view(info.path), file_name(info.path), std::string_view(info.format),
         std::string_view(info.title), std::string_view(info.content_hash), info.size_bytes, info.modified_ms, ingested,
         range.first, range.count, d.text.size(), std::string_view(metadata), std::string_view(pages));
  insert_text(db, id, d.text);
  insert_chunks(db, id, range.first, d.chunks);
  insert_fields(db, collection, info.metadata, range);
  return id;
}

std::optional<ChunkRange> delete_document(Database& db, int64_t collection, std::string_view path) {
  DocumentId id = 0;
  ChunkRange range;
  Json metadata;
  {
    Rows row = db.query("SELECT id, first_chunk, chunks, metadata FROM document WHERE collection = ?1 AND path = ?2",
                        collection, path);
    if (!row.next()) return std::nullopt;
    id = static_cast<DocumentId>(row.integer(0));
    range = {static_cast<ChunkId>(row.integer(1)), static_cast<size_t>(row.integer(2))};
    metadata = base::parse_json(row.bytes(3), std::string(path) + ": stored metadata");
  }
  db.run("DELETE FROM text_block WHERE id BETWEEN ?1 AND ?2", block_id(id, 0), block_id(id + 1, 0) - 1);
  db.run("DELETE FROM chunk WHERE id >= ?1 AND id < ?2", range.first, range.first + range.count);
  delete_fields(db, collection, metadata, range);
  db.run("DELETE FROM document WHERE id = ?1", id);
  return range;
}

std::optional<DocumentInfo> find_document(Database& db, int64_t collection, std::string_view path) {
  Rows row = db.query(std::string("SELECT ") + kInfoColumns + " FROM document WHERE collection = ?1 AND path = ?2",
                      collection, path);
  if (row.next()) return info_of(row);
  const auto record = find_record(db, collection, path);
  return record ? std::optional(document_info(read_record(db, collection, *record).value())) : std::nullopt;
}

std::vector<DocumentInfo> list_documents(Database& db, int64_t collection) {
  std::vector<DocumentInfo> out;
  Rows row = db.query(std::string("SELECT ") + kInfoColumns + " FROM document WHERE collection = ?1 ORDER BY path",
                      collection);
  while (row.next()) out.push_back(info_of(row));
  return out;
}

std::vector<text::Page> document_pages(Database& db, DocumentId document) {
  std::vector<text::Page> out;
  Rows row = db.query("SELECT pages FROM document WHERE id = ?1", document);
  if (!row.next()) return out;
  for (const auto& p : base::parse_json(row.bytes(0), "stored pages"))
    out.push_back({p.at(0).get<int>(), {p.at(1).get<size_t>(), p.at(2).get<size_t>()}});
  return out;
}

std::string read_text(Database& db, DocumentId document, size_t start, size_t end) {
  std::string out;
  const size_t first = start / kBlockBytes;
  const size_t last = end == SIZE_MAX ? (size_t{1} << kBlockBits) - 1 : end / kBlockBytes;
  Rows row = db.query("SELECT bytes FROM text_block WHERE id BETWEEN ?1 AND ?2 ORDER BY id", block_id(document, first),
                      block_id(document, last));
  while (row.next()) out += row.bytes(0);
  const size_t skip = std::min(start - first * kBlockBytes, out.size());
  return out.substr(skip, end == SIZE_MAX ? SIZE_MAX : end - start);
}

std::optional<ChunkRecord> read_chunk(Database& db, int64_t collection, ChunkId id) {
  ChunkRecord out;
  {
    Rows row = db.query(
        "SELECT d.id, d.path, d.first_chunk, c.page, c.heading, c.start, c.end FROM chunk c JOIN document d ON d.id = "
        "c.document WHERE c.id = ?1 AND d.collection = ?2",
        id, collection);
    if (!row.next()) {
      const auto record = read_record(db, collection, id);
      return record ? std::optional(chunk_record(*record)) : std::nullopt;
    }
    out.id = id;
    out.document = static_cast<DocumentId>(row.integer(0));
    out.path = row.text(1);
    out.ordinal = id - static_cast<ChunkId>(row.integer(2));
    out.page = static_cast<int>(row.integer(3));
    out.heading = row.text(4);
    out.span = {static_cast<size_t>(row.integer(5)), static_cast<size_t>(row.integer(6))};
  }
  out.text = read_text(db, out.document, out.span.start, out.span.end);
  return out;
}

ChunkRange chunks_of(Database& db, int64_t collection, DocumentId document) {
  Rows row =
      db.query("SELECT first_chunk, chunks FROM document WHERE id = ?1 AND collection = ?2", document, collection);
  if (row.next()) return {static_cast<ChunkId>(row.integer(0)), static_cast<size_t>(row.integer(1))};
  const auto record = read_record(db, collection, record_of(document));
  return record ? ChunkRange{record->chunk, 1} : ChunkRange{};
}

Bitmap all_chunks(Database& db, int64_t collection) {
  Bitmap out;
  Rows row =
      db.query("SELECT first_chunk, chunks FROM document INDEXED BY document_chunks WHERE collection = ?1", collection);
  while (row.next()) add_range(out, static_cast<uint64_t>(row.integer(0)), static_cast<uint64_t>(row.integer(1)));
  return out;
}

void for_each_passage(Database& db, int64_t collection, ChunkId first, ChunkId last,
                      const std::function<void(ChunkId, std::string_view)>& visit) {
  Rows documents = db.query(
      "SELECT id, first_chunk, chunks FROM document INDEXED BY document_chunks WHERE collection = ?1 AND first_chunk "
      "BETWEEN ?2 AND ?3 ORDER BY first_chunk",
      collection, first, last);
  while (documents.next()) {
    const auto id = static_cast<DocumentId>(documents.integer(0));
    const std::string text = read_text(db, id);
    Rows chunk = db.query("SELECT id, start, end FROM chunk WHERE id >= ?1 AND id < ?2 ORDER BY id",
                          documents.integer(1), documents.integer(1) + documents.integer(2));
    while (chunk.next()) {
      const auto start = static_cast<size_t>(chunk.integer(1)), end = static_cast<size_t>(chunk.integer(2));
      visit(static_cast<ChunkId>(chunk.integer(0)),
            std::string_view(text).substr(std::min(start, text.size()), end - start));
    }
  }
}

void for_each_chunk(Database& db, int64_t collection, ChunkId first, ChunkId last,
                    const std::function<void(ChunkId, std::string_view)>& visit) {
  if (!any_records(db, collection)) return for_each_passage(db, collection, first, last, visit);
  // Passages and records take their numbers from one counter, so they alternate.
  uint64_t next = first;
  const auto records_before = [&](uint64_t end) {
    if (end > next)
      for_each_record_text(db, collection, static_cast<ChunkId>(next), static_cast<ChunkId>(end - 1), visit);
    next = end + 1;
  };
  for_each_passage(db, collection, first, last, [&](ChunkId id, std::string_view text) {
    records_before(id);
    visit(id, text);
  });
  records_before(uint64_t{last} + 1);
}

}  // namespace hanok::store
