// Documents, their text and their chunks as rows. All functions work inside the caller's transaction.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "hanok/store.h"
#include "store/bitmap.h"
#include "store/database.h"

namespace hanok::store {

/// Consecutive chunk ids.
struct ChunkRange {
  ChunkId first = 0;
  size_t count = 0;
};

/// Throws Invalid for an empty path, spans outside the text, metadata that is not flat.
void check_document(const NewDocument& document);

/// Takes `count` ids from the counter `name` ("chunk", "document"); Exhausted when 32 bits are used up. In the open
/// data folder chunks have theirs from Ids.
uint32_t take_ids(Database& db, std::string_view name, size_t count);

/// Writes rows for a document that is not there; returns its id. Its chunks get `range`.
DocumentId insert_document(Database& db, int64_t collection, const NewDocument& document, ChunkRange range);
/// Deletes rows (not vectors, not postings); nullopt when there is no such path.
std::optional<ChunkRange> delete_document(Database& db, int64_t collection, std::string_view path);

/// A record too, by its path (record_rows.h).
std::optional<DocumentInfo> find_document(Database& db, int64_t collection, std::string_view path);
/// Without records.
std::vector<DocumentInfo> list_documents(Database& db, int64_t collection);
std::vector<text::Page> document_pages(Database& db, DocumentId document);
/// Bytes [start, end) of the document's text; end is cut to its length.
std::string read_text(Database& db, DocumentId document, size_t start = 0, size_t end = SIZE_MAX);
/// A record too. nullopt when the chunk is gone or belongs to another collection.
std::optional<ChunkRecord> read_chunk(Database& db, int64_t collection, ChunkId id);
ChunkRange chunks_of(Database& db, int64_t collection, DocumentId document);
/// Every passage of the collection's documents.
Bitmap all_chunks(Database& db, int64_t collection);
/// Calls visit(id, text) for the passages of documents in [first, last], ascending; reads each document's text once.
void for_each_passage(Database& db, int64_t collection, ChunkId first, ChunkId last,
                      const std::function<void(ChunkId, std::string_view)>& visit);
/// The same for everything that has a text: passages and records.
void for_each_chunk(Database& db, int64_t collection, ChunkId first, ChunkId last,
                    const std::function<void(ChunkId, std::string_view)>& visit);

}  // namespace hanok::store
