#include "store/record_rows.h"

#include <charconv>

#include "base/json.h"
#include "store/schema.h"
#include "store/sparse.h"

namespace hanok::store {
namespace {

constexpr const char* kColumns =
    "SELECT r.chunk, r.first, n.name, r.id, r.document, r.uri, r.metadata, r.sparse FROM record r JOIN namespace n ON "
    "n.id = r.namespace WHERE r.collection = ?1 AND ";

constexpr Include kWhole{.sparse = true};

std::optional<std::string> text_or_none(const Rows& row, int column) {
  return row.null(column) ? std::nullopt : std::optional(row.text(column));
}

StoredRecord stored_record(const Rows& row, const Include& what) {
  StoredRecord out;
  out.chunk = static_cast<ChunkId>(row.integer(0));
  out.first = static_cast<ChunkId>(row.integer(1));
  out.record.ns = row.text(2);
  out.record.id = row.text(3);
  if (what.document) out.record.document = text_or_none(row, 4);
  if (what.uri) out.record.uri = text_or_none(row, 5);
  if (what.metadata)
    out.record.metadata = base::parse_json(row.bytes(6), "record '" + out.record.id + "': stored metadata");
  if (what.sparse && !row.null(7))
    out.record.sparse = sparse_from_bytes(row.bytes(7), "record '" + out.record.id + "'");
  return out;
}

}  // namespace

std::optional<NamespaceRow> find_namespace(Database& db, int64_t collection, std::string_view name) {
  Rows row =
      db.query("SELECT id, name, records, note FROM namespace WHERE collection = ?1 AND name = ?2", collection, name);
  if (!row.next()) return std::nullopt;
  return NamespaceRow{row.integer(0), {row.text(1), static_cast<size_t>(row.integer(2)), row.text(3)}};
}

int64_t make_namespace(Database& db, int64_t collection, std::string_view name) {
  if (const auto there = find_namespace(db, collection, name)) return there->id;
  db.run("INSERT INTO namespace(collection, name) VALUES (?1, ?2)", collection, name);
  return db.last_id();
}

void insert_record(Database& db, int64_t collection, int64_t ns, const StoredRecord& stored,
                   std::string_view metadata) {
  const Record& r = stored.record;
  const std::string sparse = sparse_bytes(r.sparse);
  Rows insert = db.query("INSERT INTO record VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)", stored.chunk, collection, ns,
                         std::string_view(r.id), stored.first, r.document, r.uri, metadata,
                         r.sparse.empty() ? std::nullopt : std::optional(Blob{sparse}));
  insert.next();
}

std::optional<ChunkId> find_record(Database& db, int64_t collection, std::string_view ns, std::string_view id) {
  Rows row = db.query(
      "SELECT chunk FROM record WHERE namespace = (SELECT id FROM namespace WHERE collection = ?1 AND name = ?2) AND "
      "id = ?3",
      collection, ns, id);
  return row.next() ? std::optional(static_cast<ChunkId>(row.integer(0))) : std::nullopt;
}

Bitmap numbers_of(Database& db, int64_t collection, const std::optional<std::string>& ns, std::string_view id) {
  Bitmap out;
  if (ns) {
    if (const auto found = find_record(db, collection, *ns, id)) out.add(*found);
  } else {
    Rows rows = db.query(
        "SELECT r.chunk FROM namespace n JOIN record r ON r.namespace = n.id AND r.id = ?2 WHERE n.collection = ?1",
        collection, id);
    while (rows.next()) out.add(static_cast<ChunkId>(rows.integer(0)));
  }
  if (!ns || ns->empty())
    if (const auto passage = find_passage(db, collection, id)) out.add(*passage);
  return out;
}

std::optional<StoredRecord> read_record(Database& db, int64_t collection, ChunkId chunk, const Include& what) {
  Rows row = db.query(std::string(kColumns) + "r.chunk = ?2", collection, chunk);
  if (!row.next()) return std::nullopt;
  return stored_record(row, what);
}

std::vector<StoredRecord> read_records(Database& db, int64_t collection, ChunkId first, ChunkId last) {
  std::vector<StoredRecord> out;
  Rows rows = db.query(std::string(kColumns) + "r.chunk BETWEEN ?2 AND ?3 ORDER BY r.chunk", collection, first, last);
  while (rows.next()) out.push_back(stored_record(rows, kWhole));
  return out;
}

void for_each_record_text(Database& db, int64_t collection, ChunkId first, ChunkId last,
                          const std::function<void(ChunkId, std::string_view)>& visit) {
  Rows rows = db.query(
      "SELECT chunk, document FROM record WHERE chunk BETWEEN ?2 AND ?3 AND collection = ?1 AND document IS NOT NULL "
      "ORDER BY chunk",
      collection, first, last);
  while (rows.next()) visit(static_cast<ChunkId>(rows.integer(0)), rows.bytes(1));
}

Bitmap all_records(Database& db, int64_t collection) {
  Bitmap out;
  if (!any_records(db, collection)) return out;
  Rows rows = db.query("SELECT chunk FROM record WHERE collection = ?1", collection);
  while (rows.next()) out.add(static_cast<ChunkId>(rows.integer(0)));
  return out;
}

bool any_records(Database& db, int64_t collection) {
  return db.number("SELECT records FROM collection WHERE id = ?1", collection) > 0;
}

// ---- as a document ----

std::string path_of(const Record& record) { return record.ns.empty() ? record.id : record.ns + "/" + record.id; }

std::optional<ChunkId> find_record(Database& db, int64_t collection, std::string_view path) {
  if (!any_records(db, collection)) return std::nullopt;
  if (const auto found = find_record(db, collection, "", path)) return found;
  for (size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1))
    if (const auto found = find_record(db, collection, path.substr(0, slash), path.substr(slash + 1))) return found;
  return std::nullopt;
}

