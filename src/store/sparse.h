// Sparse vectors as they come in metadata and lie in the database.
#pragma once

#include <string>
#include <string_view>

#include "hanok/records.h"

namespace hanok::store {

/// Indices ascending. Throws Invalid, naming `what`: unequal lengths, an index that comes
/// twice, a weight that is not finite.
SparseVector sorted_sparse(SparseVector vector, const std::string& what);
/// Whether metadata holds a sparse vector here: an object whose "#type" says so.
bool is_sparse(const Json& value);
/// Of such an object; throws Invalid, naming `what`, where it is none.
SparseVector sparse_from(const Json& value, const std::string& what = "sparse vector");

std::string sparse_bytes(const SparseVector& vector);
/// Throws Corrupt, naming `what`.
SparseVector sparse_from_bytes(std::string_view bytes, const std::string& what);

/// Sum over common indices, in double; both sorted.
double product(const SparseVector& a, const SparseVector& b);

}  // namespace hanok::store
