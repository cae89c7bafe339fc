#include "index/formats/vectors_io.h"

#include <algorithm>
#include <cmath>

#include "base/byte_reader.h"
#include "base/file.h"
#include "base/process.h"
#include "index/formats/npy.h"

namespace hanok::index::formats {
namespace {

namespace fs = std::filesystem;

constexpr uint32_t kMaxRowLength = 1u << 24;         // a row length beyond this is a damaged file, not a vector
constexpr uint64_t kMaxUnpackedBytes = 64ull << 30;  // of a .gz file

struct Shape {
  size_t rows = 0, width = 0, stride = 0;  // stride in bytes between the first bytes of rows
  const char* first = nullptr;
};

// .fvecs and its kin: the first row's length is the length of all.
Shape vecs_shape(std::string_view bytes, size_t element, const std::string& name, size_t max_rows) {
  if (bytes.empty()) return {};
  base::ByteReader in(bytes, name);
  const auto width = in.read<uint32_t>("row length");
  if (width == 0 || width > kMaxRowLength) in.corrupt("row 0 says " + std::to_string(width) + " values");
  const size_t stride = 4 + width * element;
  if (bytes.size() % stride != 0)
    in.corrupt("rows of " + std::to_string(width) + " values take " + std::to_string(stride) +
               " bytes each, the file has " + std::to_string(bytes.size()) + ", no multiple");
  const size_t rows = std::min(bytes.size() / stride, max_rows);
  for (size_t r = 1; r < rows; ++r) {
    uint32_t own;
    std::memcpy(&own, bytes.data() + r * stride, 4);
    if (own != width)
      in.corrupt("row " + std::to_string(r) + " says " + std::to_string(own) + " values, row 0 " +
                 std::to_string(width));
  }
  return {rows, width, stride, bytes.data() + 4};
}

Shape bin_shape(std::string_view bytes, size_t element, const std::string& name, size_t max_rows) {
  base::ByteReader in(bytes, name);
  const auto rows = in.read<uint32_t>("row count");
  const auto width = in.read<uint32_t>("row length");
  if (width > kMaxRowLength || (rows > 0 && width == 0))
    in.corrupt("says rows of " + std::to_string(width) + " values");
  const auto values = in.take(uint64_t{rows} * width * element, "the rows");
  return {std::min<size_t>(rows, max_rows), width, width * element, values.data()};
}

Shape idx_shape(std::string_view bytes, const std::string& name, size_t max_rows) {
  base::ByteReader in(bytes, name);
  const auto magic = in.take(4, "the IDX magic");
  constexpr char kUnsignedByte = 0x08;
  if (magic[0] != 0 || magic[1] != 0 || magic[3] < 1 || magic[3] > 4) in.corrupt("does not begin like an IDX file");
  if (magic[2] != kUnsignedByte)
    throw Error(Code::Unsupported, name + ": an IDX file of a type other than unsigned bytes");
  auto axis = [&] {
    const auto b = in.take(4, "an IDX axis");
    const auto byte = [&](int i) { return static_cast<uint32_t>(static_cast<unsigned char>(b[i])); };
    return byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3);
  };
  const uint64_t rows = axis();
  uint64_t width = 1;
  for (char i = 1; i < magic[3]; ++i) {
    width *= axis();
    if (width > kMaxRowLength) in.corrupt("says rows of more than " + std::to_string(kMaxRowLength) + " values");
  }
  if (rows > 0 && width == 0) in.corrupt("says " + std::to_string(rows) + " rows of no values");
  const auto values = in.take(rows * width, "the values");
  return {static_cast<size_t>(std::min<uint64_t>(rows, max_rows)), static_cast<size_t>(width),
          static_cast<size_t>(width), values.data()};
}

template <typename T, typename Out>
void unpack(const Shape& shape, std::vector<Out>& out) {
  out.resize(shape.rows * shape.width);
  std::vector<T> row(shape.width);
  for (size_t r = 0; r < shape.rows; ++r) {
    if (shape.width) std::memcpy(row.data(), shape.first + r * shape.stride, shape.width * sizeof(T));
    std::transform(row.begin(), row.end(), out.begin() + static_cast<ptrdiff_t>(r * shape.width),
                   [](T v) { return static_cast<Out>(v); });
  }
}

struct Content {
  std::string format, bytes;
};

// The file's bytes and its format by name; IDX files are called ...-idx3-ubyte.
Content load(const fs::path& file) {
  Content out;
  fs::path name = file;
  if (name.extension() == ".gz") {
    name = name.stem();
    base::ProcessLimits limits;
    limits.output_bytes = kMaxUnpackedBytes;
    limits.memory_bytes = 1ull << 30;
    const std::string packed = base::read_file(file);
    auto result = base::run_process({"gzip", "-dc"}, packed, limits);
    if (result.exit_status != 0 || result.output_cut)
      throw Error(Code::Corrupt, file.string() + ": gzip cannot unpack it: " + result.err);
    out.bytes = std::move(result.out);
  } else {
    out.bytes = base::read_file(file);
  }
  const std::string text = name.filename().string();
  const auto is_idx = text.find("-idx") != std::string::npos && text.ends_with("-ubyte");
  out.format = is_idx ? "idx" : name.extension().string();
  if (out.format.starts_with('.')) out.format.erase(0, 1);
  return out;
}

[[noreturn]] void unknown_format(std::string_view format, const std::string& name, const char* known) {
  throw Error(Code::Unsupported,
              name + ": files ending in '" + std::string(format) + "' are not known here; known are " + known);
}

std::string ending(const fs::path& file) {
  std::string text = file.extension().string();
  return text.empty() ? text : text.substr(1);
}

void require_bytes(std::span<const float> values, const fs::path& file) {
  for (const float v : values)
    if (!(v >= 0 && v <= 255 && v == std::floor(v)))
      throw Error(Code::Invalid, file.string() + ": the value " + std::to_string(v) +
                                     " is no whole number 0..255; write .fvecs or .npy");
}

template <typename T, typename In>
void put_row(base::ByteWriter& out, std::span<const In> row) {
  for (const In v : row) out.put(static_cast<T>(v));
}

}  // namespace