DocumentInfo document_info(const StoredRecord& stored) {
  DocumentInfo out;
  out.id = document_of(stored.chunk);
  out.path = path_of(stored.record);
  out.format = "record";
  out.size_bytes = stored.record.document ? static_cast<int64_t>(stored.record.document->size()) : 0;
  out.chunks = 1;
  out.metadata = stored.record.metadata;
  return out;
}

ChunkRecord chunk_record(const StoredRecord& stored) {
  ChunkRecord out;
  out.id = stored.chunk;
  out.document = document_of(stored.chunk);
  out.path = path_of(stored.record);
  out.text = stored.record.document.value_or("");
  out.span = {0, out.text.size()};
  return out;
}

// ---- as a record ----

std::optional<ChunkId> find_passage(Database& db, int64_t collection, std::string_view id) {
  const size_t mark = id.rfind('#');
  if (mark == std::string_view::npos || mark + 1 == id.size()) return std::nullopt;
  const std::string_view digits = id.substr(mark + 1);
  size_t ordinal = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), ordinal);
  if (error != std::errc() || end != digits.data() + digits.size() || (digits[0] == '0' && digits.size() > 1))
    return std::nullopt;
  Rows row = db.query("SELECT first_chunk, chunks FROM document WHERE collection = ?1 AND path = ?2", collection,
                      id.substr(0, mark));
  if (!row.next() || ordinal >= static_cast<size_t>(row.integer(1))) return std::nullopt;
  return static_cast<ChunkId>(row.integer(0) + static_cast<int64_t>(ordinal));
}

Record record_of(const ChunkRecord& chunk, const DocumentInfo& document) {
  Record out;
  out.id = chunk.path + "#" + std::to_string(chunk.ordinal);
  out.document = chunk.text;
  out.uri = chunk.path;
  // What a condition finds as a field of its own, but for those that the document's metadata names.
  out.metadata = {{"path", chunk.path}, {"name", chunk.path.substr(chunk.path.find_last_of('/') + 1)}};
  if (!document.format.empty()) out.metadata["format"] = document.format;
  if (!document.title.empty()) out.metadata["title"] = document.title;
  if (chunk.page != 0) out.metadata["page"] = chunk.page;
  if (!chunk.heading.empty()) out.metadata["heading"] = chunk.heading;
  for (const auto& [key, value] : document.metadata.items()) out.metadata[key] = value;
  return out;
}

}  // namespace hanok::store
