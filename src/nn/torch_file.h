// Weights that PyTorch's torch.save wrote (.pth, .pt): a zip of a pickle and raw values, or the older single stream.
// Layout: README.md beside this file. No code of the file is run.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "nn/tensor.h"

namespace hanok::nn {

struct TorchFile {
  std::vector<Tensor> tensors;                 // in the order of the state dict; views into the file or `copies`
  std::vector<std::vector<std::byte>> copies;  // of tensors whose values do not lie row by row: they are put in order
};

/// True where the bytes begin as such a file does.
bool is_torch_file(std::span<const std::byte> bytes);

/// The tensors of a state dict, or of the first dictionary of tensors in a checkpoint: the whole, or what it has as
/// state_dict, model, model_state_dict or net. Throws Corrupt for a damaged file; Unsupported, with what to do, for
/// objects other than tensors, packed entries and big-endian values.
TorchFile read_torch_file(std::span<const std::byte> bytes, std::string_view what);

}  // namespace hanok::nn
