// Exact cosine search over the vectors of one space: a scan. The one place that a faster index replaces.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "hanok/store.h"
#include "store/bitmap.h"
#include "store/vector_file.h"

namespace hanok::store {

/// Immutable once filled: searches may run together.
class DenseIndex {
 public:
  explicit DenseIndex(size_t dim) : dim_(dim) {}

  /// Pieces come in ascending order of ids. `owner` keeps the bytes alive; ids in `skip` are not taken from this piece.
  void add(VectorRows rows, std::shared_ptr<const void> owner, Bitmap skip = {});
  size_t dim() const { return dim_; }
  size_t rows() const;

  /// The k best by cosine, best first, ties by id. allowed: nullptr = all. query: dim() numbers, any length.
  std::vector<Match> search(std::span<const float> query, size_t k, const Bitmap* allowed) const;
  /// Cosines; NaN where an id has no vector.
  std::vector<float> scores(std::span<const float> query, std::span<const ChunkId> ids) const;

 private:
  struct Piece {
    VectorRows rows;
    std::shared_ptr<const void> owner;  // a mapped file or a vector, shared with other generations of this index
    Bitmap skip;
  };
  /// Row numbers of a piece that may be found.
  std::vector<uint32_t> candidates(const Piece& piece, const Bitmap* allowed) const;

  size_t dim_;
  std::vector<Piece> pieces_;
};

}  // namespace hanok::store
