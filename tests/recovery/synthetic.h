// Documents that can be told from their path and version alone, so that a checker needs no copy of what was written.
#pragma once

#include <string>
#include <vector>

#include "hanok/store.h"

namespace recovery {

inline constexpr size_t kDim = 8;
inline constexpr int kPaths = 60;
const hanok::store::VectorSpace& space();

/// Version v >= 1 of document number n; chunks, words, metadata and vectors follow from the two numbers.
hanok::store::NewDocument document(int n, int version);
std::string path(int n);
/// A word that only this version of this document has.
std::string marker(int n, int version);

}  // namespace recovery
