// The head of a GGUF file for who writes one; the reader is gguf.h, the layout in README.md beside this file.
//
//   GgufHead head;
//   head.set("general.architecture", "llama");
//   head.add("output_norm.weight", {2048}, math::WeightFormat::F32);
//   base::write_file_atomic(file, {head.bytes(), values, padding});
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_reader.h"
#include "math/weight_formats.h"
#include "nn/gguf.h"

namespace hanok::nn {

/// Every tensor's bytes begin at a multiple of this; so does the data behind the head.
inline constexpr size_t kGgufAlignment = 32;
constexpr size_t gguf_padding(size_t bytes) { return (kGgufAlignment - bytes % kGgufAlignment) % kGgufAlignment; }

class GgufHead {
 public:
  void set(std::string_view key, uint32_t value);
  void set(std::string_view key, float value);
  void set(std::string_view key, bool value);
  void set(std::string_view key, std::string_view text);
  void set(std::string_view key, const char* text) { set(key, std::string_view(text)); }
  void set(std::string_view key, const std::vector<std::string>& texts);
  void set(std::string_view key, const std::vector<int32_t>& numbers);
  /// As it lies in another file.
  void set(std::string_view key, const GgufValue& value);

  /// A tensor behind those before it; returns its bytes, which gguf_padding() of them follows. `shape` is row-major,
  /// the contiguous axis last, and whole blocks of the format.
  size_t add(std::string_view name, const std::vector<size_t>& shape, math::WeightFormat format);

  /// The head, up to where the tensors' bytes begin.
  std::string bytes() const;

 private:
  void key(std::string_view name, uint32_t type);
  base::ByteWriter settings_, tensors_;
  uint64_t setting_count_ = 0, tensor_count_ = 0, data_ = 0;
};

}  // namespace hanok::nn
