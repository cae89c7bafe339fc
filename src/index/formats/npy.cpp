#include "index/formats/npy.h"

#include <algorithm>
#include <charconv>

#include "base/byte_reader.h"
#include "math/half.h"

namespace hanok::index::formats {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";

struct Header {
  std::string type;  // "<f4"
  bool fortran = false;
  uint64_t rows = 0, columns = 0;
};

// The header is a Python dict literal with three known keys; each value is found by its key's name.
std::string_view value_of(std::string_view header, std::string_view key, const base::ByteReader& in) {
  const size_t at = header.find("'" + std::string(key) + "'");
  const size_t colon = at == std::string_view::npos ? at : header.find(':', at);
  if (colon == std::string_view::npos) in.corrupt("the .npy header has no '" + std::string(key) + "'");
  const size_t from = header.find_first_not_of(' ', colon + 1);
  if (from == std::string_view::npos) in.corrupt("the .npy header ends after '" + std::string(key) + "'");
  return header.substr(from);
}

Header parse_header(std::string_view text, const base::ByteReader& in) {
  Header h;
  auto type = value_of(text, "descr", in);
  const size_t end = type.size() > 1 ? type.find('\'', 1) : std::string_view::npos;
  if (type[0] != '\'' || end == std::string_view::npos)
    throw Error(Code::Unsupported, in.name() + ": a structured NumPy dtype; plain numbers were expected");
  h.type = std::string(type.substr(1, end - 1));
  h.fortran = value_of(text, "fortran_order", in).starts_with("True");
  auto shape = value_of(text, "shape", in);
  const size_t close = shape.find(')');
  if (shape[0] != '(' || close == std::string_view::npos) in.corrupt("the .npy header has no tuple as 'shape'");
  std::vector<uint64_t> axes;
  for (const char *p = shape.data() + 1, *last = shape.data() + close; p < last;) {
    if (*p == ' ' || *p == ',') {
      ++p;
      continue;
    }
    uint64_t n = 0;
    const auto [next, error] = std::from_chars(p, last, n);
    if (error != std::errc()) in.corrupt("the .npy shape holds something that is no size");
    axes.push_back(n);
    p = next;
  }
  if (axes.empty() || axes.size() > 2)
    throw Error(Code::Unsupported, in.name() + ": an array of " + std::to_string(axes.size()) +
                                       " axes; [rows, dim] or one row was expected");
  h.columns = axes.back();
  h.rows = axes.size() == 2 ? axes[0] : std::min<uint64_t>(h.columns, 1);
  if (h.rows > 0 && h.columns == 0) in.corrupt("the .npy header says " + std::to_string(h.rows) + " rows of no values");
  return h;
}

struct Half {
  uint16_t bits;
  explicit operator float() const { return math::half_to_float(bits); }
};

}  // namespace

Layout npy_layout(std::string_view bytes, const std::string& name, size_t max_rows) {
  base::ByteReader in(bytes, name);
  if (in.take(kMagic.size(), "the .npy magic") != kMagic) in.corrupt("does not begin like a .npy file");
  const auto major = in.read<uint8_t>("version");
  in.read<uint8_t>("version");
  if (major < 1 || major > 3)
    throw Error(Code::Unsupported, name + ": .npy version " + std::to_string(major) + "; 1 to 3 are known");
  const uint64_t length = major == 1 ? in.read<uint16_t>("header length") : in.read<uint32_t>("header length");
  const Header h = parse_header(in.take(length, "the .npy header"), in);
  struct Kind {
    const char* type;
    Element element;
    size_t bytes;
    Layout::Convert convert;
  };
  static constexpr Kind kinds[] = {
      {"<f4", Element::F32, 4, convert_values<float>},        {"<f8", Element::F64, 8, convert_values<double>},
      {"<f2", Element::F16, 2, convert_values<Half>},         {"|u1", Element::U8, 1, convert_values<uint8_t>},
      {"|i1", Element::I8, 1, convert_values<int8_t>},        {"<i2", Element::Integer, 2, convert_values<int16_t>},
      {"<u2", Element::Integer, 2, convert_values<uint16_t>}, {"<i4", Element::Integer, 4, convert_values<int32_t>},
      {"<u4", Element::Integer, 4, convert_values<uint32_t>}, {"<i8", Element::Integer, 8, convert_values<int64_t>},
      {"<u8", Element::Integer, 8, convert_values<uint64_t>}};
  for (const Kind& k : kinds) {
    if (h.type != k.type) continue;
    if (h.columns > 0 && h.rows > in.left() / k.bytes / h.columns)
      in.corrupt("the .npy header says " + std::to_string(h.rows) + " x " + std::to_string(h.columns) +
                 " values, the file has bytes for " + std::to_string(in.left() / k.bytes));
    const auto all = static_cast<size_t>(h.rows), columns = static_cast<size_t>(h.columns);
    Layout out{.rows = std::min(all, max_rows), .dim = columns, .element = k.element};
    out.first = bytes.data() + in.position();
    out.row_stride = h.fortran ? k.bytes : columns * k.bytes;
    out.value_stride = h.fortran ? all * k.bytes : k.bytes;
    out.convert = k.convert;
    return out;
  }
  throw Error(Code::Unsupported, name + ": NumPy dtype '" + h.type +
                                     "'; little-endian floats or integers were expected (array.astype('float32'))");
}

std::string make_npy(size_t dim, std::span<const float> values) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" +
                       std::to_string(dim ? values.size() / dim : 0) + ", " + std::to_string(dim) + "), }";
  const size_t fixed = kMagic.size() + 4;                                 // magic, version, header length
  header.append(63 - (fixed + header.size()) % 64, ' ').push_back('\n');  // values begin at a multiple of 64
  base::ByteWriter out;
  out.put_text(kMagic);
  out.put<uint8_t>(1);
  out.put<uint8_t>(0);
  out.put(static_cast<uint16_t>(header.size()));
  out.put_text(header);
  out.put_array(values);
  return out.bytes();
}

}  // namespace hanok::index::formats
