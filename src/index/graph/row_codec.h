// One vector as it is stored, in one of five encodings, and its exact distance from a query. Whoever keeps rows says
// where they lie: one array (vectors.h), or blocks of a file (disk/nodes.h).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hanok/index.h"

namespace hanok::index {

/// A query made ready for many distances.
struct PreparedQuery {
  std::vector<float> floats;   // of length one under cosine
  std::vector<uint8_t> bytes;  // where the query is whole bytes and the storage too
  bool whole = false;
  float sum = 0;  // of floats, for sq8
};

class RowCodec {
 public:
  RowCodec(size_t dim, Metric metric, Storage storage);

  size_t dim() const { return dim_; }
  Metric metric() const { return metric_; }
  Storage storage() const { return storage_; }
  /// f32: dim floats; f16, bf16: dim halves; u8: dim bytes; sq8: float offset, float scale, then dim bytes, padded to a
  /// multiple of 4.
  size_t row_bytes() const { return row_bytes_; }

  /// row: row_bytes(), aligned to 4.
  void encode(const float* v, uint8_t* row) const;
  /// As floats, in the caller's scale (under cosine not normalised).
  void decode(const uint8_t* row, float* out) const;
  /// 1 / length of a stored row, which cosine multiplies by.
  float inverse_length(const uint8_t* row) const;

  void prepare(std::span<const float> query, PreparedQuery& out) const;
  /// Smaller is nearer: squared L2, or the negated inner product or cosine. inverse_length is for cosine alone.
  float distance(const PreparedQuery& query, const uint8_t* row, float inverse_length) const;

 private:
  size_t dim_, row_bytes_;
  Metric metric_;
  Storage storage_;
};

}  // namespace hanok::index
