// The stored vectors themselves: what a result's exact distance is taken from. Rows in one of five encodings.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "hanok/index.h"
#include "index/file.h"
#include "index/graph/buffer.h"
#include "index/graph/row_codec.h"

namespace hanok::index {

/// Slots 0..size-1. Distances are "smaller is nearer": squared L2, or the negated inner product or cosine.
/// Reading below size may run beside append_hidden(); publish(), reserve_swap() and adopt() need readers kept away.
class Vectors {
 public:
  Vectors(size_t dim, Metric metric, Storage storage) : codec_(dim, metric, storage) {}

  size_t dim() const { return codec_.dim(); }
  Metric metric() const { return codec_.metric(); }
  Storage storage() const { return codec_.storage(); }
  size_t size() const { return size_; }
  size_t row_bytes() const { return codec_.row_bytes(); }
  size_t bytes_resident() const;

  /// Buffers with room for n rows and the first size() rows copied; hand them to adopt(). Throws std::bad_alloc.
  struct Room {
    Buffer<uint8_t> rows;
    Buffer<float> norms;
  };
  bool has_room(size_t n) const { return n <= rows_.capacity() / row_bytes() && rows_.owns(); }
  Room room_for(size_t n) const;
  void adopt(Room room) noexcept;

  /// Writes a row at or beyond size(), where nobody reads yet.
  void put(size_t slot, const float* v);
  void set_size(size_t n) { size_ = n; }

  void prepare(std::span<const float> query, PreparedQuery& out) const { codec_.prepare(query, out); }
  float distance(const PreparedQuery& query, size_t slot) const {
    return codec_.distance(query, row(slot), metric() == Metric::Cosine ? norms_[slot] : 0);
  }
  void prefetch(size_t slot) const;
  /// The row as floats, in the caller's scale (under cosine not normalised).
  void decode(size_t slot, float* out) const { codec_.decode(row(slot), out); }

  void save(FileWriter& out) const;
  /// Throws Corrupt. Looks into the file's map.
  void load(const FileReader& file, size_t n);

 private:
  const uint8_t* row(size_t slot) const { return rows_.data() + slot * row_bytes(); }
  RowCodec codec_;
  size_t size_ = 0;
  Buffer<uint8_t> rows_;
  Buffer<float> norms_;  // cosine: 1 / |v|
};

}  // namespace hanok::index
