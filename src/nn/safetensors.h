// The safetensors format: docs of the layout in README.md beside this file.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "nn/tensor.h"

namespace hanok::nn {

struct SafetensorsHeader {
  std::vector<Tensor> tensors;  // in the order of their bytes
  std::map<std::string, std::string> metadata;
  size_t header_bytes = 0;  // 8 + the JSON: where the data starts
};

/// Reads the head of a safetensors file that lies at `bytes`; tensors are views into it. `what` names the file in
/// errors. Throws Corrupt for anything that the format forbids: sizes, bounds, overlaps, holes, duplicate keys, unknown
/// keys; Unsupported for a type this program has never heard of.
SafetensorsHeader read_safetensors(std::span<const std::byte> bytes, std::string_view what);

/// All tensors of a model folder (model.safetensors, or the parts that model.safetensors.index.json lists), mapped.
/// Reading is safe from several threads.
class Weights {
 public:
  /// Throws NotFound when the folder has neither; Unsupported, with what to do, when it has only other formats.
  static Weights open(const base::fs::path& folder);
  static Weights open_file(const base::fs::path& file);

  const Tensor* find(std::string_view name) const;
  /// Throws Corrupt naming the tensor and the file when it is missing, has another shape, or is not a float tensor.
  const Tensor& at(std::string_view name, const std::vector<size_t>& shape) const;
  /// The first of the prefixes under which `name` exists: "", "bert.", "model.", ...; throws Corrupt if none.
  std::string prefix_of(std::string_view name, std::initializer_list<std::string_view> prefixes) const;

  const std::map<std::string, Tensor, std::less<>>& tensors() const { return tensors_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const std::string& what() const { return what_; }
  /// The mapped files with their paths, for a fingerprint.
  const std::vector<std::pair<base::fs::path, base::MappedFile>>& files() const { return files_; }

 private:
  void add(const base::fs::path& file);
  std::string what_;
  std::vector<std::pair<base::fs::path, base::MappedFile>> files_;
  std::map<std::string, Tensor, std::less<>> tensors_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace hanok::nn
