// The tables of hanok.db (docs/formats/store.md) and how older files become today's.
#pragma once

#include "store/database.h"

namespace hanok::store {

inline constexpr int kSchemaVersion = 3;

/// Brings a writable database to kSchemaVersion. Throws Unsupported for a newer one, Corrupt for another program's.
void migrate(Database& database);
/// The same checks for a reader: NotFound for an empty file, Unsupported where a writer must migrate it first.
void check_schema(Database& database);
/// The same for an exported collection: an older one is read as it is, since no later version changed what is imported
/// (rows of collection, document, text_block, chunk, space and vector). Corrupt for an empty file.
void check_export(Database& database);

}  // namespace hanok::store
