#include "nn/torch_file.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/byte_reader.h"
#include "hanok/error.h"
#include "nn/pickle.h"
#include "nn/zip_entries.h"

namespace hanok::nn {
namespace {

using base::ByteReader;
using Kind = PickleValue::Kind;

// The older stream begins with this number, pickled: 0x1950a86a20f9469cfc6c.
constexpr std::string_view kMagic("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10);
constexpr uint64_t kMaxCopies = 4;  // of the file's size: tensors may share a storage, but not without end
constexpr size_t kMaxTensors = 1'000'000, kMaxAxes = 64;

std::optional<DType> type_of(std::string_view storage) {
  static const std::map<std::string_view, DType> types = {
      {"torch\nFloatStorage", DType::F32},  {"torch\nHalfStorage", DType::F16}, {"torch\nBFloat16Storage", DType::BF16},
      {"torch\nDoubleStorage", DType::F64}, {"torch\nLongStorage", DType::I64}, {"torch\nIntStorage", DType::I32},
      {"torch\nShortStorage", DType::I16},  {"torch\nCharStorage", DType::I8},  {"torch\nByteStorage", DType::U8},
      {"torch\nBoolStorage", DType::Bool}};
  const auto it = types.find(storage);
  return it == types.end() ? std::nullopt : std::optional(it->second);
}

// Everything that is needed of the file to find a storage's values.
using FindStorage = std::function<std::string_view(const std::string& key, DType type)>;

class Reader {
 public:
  Reader(const Pickle& pickle, ByteReader& in, uint64_t file_bytes, FindStorage find)
      : pickle_(pickle), in_(in), may_copy_(kMaxCopies * file_bytes), find_(std::move(find)) {}

  TorchFile read() {
    const PickleValue& root = pickle_.at(pickle_.root);
    const PickleValue* dict = &root;
    for (const char* key : {"state_dict", "model", "model_state_dict", "net"}) {
      if (has_tensors(*dict)) break;
      if (const PickleValue* inner = pickle_.find(root, key)) dict = inner;
    }
    if (!has_tensors(*dict))
      throw Error(
          Code::Unsupported,
          in_.name() + ": has no dictionary of tensors; in Python, torch.save(model.state_dict(), FILE) writes one");
    for (size_t i = 0; i + 1 < dict->items.size(); i += 2) {
      const PickleValue &key = pickle_.at(dict->items[i]), &value = pickle_.at(dict->items[i + 1]);
      if (value.kind != Kind::Tensor) continue;
      if (key.kind != Kind::Text) in_.corrupt("a tensor's name is no text");
      if (out_.tensors.size() == kMaxTensors) in_.corrupt("has more than " + std::to_string(kMaxTensors) + " tensors");
      add(std::string(key.text), value);
    }
    return std::move(out_);
  }

 private:
  bool has_tensors(const PickleValue& value) const {
    if (value.kind != Kind::Dict) return false;
    for (size_t i = 1; i < value.items.size(); i += 2)
      if (pickle_.at(value.items[i]).kind == Kind::Tensor) return true;
    return false;
  }

  uint64_t whole(uint32_t at, const std::string& name) const {
    const PickleValue& value = pickle_.at(at);
    if (value.kind != Kind::Int || value.number < 0 || !value.text.empty())
      in_.corrupt("tensor '" + name + "': a size or stride is no whole number");
    return static_cast<uint64_t>(value.number);
  }

  std::vector<size_t> wholes(uint32_t at, const std::string& name) const {
    const PickleValue& value = pickle_.at(at);
    if (value.kind != Kind::Tuple || value.items.size() > kMaxAxes) in_.corrupt("tensor '" + name + "' has no shape");
    std::vector<size_t> out;
    for (const uint32_t i : value.items) out.push_back(whole(i, name));
    return out;
  }

  // The values of the storage that the persistent id ('storage', type, key, where, count) names.
  std::string_view storage(const PickleValue& id, const std::string& name, DType& type) const {
    if (id.kind != Kind::Storage) in_.corrupt("tensor '" + name + "' has no storage");
    const PickleValue &kind = pickle_.at(id.items[1]), &key = pickle_.at(id.items[2]);
    const auto known = kind.kind == Kind::Global ? type_of(kind.text) : std::nullopt;
    if (!known || key.kind != Kind::Text)
      throw Error(Code::Unsupported, in_.name() + ": tensor '" + name + "' has a type that is not known here");
    type = *known;
    return find_(std::string(key.text), type);
  }

  void add(const std::string& name, const PickleValue& value) {
    Tensor tensor{.name = name, .shape = wholes(value.items[2], name)};
    const std::string_view values = storage(pickle_.at(value.items[0]), name, tensor.type);
    const auto strides = wholes(value.items[3], name);
    const uint64_t offset = whole(value.items[1], name), item = bits(tensor.type) / 8, there = values.size() / item;
    if (strides.size() != tensor.shape.size()) in_.corrupt("tensor '" + name + "' has other strides than axes");
    uint64_t count = 1, last = offset, dense = 1;
    bool row_by_row = true, fits = true;
    for (size_t axis = tensor.shape.size(); axis-- > 0;) {
      const uint64_t n = tensor.shape[axis];
      uint64_t reach = 0;
      fits = fits && !__builtin_mul_overflow(count, n, &count) &&
             !__builtin_mul_overflow(n == 0 ? 0 : n - 1, strides[axis], &reach) &&
             !__builtin_add_overflow(last, reach, &last);
      row_by_row = row_by_row && (n <= 1 || strides[axis] == dense);
      dense *= std::max<uint64_t>(n, 1);
    }
    if (!fits || count > there || (count > 0 && last >= there))
      in_.corrupt("tensor '" + name + "' takes values that its storage, of " + std::to_string(there) +
                  ", does not have");
    if (count > 0 && !row_by_row)
      tensor.bytes = gather(values, tensor.shape, strides, offset, item, count);
    else if (count > 0)
      tensor.bytes = std::as_bytes(std::span(values.substr(offset * item, count * item)));
    out_.tensors.push_back(std::move(tensor));
  }

  // Row by row, whatever the strides are (channels_last, a transpose).
  std::span<const std::byte> gather(std::string_view values, const std::vector<size_t>& shape,
                                    const std::vector<size_t>& strides, uint64_t offset, uint64_t item,
                                    uint64_t count) {
    if (count * item > may_copy_) in_.corrupt("has more values in its tensors than in its storages");
    may_copy_ -= count * item;
    std::vector<std::byte>& to = out_.copies.emplace_back(count * item);
    std::vector<size_t> at(shape.size());
    uint64_t from = offset;
    for (uint64_t i = 0; i < count; ++i) {
      std::memcpy(&to[i * item], values.data() + from * item, item);
      for (size_t axis = shape.size(); axis-- > 0;) {
        from += strides[axis];
        if (++at[axis] < shape[axis]) break;
        from -= strides[axis] * shape[axis];
        at[axis] = 0;
      }
    }
    return to;
  }

  const Pickle& pickle_;
  ByteReader& in_;
  uint64_t may_copy_;
  FindStorage find_;
  TorchFile out_;
};

// NAME/data.pkl has the dictionary, NAME/data/KEY the values of a storage, NAME/byteorder "little" (since 2.1).
TorchFile read_zip(std::string_view file, const std::string& what) {
  const auto entries = zip_entries(file, what);
  std::string folder;
  const std::string_view* pickled = nullptr;
  for (const auto& [name, bytes] : entries)
    if (name.ends_with("/data.pkl") && !pickled) folder = name.substr(0, name.size() - 8), pickled = &bytes;
  ByteReader in(pickled ? *pickled : std::string_view(), what);
  if (!pickled) throw Error(Code::Unsupported, what + ": is a zip without data.pkl, expected what torch.save writes");
  if (const auto order = entries.find(folder + "byteorder"); order != entries.end() && order->second != "little")
    throw Error(Code::Unsupported, what + ": has its values in big-endian order; save it again on another machine");
  const Pickle pickle = read_pickle(in);
  return Reader(pickle, in, file.size(),
                [&](const std::string& key, DType) {
                  const auto found = entries.find(folder + "data/" + key);
                  if (found == entries.end()) in.corrupt("its storage '" + key + "' is missing");
                  return found->second;
                })
      .read();
}

// Until PyTorch 1.6: five pickles (magic number, version, machine, dictionary, keys of the storages), then for each key
// the number of its values (i64) and the values. Their types are known from the dictionary.
TorchFile read_stream(std::string_view file, const std::string& what) {
  ByteReader in(file, what);
  const Pickle magic = read_pickle(in);
  if (magic.at(magic.root).text != kMagic)
    throw Error(Code::Unsupported, what + ": is a pickle, but not of PyTorch's weights");
  read_pickle(in);
  read_pickle(in);
  const Pickle pickle = read_pickle(in);
  std::map<std::string_view, DType> types;
  for (const PickleValue& value : pickle.values) {
    if (value.kind != Kind::Storage) continue;
    const PickleValue &kind = pickle.at(value.items[1]), &key = pickle.at(value.items[2]);
    if (const auto type = kind.kind == Kind::Global ? type_of(kind.text) : std::nullopt) types[key.text] = *type;
  }
  const Pickle keys = read_pickle(in);
  std::map<std::string, std::string_view, std::less<>> storages;
  for (const uint32_t i : keys.at(keys.root).items) {
    const std::string_view key = keys.at(i).text;
    const auto type = types.find(key);
    if (type == types.end()) in.corrupt("has values of storage '" + std::string(key) + "', which no tensor uses");
    const auto count = in.read<uint64_t>("the size of a storage");
    if (count > in.left()) in.corrupt("storage '" + std::string(key) + "' is cut off");
    storages.emplace(key, in.take(count * (bits(type->second) / 8), "a storage"));
  }
  return Reader(pickle, in, file.size(),
                [&](const std::string& key, DType) {
                  const auto found = storages.find(key);
                  if (found == storages.end()) in.corrupt("its storage '" + key + "' is missing");
                  return found->second;
                })
      .read();
}

}  // namespace

bool is_torch_file(std::span<const std::byte> bytes) {
  const std::string_view start(reinterpret_cast<const char*>(bytes.data()), std::min<size_t>(bytes.size(), 4));
  return start == std::string_view("PK\3\4", 4) || start.starts_with("\x80\x02");
}

TorchFile read_torch_file(std::span<const std::byte> bytes, std::string_view what) {
  const std::string_view file(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return file.starts_with("PK") ? read_zip(file, std::string(what)) : read_stream(file, std::string(what));
}

}  // namespace hanok::nn
