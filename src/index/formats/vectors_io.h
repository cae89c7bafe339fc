// Vector files of the field, in and out: .npy, .fvecs, .bvecs, .ivecs, .fbin, .u8bin, .i8bin, .ibin and IDX (MNIST).
//
//   auto base = read_vectors("base.fvecs");      // base.dim, base.rows(), base.values [rows, dim]
//   VectorFile large("large.npy");               // large.dim(), large.rows(); the rows stay in the file
//   large.read(first, n, out);
//   write_ivecs("found.ivecs", ids);
//
// Layouts (all little endian, but for IDX which is big endian):
//   .fvecs .bvecs .ivecs   each row: int32 dim, then dim float32 / uint8 / int32
//   .fbin .u8bin .i8bin .ibin   uint32 rows, uint32 dim, then rows * dim float32 / uint8 / int8 / int32
//   .npy                   NumPy format 1.0-3.0, one or two axes, float16/32/64 or integers of 8 to 64 bits, C or
//   Fortran order IDX                    0 0 type axes, then one uint32 per axis, then the values; axes after the first
//   make the row
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"

namespace hanok::index::formats {

/// What the values were in the file. U8 data may be kept as bytes without loss.
enum class Element { F32, F64, F16, U8, I8, Integer };

struct Vectors {
  size_t dim = 0;
  Element element = Element::F32;
  std::vector<float> values;  // [rows, dim]
  size_t rows() const { return dim ? values.size() / dim : 0; }
};

/// Where the values of a file are.
struct Layout {
  /// n values, `stride` bytes apart, as floats.
  using Convert = void (*)(const char* values, size_t stride, size_t n, float* out);
  size_t rows = 0, dim = 0;
  Element element = Element::F32;
  size_t row_stride = 0, value_stride = 0;  // bytes from a row, from a value, to the next
  const char* first = nullptr;
  Convert convert = nullptr;

  void read(size_t row, float* out) const { convert(first + row * row_stride, value_stride, dim, out); }
};

template <typename T>
void convert_values(const char* values, size_t stride, size_t n, float* out) {
  for (size_t i = 0; i < n; ++i) {
    T value;
    std::memcpy(&value, values + i * stride, sizeof(T));
    out[i] = static_cast<float>(value);
  }
}

/// A file of vectors that is mapped: rows are read when they are asked for, from any number of threads. A .gz file is
/// unpacked into memory. Throws as read_vectors().
class VectorFile {
 public:
  explicit VectorFile(const std::filesystem::path& file, size_t max_rows = SIZE_MAX);
  VectorFile(const VectorFile&) = delete;  // the layout points into it
  VectorFile& operator=(const VectorFile&) = delete;
  size_t rows() const { return layout_.rows; }
  size_t dim() const { return layout_.dim; }
  Element element() const { return layout_.element; }
  /// out: [n, dim]. Rows [first, first + n) must be there.
  void read(size_t first, size_t n, float* out) const {
    for (size_t i = 0; i < n; ++i) layout_.read(first + i, out + i * layout_.dim);
  }

 private:
  base::MappedFile map_;
  std::string unpacked_;
  Layout layout_;
};

/// Rows of ids, all of one length: ground truth and results.
struct IdRows {
  size_t width = 0;
  std::vector<int64_t> ids;  // [rows, width]
  size_t rows() const { return width ? ids.size() / width : 0; }
};

/// By the name's ending; a further ".gz" is unpacked by gzip, in a child process. At most max_rows rows, from the
/// first. Throws NotFound, Corrupt (truncated, ragged rows, absurd header), Unsupported (a dtype or an ending that is
/// not listed).
Vectors read_vectors(const std::filesystem::path& file, size_t max_rows = SIZE_MAX);
IdRows read_ids(const std::filesystem::path& file, size_t max_rows = SIZE_MAX);

/// By the name's ending (.npy .fvecs .bvecs .fbin .u8bin). Bytes are for whole numbers 0..255 only: else
/// Error(Invalid).
void write_vectors(const std::filesystem::path& file, size_t dim, std::span<const float> values);
/// .ivecs or .ibin; ids must fit int32. Rows shorter than `width` are filled up with -1 by the caller.
void write_ids(const std::filesystem::path& file, const IdRows& rows);

/// The same from bytes in memory. `format` is the ending without its dot ("fvecs"; "idx" for IDX).
Vectors parse_vectors(std::string_view bytes, std::string_view format, const std::string& name,
                      size_t max_rows = SIZE_MAX);
IdRows parse_ids(std::string_view bytes, std::string_view format, const std::string& name, size_t max_rows = SIZE_MAX);

}  // namespace hanok::index::formats
