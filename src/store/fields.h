// Metadata as rows by value (table `field`), which is what filters look things up in.
#pragma once

#include <string_view>

#include "hanok/store.h"
#include "store/database.h"
#include "store/documents.h"

namespace hanok::store {

/// The column field.type. A list of strings is one row for each distinct element, or one for "empty". From
/// NumberElement on: in field segments alone, since only records have such metadata.
enum class FieldType {
  Bool = 0,
  Number = 1,
  String = 2,
  Element = 3,
  EmptyList = 4,
  NumberElement = 5,
  BoolElement = 6,
  Sparse = 7  // there is a sparse vector
};

/// Throws Invalid unless metadata is flat: string, number, bool, array of strings.
void check_metadata(const Json& metadata, std::string_view path);
void insert_fields(Database& db, int64_t collection, const Json& metadata, ChunkRange range);
void delete_fields(Database& db, int64_t collection, const Json& metadata, ChunkRange range);
/// The id of a metadata key in field.key; 0 when no document ever had it.
int64_t find_key(Database& db, int64_t collection, std::string_view name);

}  // namespace hanok::store
