#include "nn/gguf.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <set>

#include "base/byte_reader.h"
#include "hanok/error.h"
#include "math/weight_formats.h"

namespace hanok::nn {
namespace {

using Type = GgufValue::Type;
using base::ByteReader;

constexpr uint64_t kMaxKey = 65535, kMaxTensorName = 1024, kMaxAxes = 8;
constexpr uint64_t kMaxTensors = 1 << 20, kMaxSettings = 1 << 16;
constexpr uint64_t kDefaultAlignment = 32;

// Bytes of one value; 0 for texts and arrays.
size_t width(Type type) {
  constexpr std::array<size_t, 13> kWidths = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
  return kWidths[static_cast<size_t>(type)];
}

Type read_type(ByteReader& in, const char* what) {
  const auto type = in.read<uint32_t>(what);
  if (type > static_cast<uint32_t>(Type::F64))
    in.corrupt(std::string(what) + " is " + std::to_string(type) + ", expected 0 to 12, before byte " +
               std::to_string(in.position()));
  return static_cast<Type>(type);
}

std::string_view read_text(ByteReader& in, uint64_t most, const char* what) {
  const auto length = in.read<uint64_t>(what);
  if (length > most)
    in.corrupt(std::string(what) + " has " + std::to_string(length) + " bytes before byte " +
               std::to_string(in.position()) + ", expected at most " + std::to_string(most));
  return in.take(length, what);
}

GgufValue read_value(ByteReader& in) {
  GgufValue value;
  value.type = read_type(in, "type of a setting");
  if (value.type == Type::Text) {
    value.bytes = read_text(in, UINT64_MAX, "text of a setting");
    return value;
  }
  if (value.type != Type::Array) {
    value.bytes = in.take(width(value.type), "value of a setting");
    return value;
  }
  value.element = read_type(in, "type of an array");
  value.count = in.read<uint64_t>("length of an array");
  if (value.element == Type::Array) in.corrupt("an array of arrays, which no model has");
  if (value.element != Type::Text) {
    if (value.count > in.left() / width(value.element))
      in.corrupt("an array of " + std::to_string(value.count) + " values at byte " + std::to_string(in.position()) +
                 " reaches beyond the file");
    value.bytes = in.take(value.count * width(value.element), "array");
    return value;
  }
  const ByteReader start = in;
  for (uint64_t i = 0; i < value.count; ++i) read_text(in, UINT64_MAX, "text of an array");
  ByteReader whole = start;
  value.bytes = whole.take(in.position() - start.position(), "array of texts");
  return value;
}

struct Described {
  Tensor tensor;
  uint64_t offset = 0, bytes = 0;
};

// Axes are written innermost first.
Described read_tensor(ByteReader& in) {
  Described out;
  Tensor& t = out.tensor;
  t.name = std::string(read_text(in, kMaxTensorName, "name of a tensor"));
  const auto fail = [&](const std::string& why) { in.corrupt("tensor '" + t.name + "': " + why); };
  const auto axes = in.read<uint32_t>("axes of a tensor");
  if (axes > kMaxAxes) fail("has " + std::to_string(axes) + " axes");
  uint64_t count = 1;
  for (uint32_t i = 0; i < axes; ++i) {
    const auto length = in.read<uint64_t>("axis of a tensor");
    if (length == 0 || length > INT64_MAX / count) fail("axis " + std::to_string(i) + " is " + std::to_string(length));
    count *= length;
    t.shape.insert(t.shape.begin(), static_cast<size_t>(length));
  }
  const auto ggml = in.read<uint32_t>("type of a tensor");
  const auto format = math::weight_format_of_ggml(ggml);
  if (!format) {
    std::string known;
    for (const auto& f : math::weight_formats()) known += (known.empty() ? "" : ", ") + std::string(f.name);
    throw Error(Code::Unsupported, in.name() + ": tensor '" + t.name + "' has ggml's type " + std::to_string(ggml) +
                                       "; this version reads " + known);
  }
  t.set_format(*format);
  const auto& info = math::info(*format);
  if (t.columns() % info.block != 0)
    fail("rows of " + std::to_string(t.columns()) + " values are no whole blocks of " + std::to_string(info.block) +
         " (" + std::string(info.name) + ")");
  if (count / info.block > INT64_MAX / info.bytes) fail("is too large");
  out.bytes = count / info.block * info.bytes;
  out.offset = in.read<uint64_t>("offset of a tensor");
  return out;
}

uint64_t alignment_of(const GgufHeader& header, const ByteReader& in) {
  const auto at = header.settings.find("general.alignment");
  if (at == header.settings.end()) return kDefaultAlignment;
  uint32_t value = 0;
  if (at->second.type == Type::U32) std::memcpy(&value, at->second.bytes.data(), sizeof value);
  if (value == 0 || value % 8 != 0 || value > 1 << 20)
    in.corrupt("general.alignment is " + std::to_string(value) + ", expected a multiple of 8");
  return value;
}

void check_overlaps(std::vector<Described>& tensors, const ByteReader& in) {
  std::vector<const Described*> order;
  for (const auto& t : tensors) order.push_back(&t);
  std::sort(order.begin(), order.end(), [](auto* a, auto* b) { return a->offset < b->offset; });
  for (size_t i = 1; i < order.size(); ++i)
    if (order[i]->offset < order[i - 1]->offset + order[i - 1]->bytes)
      in.corrupt("tensor '" + order[i]->tensor.name + "' overlaps '" + order[i - 1]->tensor.name + "' at byte " +
                 std::to_string(order[i]->offset) + " of the data");
}

uint32_t read_version(ByteReader& in) {
  if (in.left() < 4 || in.take(4, "magic") != "GGUF") in.corrupt("does not begin with GGUF");
  const auto version = in.read<uint32_t>("version");
  if (version == 2 || version == 3) return version;
  const bool swapped = version != 0 && (version & 0xFFFF) == 0;
  throw Error(Code::Unsupported,
              in.name() + (swapped ? ": is a big-endian GGUF file; this version reads little-endian ones"
                                   : ": is GGUF version " + std::to_string(version) +
                                         "; this version reads 2 and 3, convert the model anew"));
}

GgufHeader read_header(std::span<const std::byte> bytes, std::string_view what) {
  ByteReader in({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, std::string(what));
  GgufHeader header;
  header.version = read_version(in);
  const auto tensors = in.read<uint64_t>("number of tensors"), settings = in.read<uint64_t>("number of settings");
  if (tensors > kMaxTensors) in.corrupt("says it has " + std::to_string(tensors) + " tensors");
  if (settings > kMaxSettings) in.corrupt("says it has " + std::to_string(settings) + " settings");
  for (uint64_t i = 0; i < settings; ++i) {
    std::string key(read_text(in, kMaxKey, "key of a setting"));
    const GgufValue value = read_value(in);
    if (!header.settings.emplace(key, value).second) in.corrupt("setting '" + key + "' stands twice");
  }
  std::vector<Described> described;
  std::set<std::string_view> names;
  for (uint64_t i = 0; i < tensors; ++i) described.push_back(read_tensor(in));
  for (const auto& d : described)
    if (!names.insert(d.tensor.name).second) in.corrupt("tensor '" + d.tensor.name + "' stands twice");

  const uint64_t alignment = alignment_of(header, in);
  const uint64_t start = (in.position() + alignment - 1) / alignment * alignment;
  check_overlaps(described, in);
  for (auto& d : described) {
    if (d.offset % alignment != 0)
      in.corrupt("tensor '" + d.tensor.name + "' begins at byte " + std::to_string(d.offset) +
                 " of the data, expected a multiple of " + std::to_string(alignment));
    if (start > bytes.size() || d.offset > bytes.size() - start || d.bytes > bytes.size() - start - d.offset)
      in.corrupt("tensor '" + d.tensor.name + "' ends at byte " + std::to_string(start + d.offset + d.bytes) +
                 ", the file has " + std::to_string(bytes.size()) + "; is the download complete?");
    d.tensor.bytes = bytes.subspan(start + d.offset, d.bytes);
    header.tensors.push_back(std::move(d.tensor));
  }
  return header;
}

}  // namespace

GgufHeader read_gguf(std::span<const std::byte> bytes, std::string_view what) {
  try {
    return read_header(bytes, what);
  } catch (const Error& e) {
    if (e.code() != Code::Corrupt) throw;
    throw Error(Code::Corrupt, std::string(e.what()) + " (the file is cut off, damaged or not GGUF: get it again)");
  }
}

namespace {

// NAME-00002-of-00005.gguf: its number and how many there are.
struct Part {
  std::string stem;
  uint64_t number = 0, count = 0;
};
std::optional<Part> part_of(const std::string& name) {
  constexpr std::string_view kTail = "-00001-of-00001.gguf";
  if (name.size() <= kTail.size()) return std::nullopt;
  const std::string tail = name.substr(name.size() - kTail.size());
  const auto digits = [&](size_t at) {
    return std::all_of(tail.begin() + at, tail.begin() + at + 5, [](char c) { return c >= '0' && c <= '9'; });
  };
  if (tail[0] != '-' || !digits(1) || tail.substr(6, 4) != "-of-" || !digits(10) || tail.substr(15) != ".gguf")
    return std::nullopt;
  return Part{name.substr(0, name.size() - kTail.size()), std::stoull(tail.substr(1, 5)),
              std::stoull(tail.substr(10, 5))};
}

std::string part_name(const Part& part, uint64_t number) {
  char tail[32];
  std::snprintf(tail, sizeof tail, "-%05u-of-%05u.gguf", static_cast<unsigned>(number),
                static_cast<unsigned>(part.count));
  return part.stem + tail;
}

}  // namespace

Gguf Gguf::open(const base::fs::path& file) {
  Gguf out;
  out.what_ = file.string();
  std::vector<base::fs::path> parts;
  const auto part = part_of(file.filename().string());
  if (!part || part->count < 2) {
    parts.push_back(file);
  } else {
    for (uint64_t n = 1; n <= part->count; ++n) parts.push_back(file.parent_path() / part_name(*part, n));
    for (const auto& p : parts)
      if (!base::fs::exists(p))
        throw Error(Code::NotFound,
                    p.string() + ": is missing; the model has " + std::to_string(part->count) + " parts");
  }
  std::set<std::string> names;
  for (const auto& p : parts) {
    base::MappedFile map(p);
    GgufHeader header = read_gguf(map.bytes(), p.string());
    if (out.files_.empty()) out.settings_ = std::move(header.settings);
    for (auto& t : header.tensors) {
      if (!names.insert(t.name).second)
        throw Error(Code::Corrupt, p.string() + ": tensor '" + t.name + "' is also in another part of the model");
      out.tensors_.push_back(std::move(t));
    }
    out.files_.emplace_back(p, std::move(map));
  }
  if (const auto total = out.whole("split.tensors.count"); total && *total != out.tensors_.size())
    throw Error(Code::Corrupt, out.what_ + ": its parts have " + std::to_string(out.tensors_.size()) +
                                   " tensors, split.tensors.count says " + std::to_string(*total));
  return out;
}

const GgufValue* Gguf::find(std::string_view key) const {
  const auto at = settings_.find(key);
  return at == settings_.end() ? nullptr : &at->second;
}

void Gguf::wrong(std::string_view key, std::string_view expected) const {
  throw Error(Code::Corrupt, what_ + ": setting '" + std::string(key) + "' is not " + std::string(expected));
}

namespace {

template <class T>
T load(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

// Any number, as a double: exact for whole numbers below 2^53, which is every one that a model has.
std::optional<double> as_number(Type type, const char* at) {
  switch (type) {
    case Type::U8:
      return load<uint8_t>(at);
    case Type::I8:
      return load<int8_t>(at);
    case Type::U16:
      return load<uint16_t>(at);
    case Type::I16:
      return load<int16_t>(at);
    case Type::U32:
      return load<uint32_t>(at);
    case Type::I32:
      return load<int32_t>(at);
    case Type::F32:
      return load<float>(at);
    case Type::U64:
      return static_cast<double>(load<uint64_t>(at));
    case Type::I64:
      return static_cast<double>(load<int64_t>(at));
    case Type::F64:
      return load<double>(at);
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<uint64_t> Gguf::whole(std::string_view key) const {
  const auto value = number(key);
  if (!value) return std::nullopt;
  if (!(*value >= 0 && *value < 0x1p53) || *value != static_cast<double>(static_cast<uint64_t>(*value)))
    wrong(key, "a whole number of 0 or more");
  return static_cast<uint64_t>(*value);
}

std::optional<double> Gguf::number(std::string_view key) const {
  const GgufValue* value = find(key);
  if (!value) return std::nullopt;
  const auto out = as_number(value->type, value->bytes.data());
  if (!out) wrong(key, "a number");
  return out;
}

std::optional<bool> Gguf::flag(std::string_view key) const {
  const GgufValue* value = find(key);
  if (!value) return std::nullopt;
  if (value->type != Type::Bool || static_cast<unsigned char>(value->bytes[0]) > 1) wrong(key, "true or false");
  return value->bytes[0] != 0;
}

std::optional<std::string_view> Gguf::text(std::string_view key) const {
  const GgufValue* value = find(key);
  if (!value) return std::nullopt;
  if (value->type != Type::Text) wrong(key, "a text");
  return value->bytes;
}

std::vector<std::string_view> Gguf::texts(std::string_view key) const {
  const GgufValue* value = find(key);
  if (!value) return {};
  if (value->type != Type::Array || value->element != Type::Text) wrong(key, "an array of texts");
  std::vector<std::string_view> out;
  out.reserve(value->count);
  for (size_t at = 0; at < value->bytes.size();) {  // lengths were checked when the head was read
    const auto length = load<uint64_t>(value->bytes.data() + at);
    out.push_back(value->bytes.substr(at + sizeof length, length));
    at += sizeof length + length;
  }
  return out;
}

std::vector<float> Gguf::floats(std::string_view key) const {
  const GgufValue* value = find(key);
  if (!value) return {};
  if (value->type != Type::Array || value->element == Type::Text || value->element == Type::Bool)
    wrong(key, "an array of numbers");
  std::vector<float> out;
  const size_t step = width(value->element);
  for (uint64_t i = 0; i < value->count; ++i)
    out.push_back(static_cast<float>(*as_number(value->element, value->bytes.data() + i * step)));
  return out;
}

std::vector<int32_t> Gguf::wholes(std::string_view key) const {
  const GgufValue* value = find(key);
  if (!value) return {};
  if (value->type != Type::Array || (value->element != Type::I32 && value->element != Type::U32))
    wrong(key, "an array of whole numbers");
  std::vector<int32_t> out;
  for (uint64_t i = 0; i < value->count; ++i) out.push_back(load<int32_t>(value->bytes.data() + i * sizeof(int32_t)));
  return out;
}

}  // namespace hanok::nn
