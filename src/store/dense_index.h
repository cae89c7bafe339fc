// Exact search over the vectors of one space: a scan. For few vectors, and for those that no index holds
// (ann.h).
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "hanok/records.h"
#include "store/better.h"
#include "store/bitmap.h"
#include "store/row_codes.h"
#include "store/vector_file.h"

namespace hanok::store {

class RowQuery;

/// Immutable once filled: searches may run together.
class DenseIndex {
 public:
  explicit DenseIndex(size_t dim, Metric metric = Metric::Cosine) : dim_(dim), metric_(metric) {}

  /// Pieces come in ascending order of ids. `owner` keeps the bytes alive; ids in `skip` are not taken from this piece.
  /// codes: of these rows; nullptr: every scan reads the rows.
  void add(VectorRows rows, std::shared_ptr<const void> owner, Bitmap skip = {},
           std::shared_ptr<RowCodes> codes = nullptr);
  size_t dim() const { return dim_; }
  Metric metric() const { return metric_; }
  size_t rows() const;
  /// Makes the codes of all pieces that are worth them, which scans would make bit by bit.
  void code() const {
    for (const auto& piece : pieces_)
      if (piece.codes) piece.codes->finish();
  }
  /// Visits every row once: visit(id, row).
  template <class Visit>
  void each(Visit visit) const {
    for (const auto& piece : pieces_)
      for (size_t i = 0; i < piece.rows.ids.size(); ++i)
        if (!piece.skip.contains(piece.rows.ids[i])) visit(piece.rows.ids[i], piece.rows.rows.subspan(i * dim_, dim_));
  }

  /// The mean of the rows of these chunks, at length 1 each; ids without a vector do not count. rows 0: none of them
  /// has one.
  struct Mean {
    size_t rows = 0;
    std::vector<float> mean;  // [dim()]
  };
  Mean mean(std::span<const ChunkId> ids) const;

  /// The k best, best first, ties by id. A score is the cosine, the product, or under L2 the squared distance times -1.
  /// allowed: nullptr = all. query: dim() numbers, any length.
  std::vector<Match> search(std::span<const float> query, size_t k, const Bitmap* allowed) const;
  /// The same scores; NaN where an id has no vector.
  std::vector<float> scores(std::span<const float> query, std::span<const ChunkId> ids) const;
  /// The vector of a chunk into dim() floats; false, and nothing written, where it has none.
  bool row(ChunkId id, float* out) const;
  /// Under any metric; NaN where an id has no vector.
  std::vector<float> cosines(std::span<const float> query, std::span<const ChunkId> ids) const;

 private:
  struct Piece {
    VectorRows rows;
    std::shared_ptr<const void> owner;  // a mapped file or a vector, shared with other generations of this index
    Bitmap skip;
    std::shared_ptr<RowCodes> codes;  // shared as `owner` is
  };
  void scan(const Piece& piece, const RowQuery& query, const Bitmap* allowed, Best& best) const;
  /// Row numbers of a piece from `first` on that may be found. allowed: some of the piece's ids among others.
  std::vector<uint32_t> candidates(const Piece& piece, size_t first, const Bitmap* allowed) const;
  /// visit(i, row of ids[i]), for those that have one.
  template <class Visit>
  void each_of(std::span<const ChunkId> ids, Visit visit) const;

  size_t dim_;
  Metric metric_;
  std::vector<Piece> pieces_;
};

}  // namespace hanok::store
