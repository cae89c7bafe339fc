// Rows of vectors in one stored type, decoded to float on demand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "hanok/index.h"

namespace hanok::index {

/// Every value a whole number 0..255: such rows lose nothing as bytes.
bool all_bytes(std::span<const float> values);

/// Throws Invalid for values that the type cannot keep: U8 other than whole numbers 0..255, F16 and Bf16 beyond their
/// largest, Sq8 a row whose range is no float; under Cosine also a row of which F16 keeps zeros alone. first: the
/// number that a message gives the first row.
void check_storable(Storage storage, std::span<const float> rows, size_t dim, Metric metric, size_t first = 0);

/// Bytes a row takes: F32 4 dim, F16 and Bf16 2 dim, U8 dim, Sq8 dim + 8.
///   Sq8: dim codes, then float offset, float scale of this row alone: x[j] ~ offset + scale * code[j], |error| <=
///   scale / 2.
/// Reading is safe from many threads; changes need the caller's lock.
class RowStore {
 public:
  RowStore() = default;
  RowStore(size_t dim, Storage storage);
  /// Rows that lie elsewhere (a mapped file); copied at the first change. `owner` keeps them alive.
  RowStore(size_t dim, Storage storage, std::span<const std::byte> rows, std::shared_ptr<const void> owner);

  size_t size() const { return rows_; }
  size_t dim() const { return dim_; }
  Storage storage() const { return storage_; }
  size_t row_bytes() const { return row_bytes_; }
  size_t bytes_resident() const { return owned_.capacity(); }
  std::span<const std::byte> bytes() const { return {reinterpret_cast<const std::byte*>(data()), rows_ * row_bytes_}; }

  /// Room for so many rows in all: append() up to there cannot fail.
  void reserve(size_t rows) { own(rows); }
  void append(std::span<const float> rows);
  void set(size_t row, const float* x);
  /// Copies row `from` over row `to` / drops the last row.
  void copy(size_t from, size_t to);
  void pop();
  void clear();
  /// The same rows in another type.
  RowStore converted(Storage storage) const;

  const uint8_t* raw(size_t row) const { return data() + row * row_bytes_; }
  /// Has a row fetched from memory before it is needed.
  void prefetch(size_t row) const {
    for (size_t at = 0; at < row_bytes_; at += 64) __builtin_prefetch(raw(row) + at);
  }
  void decode(size_t row, float* out) const;
  /// The row as floats: in place for F32, else decoded into scratch [dim].
  const float* floats(size_t row, float* scratch) const;

 private:
  const uint8_t* data() const { return shared_ ? shared_ : owned_.data(); }
  void own(size_t rows);

  size_t dim_ = 0, row_bytes_ = 0, rows_ = 0;
  Storage storage_ = Storage::F32;
  std::vector<uint8_t> owned_;
  const uint8_t* shared_ = nullptr;
  std::shared_ptr<const void> owner_;
};

}  // namespace hanok::index
