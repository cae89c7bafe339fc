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

template <typename T>
Layout layout_of(const Shape& shape, Element element) {
  return {.rows = shape.rows,
          .dim = shape.width,
          .element = element,
          .row_stride = shape.stride,
          .value_stride = sizeof(T),
          .first = shape.first,
          .convert = convert_values<T>};
}

bool is_packed(const fs::path& file) { return file.extension() == ".gz"; }

// By the name without a further .gz; IDX files are called ...-idx3-ubyte.
std::string format_of(const fs::path& file) {
  const fs::path name = is_packed(file) ? file.stem() : file;
  const std::string text = name.filename().string();
  if (text.find("-idx") != std::string::npos && text.ends_with("-ubyte")) return "idx";
  const std::string format = name.extension().string();
  return format.starts_with('.') ? format.substr(1) : format;
}

std::string unpack(const fs::path& file) {
  base::ProcessLimits limits;
  limits.output_bytes = kMaxUnpackedBytes;
  limits.memory_bytes = 1ull << 30;
  const std::string packed = base::read_file(file);
  auto result = base::run_process({"gzip", "-dc"}, packed, limits);
  if (result.exit_status != 0 || result.output_cut)
    throw Error(Code::Corrupt, file.string() + ": gzip cannot unpack it: " + result.err);
  return std::move(result.out);
}

std::string bytes_of(const fs::path& file) { return is_packed(file) ? unpack(file) : base::read_file(file); }

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

Layout find_layout(std::string_view bytes, std::string_view format, const std::string& name, size_t max_rows) {
  if (format == "npy") return npy_layout(bytes, name, max_rows);
  if (format == "fvecs") return layout_of<float>(vecs_shape(bytes, 4, name, max_rows), Element::F32);
  if (format == "fbin") return layout_of<float>(bin_shape(bytes, 4, name, max_rows), Element::F32);
  if (format == "bvecs") return layout_of<uint8_t>(vecs_shape(bytes, 1, name, max_rows), Element::U8);
  if (format == "u8bin") return layout_of<uint8_t>(bin_shape(bytes, 1, name, max_rows), Element::U8);
  if (format == "idx") return layout_of<uint8_t>(idx_shape(bytes, name, max_rows), Element::U8);
  if (format == "i8bin") return layout_of<int8_t>(bin_shape(bytes, 1, name, max_rows), Element::I8);
  if (format == "ivecs") return layout_of<int32_t>(vecs_shape(bytes, 4, name, max_rows), Element::Integer);
  if (format == "ibin") return layout_of<int32_t>(bin_shape(bytes, 4, name, max_rows), Element::Integer);
  unknown_format(format, name, ".npy .fvecs .bvecs .ivecs .fbin .u8bin .i8bin .ibin and -idxN-ubyte, also with .gz");
}

}  // namespace

Vectors parse_vectors(std::string_view bytes, std::string_view format, const std::string& name, size_t max_rows) {
  const Layout layout = find_layout(bytes, format, name, max_rows);
  Vectors out{layout.dim, layout.element, std::vector<float>(layout.rows * layout.dim)};
  for (size_t r = 0; r < layout.rows; ++r) layout.read(r, out.values.data() + r * layout.dim);
  return out;
}

IdRows parse_ids(std::string_view bytes, std::string_view format, const std::string& name, size_t max_rows) {
  if (format != "ivecs" && format != "ibin") unknown_format(format, name, ".ivecs .ibin for ids");
  const Shape shape = format == "ivecs" ? vecs_shape(bytes, 4, name, max_rows) : bin_shape(bytes, 4, name, max_rows);
  IdRows out{shape.width, {}};
  out.ids.reserve(shape.rows * shape.width);
  for (size_t r = 0; r < shape.rows; ++r)
    for (size_t i = 0; i < shape.width; ++i) {
      int32_t id;
      std::memcpy(&id, shape.first + r * shape.stride + i * sizeof(id), sizeof(id));
      out.ids.push_back(id);
    }
  return out;
}

VectorFile::VectorFile(const fs::path& file, size_t max_rows) {
  if (is_packed(file))
    unpacked_ = unpack(file);
  else
    map_ = base::MappedFile(file);
  layout_ = find_layout(is_packed(file) ? std::string_view(unpacked_) : map_.view(), format_of(file), file.string(),
                        max_rows);
}

Vectors read_vectors(const fs::path& file, size_t max_rows) {
  return parse_vectors(bytes_of(file), format_of(file), file.string(), max_rows);
}

IdRows read_ids(const fs::path& file, size_t max_rows) {
  return parse_ids(bytes_of(file), format_of(file), file.string(), max_rows);
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