Vectors parse_vectors(std::string_view bytes, std::string_view format, const std::string& name, size_t max_rows) {
  if (format == "npy") return parse_npy(bytes, name, max_rows);
  Vectors out;
  Shape shape;
  if (format == "fvecs" || format == "fbin") {
    shape = format == "fvecs" ? vecs_shape(bytes, 4, name, max_rows) : bin_shape(bytes, 4, name, max_rows);
    unpack<float>(shape, out.values);
  } else if (format == "bvecs" || format == "u8bin" || format == "idx") {
    shape = format == "bvecs"   ? vecs_shape(bytes, 1, name, max_rows)
            : format == "u8bin" ? bin_shape(bytes, 1, name, max_rows)
                                : idx_shape(bytes, name, max_rows);
    out.element = Element::U8;
    unpack<uint8_t>(shape, out.values);
  } else if (format == "i8bin") {
    shape = bin_shape(bytes, 1, name, max_rows);
    out.element = Element::I8;
    unpack<int8_t>(shape, out.values);
  } else if (format == "ivecs" || format == "ibin") {
    shape = format == "ivecs" ? vecs_shape(bytes, 4, name, max_rows) : bin_shape(bytes, 4, name, max_rows);
    out.element = Element::Integer;
    unpack<int32_t>(shape, out.values);
  } else {
    unknown_format(format, name, ".npy .fvecs .bvecs .ivecs .fbin .u8bin .i8bin .ibin and -idxN-ubyte, also with .gz");
  }
  out.dim = shape.width;
  return out;
}

IdRows parse_ids(std::string_view bytes, std::string_view format, const std::string& name, size_t max_rows) {
  if (format != "ivecs" && format != "ibin") unknown_format(format, name, ".ivecs .ibin for ids");
  const Shape shape = format == "ivecs" ? vecs_shape(bytes, 4, name, max_rows) : bin_shape(bytes, 4, name, max_rows);
  IdRows out;
  out.width = shape.width;
  unpack<int32_t>(shape, out.ids);
  return out;
}

Vectors read_vectors(const fs::path& file, size_t max_rows) {
  const Content content = load(file);
  return parse_vectors(content.bytes, content.format, file.string(), max_rows);
}

IdRows read_ids(const fs::path& file, size_t max_rows) {
  const Content content = load(file);
  return parse_ids(content.bytes, content.format, file.string(), max_rows);
}

void write_vectors(const fs::path& file, size_t dim, std::span<const float> values) {
  if (dim == 0 || values.size() % dim != 0)
    throw Error(Code::Invalid,
                file.string() + ": " + std::to_string(values.size()) + " values are no rows of " + std::to_string(dim));
  const std::string format = ending(file);
  if (format == "npy") return base::write_file_atomic(file, make_npy(dim, values));
  const bool bytes = format == "bvecs" || format == "u8bin", rowwise = format == "fvecs" || format == "bvecs";
  if (!bytes && !rowwise && format != "fbin")
    unknown_format(format, file.string(), ".npy .fvecs .bvecs .fbin .u8bin for writing");
  if (bytes) require_bytes(values, file);
  base::ByteWriter out;
  if (!rowwise) out.put(static_cast<uint32_t>(values.size() / dim)), out.put(static_cast<uint32_t>(dim));
  for (size_t at = 0; at < values.size(); at += dim) {
    if (rowwise) out.put(static_cast<uint32_t>(dim));
    if (bytes)
      put_row<uint8_t>(out, values.subspan(at, dim));
    else
      out.put_array(values.subspan(at, dim));
  }
  base::write_file_atomic(file, out.bytes());
}

void write_ids(const fs::path& file, const IdRows& rows) {
  const std::string format = ending(file);
  if (format != "ivecs" && format != "ibin") unknown_format(format, file.string(), ".ivecs .ibin for ids");
  for (const int64_t id : rows.ids)
    if (id != static_cast<int32_t>(id))
      throw Error(Code::Invalid, file.string() + ": id " + std::to_string(id) + " does not fit 32 bits");
  base::ByteWriter out;
  if (format == "ibin") out.put(static_cast<uint32_t>(rows.rows())), out.put(static_cast<uint32_t>(rows.width));
  for (size_t r = 0; r < rows.rows(); ++r) {
    if (format == "ivecs") out.put(static_cast<uint32_t>(rows.width));
    put_row<int32_t>(out, std::span(rows.ids).subspan(r * rows.width, rows.width));
  }
  base::write_file_atomic(file, out.bytes());
}

}  // namespace hanok::index::formats
