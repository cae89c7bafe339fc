// How weights lie in files: plain floats, and blocks of quantised values as ggml defines them
// (docs/formats/weights.md). One table line a format; everything that multiplies by weights starts from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace hanok::math {

enum class WeightFormat : uint8_t {
  F32,
  F16,
  Bf16,
  Q8_0,
  Q4_0,
  Q4_1,
  Q5_0,
  Q5_1,
  Q2_K,
  Q3_K,
  Q4_K,
  Q5_K,
  Q6_K,
  Iq4Nl,
  Iq4Xs,
  Mxfp4,
};

struct WeightFormatInfo {
  WeightFormat format;
  std::string_view name;  // as GGUF files and their tools spell it: "Q4_K"
  uint32_t ggml_type;     // the number of the type in GGUF files
  size_t block;           // values in a block; 1 for plain floats
  size_t bytes;           // of a block
  /// blocks * block values out of blocks * bytes bytes (any alignment). The same bits as ggml's own dequantiser.
  void (*dequantise)(const std::byte* from, size_t blocks, float* to);

  /// Bytes of a row of n values, n a multiple of block.
  size_t row_bytes(size_t n) const { return n / block * bytes; }
  double bits_per_value() const { return 8.0 * static_cast<double>(bytes) / static_cast<double>(block); }
};

const WeightFormatInfo& info(WeightFormat format);
/// All of them, in the order of the enumeration.
std::span<const WeightFormatInfo> weight_formats();
std::optional<WeightFormat> weight_format_of_ggml(uint32_t ggml_type);
/// By name, letters of either case.
std::optional<WeightFormat> weight_format_named(std::string_view name);

/// Scale and minimum j (0..7) of the twelve bytes that Q4_K and Q5_K pack eight pairs of six bits in.
struct ScaleMin {
  uint8_t scale, minimum;
};
constexpr ScaleMin scale_min_k4(const uint8_t* packed, size_t j) {
  if (j < 4) return {static_cast<uint8_t>(packed[j] & 63), static_cast<uint8_t>(packed[j + 4] & 63)};
  return {static_cast<uint8_t>((packed[j + 4] & 15) | ((packed[j - 4] >> 6) << 4)),
          static_cast<uint8_t>((packed[j + 4] >> 4) | ((packed[j] >> 6) << 4))};
}

/// The sixteen levels of IQ4_NL and IQ4_XS, and of MXFP4 (twice the E2M1 values).
inline constexpr int8_t kIq4Levels[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
inline constexpr int8_t kMxfp4Levels[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};
/// Half of 2^(e - 127): the scale of an MXFP4 block, as its levels are doubled.
float mxfp4_scale(uint8_t e);

}  // namespace hanok::math
