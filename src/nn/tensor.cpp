#include "nn/tensor.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "hanok/error.h"
#include "math/convert.h"

namespace hanok::nn {
namespace {

struct Row {
  std::string_view name;
  size_t bits;
};
// In the order of enum DType.
constexpr std::array<Row, 18> kTypes{{{"BOOL", 8},
                                      {"U8", 8},
                                      {"I8", 8},
                                      {"U16", 16},
                                      {"I16", 16},
                                      {"F16", 16},
                                      {"BF16", 16},
                                      {"U32", 32},
                                      {"I32", 32},
                                      {"F32", 32},
                                      {"U64", 64},
                                      {"I64", 64},
                                      {"F64", 64},
                                      {"F4", 4},
                                      {"F6", 6},
                                      {"F8", 8},
                                      {"C64", 64},
                                      {"BLOCKS", 0}}};

void read_f64(const std::byte* from, size_t n, float* out) {
  for (size_t i = 0; i < n; ++i) {
    double v;
    std::memcpy(&v, from + i * sizeof v, sizeof v);
    out[i] = static_cast<float>(v);
  }
}

// Sixteen-bit values at an odd address are copied aside piece by piece; at an even one they are read where they are.
template <class Widen>
void read_16(const std::byte* from, size_t n, float* out, Widen widen) {
  if (reinterpret_cast<uintptr_t>(from) % alignof(uint16_t) == 0)
    return widen(reinterpret_cast<const uint16_t*>(from), out, n);
  std::array<uint16_t, 256> piece;
  for (size_t i = 0; i < n; i += piece.size()) {
    const size_t m = std::min(piece.size(), n - i);
    std::memcpy(piece.data(), from + i * sizeof(uint16_t), m * sizeof(uint16_t));
    widen(piece.data(), out + i, m);
  }
}

// Whole blocks go straight to `out`; a range that begins or ends inside one takes that block aside.
void read_blocks(const Tensor& tensor, size_t first, size_t n, float* out) {
  const auto& format = math::info(tensor.blocks);
  std::array<float, 256> aside;
  while (n > 0) {
    const std::byte* from = tensor.bytes.data() + first / format.block * format.bytes;
    const size_t skip = first % format.block;
    size_t done = n / format.block * format.block;
    if (skip == 0 && done > 0) {
      format.dequantise(from, done / format.block, out);
    } else {
      format.dequantise(from, 1, aside.data());
      done = std::min(n, format.block - skip);
      std::copy_n(aside.data() + skip, done, out);
    }
    first += done;
    out += done;
    n -= done;
  }
}

}  // namespace

size_t bits(DType type) { return kTypes[static_cast<size_t>(type)].bits; }
std::string_view name(DType type) { return kTypes[static_cast<size_t>(type)].name; }

size_t Tensor::count() const {
  size_t n = 1;
  for (const size_t d : shape) n *= d;
  return n;
}

void Tensor::set_format(math::WeightFormat format) {
  blocks = format;
  type = format == math::WeightFormat::F32    ? DType::F32
         : format == math::WeightFormat::F16  ? DType::F16
         : format == math::WeightFormat::Bf16 ? DType::BF16
                                              : DType::Blocks;
}

std::optional<math::WeightFormat> Tensor::format() const {
  switch (type) {
    case DType::F32:
      return math::WeightFormat::F32;
    case DType::F16:
      return math::WeightFormat::F16;
    case DType::BF16:
      return math::WeightFormat::Bf16;
    case DType::Blocks:
      return blocks;
    default:
      return std::nullopt;
  }
}

bool is_float(DType type) {
  return type == DType::F32 || type == DType::F16 || type == DType::BF16 || type == DType::F64 || type == DType::Blocks;
}

void read_floats(const Tensor& tensor, size_t first, size_t n, float* out) {
  if (first > tensor.count() || n > tensor.count() - first)
    throw Error(Code::Invalid, "tensor '" + tensor.name + "': values " + std::to_string(first) + ".." +
                                   std::to_string(first + n) + " were asked for, it has " +
                                   std::to_string(tensor.count()));
  if (tensor.type == DType::Blocks) return read_blocks(tensor, first, n, out);
  const std::byte* from = tensor.bytes.data() + first * bits(tensor.type) / 8;
  switch (tensor.type) {
    case DType::F32:
      if (n) std::memcpy(out, from, n * sizeof(float));
      return;
    case DType::F16:
      return read_16(from, n, out, math::convert().f16_to_f32);
    case DType::BF16:
      return read_16(from, n, out, math::convert().bf16_to_f32);
    case DType::F64:
      return read_f64(from, n, out);
    default:
      throw Error(Code::Unsupported, "tensor '" + tensor.name + "': has type " + std::string(name(tensor.type)) +
                                         ", expected F32, F16, BF16 or F64; convert the model to one of these");
  }
}

std::vector<float> read_floats(const Tensor& tensor) {
  std::vector<float> out(tensor.count());
  read_floats(tensor, 0, out.size(), out.data());
  return out;
}

std::string describe(const Tensor& tensor) {
  std::string out = "[";
  for (size_t i = 0; i < tensor.shape.size(); ++i) out += (i ? ", " : "") + std::to_string(tensor.shape[i]);
  return out + "] " + std::string(tensor.type == DType::Blocks ? math::info(tensor.blocks).name : name(tensor.type));
}

}  // namespace hanok::nn
