// The file index/*.vec: float32 rows of some chunks, ready to be mapped (docs/formats/store.md). Under cosine they are
// normalised, under other metrics as they were given.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hanok/store.h"

namespace hanok::store {

/// Rows of one piece of a vector space, ids ascending. Views: the bytes they come from must outlive them.
struct VectorRows {
  std::span<const ChunkId> ids;
  std::span<const float> rows;  // [ids.size(), dim]; under cosine each of length 1, or 0 where the vector was 0
};

/// row / |row|; a zero row stays zero. Sums in double.
void normalise(std::span<float> row);

/// ids ascending.
std::string encode_vectors(std::span<const ChunkId> ids, std::span<const float> rows, size_t dim);
/// Throws Corrupt, naming `what`. check_all: also the checksum of every byte.
VectorRows decode_vectors(std::string_view bytes, size_t dim, bool check_all, const std::string& what);

}  // namespace hanok::store
