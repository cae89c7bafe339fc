// The tensors of a model, whatever kind of file they lie in.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"
#include "nn/gguf.h"
#include "nn/tensor.h"

namespace hanok::nn {

/// All tensors of a model folder (model.safetensors, or the parts that model.safetensors.index.json lists), mapped.
/// Reading is safe from several threads.
class Weights {
 public:
  /// Throws NotFound when the folder has neither; Unsupported, with what to do, when it has only other formats.
  static Weights open(const base::fs::path& folder);
  /// One file: safetensors, or what PyTorch's torch.save wrote (nn/torch_file.h).
  static Weights open_file(const base::fs::path& file);
  /// The tensors of a GGUF model under other names. rename gives the parts that a tensor becomes: usually the whole
  /// under one name; none where the tensor is not wanted.
  static Weights take(Gguf gguf, const std::function<std::vector<Tensor>(const Tensor&)>& rename);

  /// Tensors that were read from `file` in some other way: views into `map`.
  static Weights of(const base::fs::path& file, base::MappedFile map, std::vector<Tensor> tensors);

  const Tensor* find(std::string_view name) const;
  /// Throws Corrupt naming the tensor and the file when it is missing, has another shape, or is not a float tensor.
  const Tensor& at(std::string_view name, const std::vector<size_t>& shape) const;
  /// The first of the prefixes under which `name` exists: "", "bert.", "model.", ...; throws Corrupt if none.
  std::string prefix_of(std::string_view name, std::initializer_list<std::string_view> prefixes) const;

  const std::map<std::string, Tensor, std::less<>>& tensors() const { return tensors_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const std::string& what() const { return what_; }
  /// Gives the files' pages back; they are read again where they are touched.
  void let_go() const {
    for (const auto& [path, file] : files_) file.let_go();
  }
  /// The mapped files with their paths, for a fingerprint.
  const std::vector<std::pair<base::fs::path, base::MappedFile>>& files() const { return files_; }

 private:
  void add(const base::fs::path& file);
  std::string what_;
  std::vector<std::pair<base::fs::path, base::MappedFile>> files_;
  std::vector<std::vector<std::byte>> copies_;  // values that do not lie in the files row by row
  std::map<std::string, Tensor, std::less<>> tensors_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace hanok::nn
