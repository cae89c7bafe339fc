// Writing safetensors files (the layout is in README.md beside this file).
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "nn/tensor.h"

namespace hanok::nn {

/// Writes `tensors` in this order, whole or not at all (base::write_file_atomic). The header is padded with blanks so
/// that the data begins at a multiple of 8. Throws Invalid for a name that stands twice, bytes that do not fit shape
/// and type, and types that the format has no name for.
void write_safetensors(const std::filesystem::path& file, std::span<const Tensor> tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace hanok::nn
