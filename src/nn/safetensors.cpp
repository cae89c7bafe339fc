#include "nn/safetensors.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <set>

#include "base/json.h"
#include "hanok/error.h"

namespace hanok::nn {
namespace {

using base::Json;

constexpr uint64_t kMaxHeader = 100'000'000;  // the reference reader's limit
constexpr int kMaxDepth = 4;                  // {name: {"shape": [1]}}: an honest header is three deep

[[noreturn]] void corrupt(std::string_view what, const std::string& why) {
  throw Error(Code::Corrupt, std::string(what) + ": " + why + "; the file is damaged or not safetensors, get it again");
}

const std::map<std::string, DType, std::less<>>& types() {
  static const std::map<std::string, DType, std::less<>> table = {{"BOOL", DType::Bool},
                                                                  {"U8", DType::U8},
                                                                  {"I8", DType::I8},
                                                                  {"U16", DType::U16},
                                                                  {"I16", DType::I16},
                                                                  {"F16", DType::F16},
                                                                  {"BF16", DType::BF16},
                                                                  {"U32", DType::U32},
                                                                  {"I32", DType::I32},
                                                                  {"F32", DType::F32},
                                                                  {"U64", DType::U64},
                                                                  {"I64", DType::I64},
                                                                  {"F64", DType::F64},
                                                                  {"C64", DType::Other64},
                                                                  {"F8_E4M3", DType::Other8},
                                                                  {"F8_E5M2", DType::Other8},
                                                                  {"F8_E8M0", DType::Other8},
                                                                  {"F8_E4M3FNUZ", DType::Other8},
                                                                  {"F8_E5M2FNUZ", DType::Other8},
                                                                  {"F6_E2M3", DType::Other6},
                                                                  {"F6_E3M2", DType::Other6},
                                                                  {"F4", DType::Other4}};
  return table;
}

// A key that stands twice in one object would silently replace the first: refuse it while parsing.
Json parse_header(std::string_view text, std::string_view what) {
  std::vector<std::set<std::string>> seen;
  const auto look = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > kMaxDepth) corrupt(what, "its header is nested deeper than " + std::to_string(kMaxDepth));
    if (event == Json::parse_event_t::object_start) seen.emplace_back();
    if (event == Json::parse_event_t::object_end) seen.pop_back();
    if (event == Json::parse_event_t::key && !seen.back().insert(parsed.get<std::string>()).second)
      corrupt(what, "its header has the key '" + parsed.get<std::string>() + "' twice");
    return true;
  };
  try {
    return Json::parse(text, look);
  } catch (const Json::exception& e) {
    corrupt(what, std::string("its header is not JSON: ") + e.what());
  }
}

uint64_t whole(const Json& value, std::string_view what, const std::string& tensor, const char* field) {
  if (!value.is_number_unsigned())
    corrupt(what, "tensor '" + tensor + "': " + field + " has something else than whole numbers");
  return value.get<uint64_t>();
}

// Shape and offsets of one entry; bounds and size are checked here, the neighbours later.
Tensor read_entry(const std::string& name, const Json& entry, std::span<const std::byte> data, std::string_view what) {
  if (!entry.is_object() || entry.size() != 3 || !entry.contains("dtype") || !entry.contains("shape") ||
      !entry.contains("data_offsets"))
    corrupt(what, "tensor '" + name + "': expected dtype, shape and data_offsets");
  const Json &dtype = entry["dtype"], &shape = entry["shape"], &offsets = entry["data_offsets"];
  if (!dtype.is_string() || !shape.is_array() || !offsets.is_array() || offsets.size() != 2)
    corrupt(what, "tensor '" + name + "': dtype, shape or data_offsets is malformed");
  const auto type = types().find(dtype.get_ref<const std::string&>());
  if (type == types().end())
    throw Error(Code::Unsupported, std::string(what) + ": tensor '" + name + "' has the unknown type " + dtype.dump());

  Tensor tensor{.name = name, .type = type->second};
  uint64_t count = 1;
  for (const Json& d : shape) {
    const uint64_t n = whole(d, what, name, "shape");
    if (__builtin_mul_overflow(count, n, &count)) corrupt(what, "tensor '" + name + "': its shape overflows");
    tensor.shape.push_back(n);
  }
  const uint64_t begin = whole(offsets[0], what, name, "data_offsets"),
                 end = whole(offsets[1], what, name, "data_offsets");
  if (begin > end || end > data.size())
    corrupt(what, "tensor '" + name + "' takes bytes " + std::to_string(begin) + " to " + std::to_string(end) +
                      " of the data, there are " + std::to_string(data.size()));
  uint64_t size_bits = 0;
  if (__builtin_mul_overflow(count, static_cast<uint64_t>(bits(tensor.type)), &size_bits) || size_bits % 8 != 0 ||
      size_bits / 8 != end - begin)
    corrupt(what,
            "tensor '" + name + "' is " + describe(tensor) + " but has " + std::to_string(end - begin) + " bytes");
  tensor.bytes = data.subspan(begin, end - begin);
  return tensor;
}

void check_cover(const std::vector<Tensor>& tensors, std::span<const std::byte> data, std::string_view what) {
  const std::byte* at = data.data();
  for (const Tensor& t : tensors) {
    if (t.bytes.data() < at) corrupt(what, "tensor '" + t.name + "' overlaps the one before it");
    if (t.bytes.data() > at) corrupt(what, "there is a hole of unused bytes before tensor '" + t.name + "'");
    at = t.bytes.data() + t.bytes.size();
  }
  if (at != data.data() + data.size())
    corrupt(what, std::to_string(data.data() + data.size() - at) + " bytes after the last tensor belong to none");
}

}  // namespace

SafetensorsHeader read_safetensors(std::span<const std::byte> bytes, std::string_view what) {
  if (bytes.size() < 8) corrupt(what, "has " + std::to_string(bytes.size()) + " bytes, a header needs at least 8");
  uint64_t length = 0;
  for (size_t i = 0; i < 8; ++i) length |= static_cast<uint64_t>(bytes[i]) << (8 * i);
  if (length > kMaxHeader)
    corrupt(what,
            "its header would have " + std::to_string(length) + " bytes, the limit is " + std::to_string(kMaxHeader));
  if (length > bytes.size() - 8)
    corrupt(what,
            "its header ends at byte " + std::to_string(8 + length) + ", the file has " + std::to_string(bytes.size()));
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + 8, length);
  if (text.empty() || text[0] != '{') corrupt(what, "its header does not start with '{'");

  const Json json = parse_header(text, what);
  const auto data = bytes.subspan(8 + length);
  SafetensorsHeader header;
  header.header_bytes = 8 + length;
  for (const auto& [name, entry] : json.items()) {
    if (name != "__metadata__") {
      header.tensors.push_back(read_entry(name, entry, data, what));
      continue;
    }
    if (!entry.is_object()) corrupt(what, "__metadata__ is not an object");
    for (const auto& [key, value] : entry.items()) {
      if (!value.is_string()) corrupt(what, "__metadata__ '" + key + "' is not text");
      header.metadata[key] = value.get<std::string>();
    }
  }
  std::stable_sort(header.tensors.begin(), header.tensors.end(), [](const Tensor& a, const Tensor& b) {
    return a.bytes.data() != b.bytes.data() ? a.bytes.data() < b.bytes.data() : a.bytes.size() < b.bytes.size();
  });
  check_cover(header.tensors, data, what);
  return header;
}

}  // namespace hanok::nn
