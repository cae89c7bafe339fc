#include "nn/weights.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "base/json.h"
#include "hanok/error.h"
#include "nn/safetensors.h"
#include "nn/torch_file.h"

namespace hanok::nn {
namespace {

using Json = base::Json;

constexpr size_t kMaxIndex = 100'000'000;  // bytes of model.safetensors.index.json

[[noreturn]] void damaged(std::string_view what, const std::string& why) {
  throw Error(Code::Corrupt, std::string(what) + ": " + why + "; the file is damaged, get it again");
}

}  // namespace

void Weights::add(const base::fs::path& file) {
  base::MappedFile map(file);
  SafetensorsHeader header;
  if (is_torch_file(map.bytes())) {
    TorchFile saved = read_torch_file(map.bytes(), file.string());
    header.tensors = std::move(saved.tensors);
    std::move(saved.copies.begin(), saved.copies.end(), std::back_inserter(copies_));
  } else {
    header = read_safetensors(map.bytes(), file.string());
  }
  for (Tensor& t : header.tensors) {
    std::string name = t.name;
    if (!tensors_.emplace(name, std::move(t)).second)
      damaged(file.string(), "has tensor '" + name + "' twice, or it is also in another part of the model");
  }
  metadata_.merge(header.metadata);
  files_.emplace_back(file, std::move(map));
}

Weights Weights::open_file(const base::fs::path& file) {
  Weights weights;
  weights.what_ = file.string();
  weights.add(file);
  return weights;
}

Weights Weights::take(Gguf gguf, const std::function<std::vector<Tensor>(const Tensor&)>& rename) {
  Weights weights;
  weights.what_ = gguf.what();
  for (const Tensor& tensor : gguf.tensors())
    for (Tensor& part : rename(tensor)) {
      std::string name = part.name;
      if (!weights.tensors_.emplace(name, std::move(part)).second)
        damaged(weights.what_, "tensor '" + tensor.name + "' would be a second '" + name + "'");
    }
  weights.files_ = std::move(gguf.files());
  return weights;
}

Weights Weights::of(const base::fs::path& file, base::MappedFile map, std::vector<Tensor> tensors) {
  Weights weights;
  weights.what_ = file.string();
  for (Tensor& t : tensors) {
    std::string name = t.name;
    weights.tensors_.emplace(std::move(name), std::move(t));
  }
  weights.files_.emplace_back(file, std::move(map));
  return weights;
}

Weights Weights::open(const base::fs::path& folder) {
  const auto single = folder / "model.safetensors", index = folder / "model.safetensors.index.json";
  if (base::fs::exists(single)) return open_file(single);
  if (!base::fs::exists(index)) {
    for (const char* other :
         {"pytorch_model.bin", "pytorch_model.bin.index.json", "tf_model.h5", "flax_model.msgpack", "onnx"})
      if (base::fs::exists(folder / other))
        throw Error(Code::Unsupported,
                    folder.string() + ": has weights only as " + other +
                        ", expected model.safetensors; convert the model or take a revision that has it");
    throw Error(Code::NotFound, folder.string() + ": has no model.safetensors and no model.safetensors.index.json");
  }
  Weights weights;
  weights.what_ = index.string();
  const Json json = base::parse_json(base::read_file(index, kMaxIndex), index.string());
  if (!json.is_object() || !json.contains("weight_map") || !json["weight_map"].is_object())
    damaged(index.string(), "has no object 'weight_map'");
  std::set<std::string> parts;
  for (const auto& [tensor, part] : json["weight_map"].items()) {
    // A part is a file beside the index: a path would let a model reach out of its folder.
    if (!part.is_string() || part.get<std::string>().empty() || part.get<std::string>()[0] == '.' ||
        part.get<std::string>().find_first_of(std::string("/\\\0", 3)) != std::string::npos)
      damaged(index.string(),
              "tensor '" + tensor + "': the part " + part.dump() + " is not the name of a file in the folder");
    parts.insert(part.get<std::string>());
  }
  for (const auto& part : parts) weights.add(folder / part);
  for (const auto& [tensor, part] : json["weight_map"].items())
    if (!weights.find(tensor)) damaged(index.string(), "tensor '" + tensor + "' is not in " + part.get<std::string>());
  return weights;
}

const Tensor* Weights::find(std::string_view name) const {
  const auto it = tensors_.find(name);
  return it == tensors_.end() ? nullptr : &it->second;
}

const Tensor& Weights::at(std::string_view name, const std::vector<size_t>& shape) const {
  const Tensor* tensor = find(name);
  if (!tensor)
    throw Error(Code::Corrupt,
                what_ + ": tensor '" + std::string(name) + "' is missing; the weights do not fit config.json");
  if (tensor->shape != shape || !is_float(tensor->type)) {
    Tensor expected{.shape = shape};
    throw Error(Code::Corrupt, what_ + ": tensor '" + std::string(name) + "' is " + describe(*tensor) + ", expected " +
                                   describe(expected) + " (or F16, BF16); the weights do not fit config.json");
  }
  return *tensor;
}

std::string Weights::prefix_of(std::string_view name, std::initializer_list<std::string_view> prefixes) const {
  for (const auto prefix : prefixes)
    if (find(std::string(prefix) + std::string(name))) return std::string(prefix);
  throw Error(Code::Corrupt,
              what_ + ": tensor '" + std::string(name) + "' is missing; the weights do not fit config.json");
}

}  // namespace hanok::nn
