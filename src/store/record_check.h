// What is a record, and what is not.
#pragma once

#include "hanok/records.h"

namespace hanok::store {

inline constexpr size_t kMostDim = 65'536;  // of a vector

/// Throws Invalid, saying which record and what of it.
void check_record(const Record& record);
/// The same of metadata alone. may_be_null: a value of null is taken, which deletes a key.
void check_record_metadata(const Json& metadata, std::string_view id, bool may_be_null);
void check_namespace(std::string_view ns);

}  // namespace hanok::store
