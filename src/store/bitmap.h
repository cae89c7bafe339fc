// Sets of chunk ids, and how they lie in the database.
#pragma once

#include <string>
#include <string_view>

#include "hanok/store.h"
#include "store/roaring.h"

namespace hanok::store {

using Bitmap = roaring::Roaring;

/// [first, first + count). CRoaring's addRange is half open too, but takes 64-bit ends.
inline void add_range(Bitmap& set, uint64_t first, uint64_t count) {
  if (count > 0) set.addRange(first, first + count);
}

/// The portable Roaring format.
std::string to_bytes(const Bitmap& set);
/// Throws Corrupt, naming `what`, for bytes that are not a set.
Bitmap bitmap_from(std::string_view bytes, std::string_view what);

}  // namespace hanok::store
