// The safetensors format: docs of the layout in README.md beside this file.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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

}  // namespace hanok::nn
