// A tensor as a view: a name, a type, a shape and the bytes where they lie (usually in a mapped weight file).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "math/weight_formats.h"

namespace hanok::nn {

/// The types of the safetensors format (Other* are read as bytes only), and Blocks: quantised values in one of ggml's
/// block formats.
enum class DType {
  Bool,
  U8,
  I8,
  U16,
  I16,
  F16,
  BF16,
  U32,
  I32,
  F32,
  U64,
  I64,
  F64,
  Other4,
  Other6,
  Other8,
  Other64,
  Blocks
};

/// Of one value; 0 for Blocks, where it depends on the format.
size_t bits(DType type);
std::string_view name(DType type);

struct Tensor {
  std::string name;
  DType type = DType::F32;
  math::WeightFormat blocks = math::WeightFormat::F32;  // the format where type is Blocks
  std::vector<size_t> shape;                            // row-major; empty = a scalar
  std::span<const std::byte> bytes;                     // little-endian, any alignment

  size_t count() const;
  /// Length of the last axis, and how many such rows there are. A scalar is one row of one.
  size_t columns() const { return shape.empty() ? 1 : shape.back(); }
  size_t rows() const { return columns() ? count() / columns() : 0; }

  /// Sets type, and blocks where it is quantised.
  void set_format(math::WeightFormat format);
  /// How the values lie, where math can multiply by them as they are: F32, F16, BF16 and Blocks.
  std::optional<math::WeightFormat> format() const;
};

/// True for F32, F16, BF16, F64 and Blocks: what read_floats takes.
bool is_float(DType type);
/// Elements [first, first + n) as float32: F16, BF16 and Blocks exactly, F64 rounded. Error(Unsupported) for other
/// types, Error(Invalid) for a range outside the tensor.
void read_floats(const Tensor& tensor, size_t first, size_t n, float* out);
std::vector<float> read_floats(const Tensor& tensor);
/// "[2, 384] F16"
std::string describe(const Tensor& tensor);

}  // namespace hanok::nn
