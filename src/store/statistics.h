// Sizes and states of a collection, for people.
#pragma once

#include "hanok/store.h"
#include "store/database.h"

namespace hanok::store {

/// {"documents","chunks","vectors","bytes","keyword":{...},"index":{...}}, inside the caller's transaction.
Json collection_statistics(Database& db, int64_t collection);

}  // namespace hanok::store
