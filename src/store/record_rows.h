// Records as rows. All functions work inside the caller's transaction.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "hanok/records.h"
#include "store/bitmap.h"
#include "store/database.h"
#include "store/documents.h"

namespace hanok::store {

struct NamespaceRow {
  int64_t id = 0;
  NamespaceInfo info;
};

std::optional<NamespaceRow> find_namespace(Database& db, int64_t collection, std::string_view name);
/// Its id; it is made where it is not there.
int64_t make_namespace(Database& db, int64_t collection, std::string_view name);

/// What is stored of a record; Record::vector stays empty.
struct StoredRecord {
  ChunkId chunk = 0;
  ChunkId first = 0;  // its chunk when it was first written
  Record record;
};

/// metadata: of the record, as JSON.
void insert_record(Database& db, int64_t collection, int64_t ns, const StoredRecord& record, std::string_view metadata);
/// The number of a record; nullopt where there is none.
std::optional<ChunkId> find_record(Database& db, int64_t collection, std::string_view ns, std::string_view id);
/// Records and passages with this id, in one namespace or (nullopt) in all.
Bitmap numbers_of(Database& db, int64_t collection, const std::optional<std::string>& ns, std::string_view id);
/// nullopt where this chunk is no record of the collection.
std::optional<StoredRecord> read_record(Database& db, int64_t collection, ChunkId chunk, const Include& what = {});
/// Those with chunks in [first, last], ascending.
std::vector<StoredRecord> read_records(Database& db, int64_t collection, ChunkId first, ChunkId last);
/// visit(chunk, text) for the records in [first, last] that have one, ascending.
void for_each_record_text(Database& db, int64_t collection, ChunkId first, ChunkId last,
                          const std::function<void(ChunkId, std::string_view)>& visit);
/// Of what is there; every chunk of a record.
Bitmap all_records(Database& db, int64_t collection);
/// Whether the collection has any.
bool any_records(Database& db, int64_t collection);

// ---- a record as a document of one chunk, for readers that know documents ----

/// "NAMESPACE/ID", or the id alone in the default namespace.
std::string path_of(const Record& record);
/// The chunk of the record with this path.
std::optional<ChunkId> find_record(Database& db, int64_t collection, std::string_view path);
/// A number of its own among those of documents, which count from below; and back.
inline DocumentId document_of(ChunkId record) { return UINT32_MAX - record; }
inline ChunkId record_of(DocumentId document) { return UINT32_MAX - document; }
DocumentInfo document_info(const StoredRecord& record);
ChunkRecord chunk_record(const StoredRecord& record);

// ---- a passage of a document as a record, for readers that know records ----

/// The passage with the id "PATH#ORDINAL".
std::optional<ChunkId> find_passage(Database& db, int64_t collection, std::string_view id);
Record record_of(const ChunkRecord& chunk, const DocumentInfo& document);

}  // namespace hanok::store
