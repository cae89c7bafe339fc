// The tables of hanok.db (docs/formats/store.md) and how older files become today's.
#pragma once

#include "store/database.h"

namespace hanok::store {

inline constexpr int kSchemaVersion = 4;

/// Brings a writable database to kSchemaVersion. Throws Unsupported for a newer one, Corrupt for another program's.
void migrate(Database& database);
/// The same checks for a reader: NotFound for an empty file, Unsupported where a writer must migrate it first.
void check_schema(Database& database);
/// The same for an exported collection: an older one is read as it is, since no later version changed what is imported
/// (rows of collection, document, text_block, chunk, space and vector); before version 4 there are no records. Corrupt
/// for an empty file.
void check_export(Database& database);
/// Whether this file knows records, and metrics other than cosine.
bool has_records(Database& database);

}  // namespace hanok::store
