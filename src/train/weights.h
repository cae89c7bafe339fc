// Tensors of libtorch in safetensors files.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "train/torch.h"

namespace hanok::train {

using NamedTensors = std::vector<std::pair<std::string, torch::Tensor>>;

/// Parameters and buffers in the order of torch's state_dict: each module's own before those of its children.
NamedTensors state_of(const torch::nn::Module& module);
/// Writes float32, float64, bfloat16, half and int64 tensors as they are, row-major; whole or not at all.
void save_tensors(const std::filesystem::path& file, const NamedTensors& tensors,
                  const std::map<std::string, std::string>& metadata = {});
/// What was saved beside the tensors. Reads the head of the file and no tensor. Throws Corrupt, NotFound.
std::map<std::string, std::string> read_metadata(const std::filesystem::path& file);
/// In the order of their bytes in the file, which is that in which they were saved. Throws Corrupt, NotFound.
NamedTensors load_tensors(const std::filesystem::path& file, std::map<std::string, std::string>* metadata = nullptr);
/// Fills the module's parameters and buffers; F16 and BF16 are widened. Throws Corrupt where a tensor is missing, too
/// many, or of another shape, naming it; `num_batches_tracked` may be missing.
void load_state(torch::nn::Module& module, const NamedTensors& tensors, const std::string& what);

}  // namespace hanok::train
