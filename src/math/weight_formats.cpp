#include "math/weight_formats.h"

#include <array>
#include <bit>
#include <cctype>
#include <cstring>

#include "math/half.h"

namespace hanok::math {
namespace {

using Bytes = const uint8_t*;

Bytes bytes(const std::byte* from) { return reinterpret_cast<Bytes>(from); }

uint16_t u16(Bytes at) { return static_cast<uint16_t>(at[0] | at[1] << 8); }
float half_at(Bytes at) { return half_to_float(u16(at)); }

// ---- plain floats ----

void f32(const std::byte* from, size_t blocks, float* to) { std::memcpy(to, from, blocks * sizeof(float)); }
void f16(const std::byte* from, size_t blocks, float* to) {
  for (size_t i = 0; i < blocks; ++i) to[i] = half_at(bytes(from) + 2 * i);
}
void bf16(const std::byte* from, size_t blocks, float* to) {
  for (size_t i = 0; i < blocks; ++i) to[i] = bf16_to_float(u16(bytes(from) + 2 * i));
}

// ---- 32 values, one scale ----

// half d | int8 q[32]:  d q
void q8_0(const std::byte* from, size_t blocks, float* to) {
  Bytes b = bytes(from);
  for (; blocks--; b += 34, to += 32) {
    const float d = half_at(b);
    for (size_t j = 0; j < 32; ++j) to[j] = static_cast<float>(static_cast<int8_t>(b[2 + j])) * d;
  }
}

// half d | 16 bytes: value j in the low half of byte j, value j + 16 in the high half:  d (q - 8)
void q4_0(const std::byte* from, size_t blocks, float* to) {
  Bytes b = bytes(from);
  for (; blocks--; b += 18, to += 32) {
    const float d = half_at(b);
    for (size_t j = 0; j < 16; ++j) {
      to[j] = static_cast<float>((b[2 + j] & 15) - 8) * d;
      to[j + 16] = static_cast<float>((b[2 + j] >> 4) - 8) * d;
    }
  }
}

// half d, m | 16 bytes as above:  d q + m
void q4_1(const std::byte* from, size_t blocks, float* to) {
  Bytes b = bytes(from);
  for (; blocks--; b += 20, to += 32) {
    const float d = half_at(b), m = half_at(b + 2);
    for (size_t j = 0; j < 16; ++j) {
      to[j] = static_cast<float>(b[4 + j] & 15) * d + m;
      to[j + 16] = static_cast<float>(b[4 + j] >> 4) * d + m;
    }
  }
}

uint32_t u32(Bytes at) { return u16(at) | static_cast<uint32_t>(u16(at + 2)) << 16; }

// half d | 32 fifth bits | 16 bytes:  d (q - 16)
void q5_0(const std::byte* from, size_t blocks, float* to) {
  Bytes b = bytes(from);
  for (; blocks--; b += 22, to += 32) {
    const float d = half_at(b);
    const uint32_t high = u32(b + 2);
    for (size_t j = 0; j < 16; ++j) {
      const int low = static_cast<int>((b[6 + j] & 15) | (high >> j & 1) << 4);
      const int up = static_cast<int>((b[6 + j] >> 4) | (high >> (j + 16) & 1) << 4);
      to[j] = static_cast<float>(low - 16) * d;
      to[j + 16] = static_cast<float>(up - 16) * d;
    }
  }
}

// half d, m | 32 fifth bits | 16 bytes:  d q + m
void q5_1(const std::byte* from, size_t blocks, float* to) {
  Bytes b = bytes(from);
  for (; blocks--; b += 24, to += 32) {
    const float d = half_at(b), m = half_at(b + 2);
    const uint32_t high = u32(b + 4);
    for (size_t j = 0; j < 16; ++j) {
      const uint32_t low = (b[8 + j] & 15) | (high >> j & 1) << 4;
      const uint32_t up = static_cast<uint32_t>(b[8 + j] >> 4) | (high >> (j + 16) & 1) << 4;
      to[j] = static_cast<float>(low) * d + m;
      to[j + 16] = static_cast<float>(up) * d + m;
    }
  }
}

// ---- 256 values, scales of scales ----

// 16 bytes of scale (low half) and minimum (high half) for 16 values each | 64 bytes | half d, dmin
void q2_k(const std::byte* from, size_t blocks, float* to) {
  Bytes b = bytes(from);
  for (; blocks--; b += 84) {
    const float d = half_at(b + 80), least = half_at(b + 82);
    Bytes scale = b, q = b + 16;
    for (size_t half = 0; half < 2; ++half, q += 32)
      for (int shift = 0; shift < 8; shift += 2)
        for (size_t part = 0; part < 2; ++part, ++scale, to += 16) {
          const float by = d * static_cast<float>(*scale & 15), minus = least * static_cast<float>(*scale >> 4);
          for (size_t j = 0; j < 16; ++j) to[j] = by * static_cast<float>(q[16 * part + j] >> shift & 3) - minus;
        }
  }
}

// 32 bytes of third bits | 64 bytes of two bits | 12 bytes of sixteen six-bit scales | half d
void q3_k(const std::byte* from, size_t blocks, float* to) {
  Bytes b = bytes(from);
  for (; blocks--; b += 110) {
    const float d = half_at(b + 108);
    Bytes packed = b + 96, q = b + 32;
    std::array<int, 16> scale;
    for (size_t j = 0; j < 16; ++j) {
      const int low = j < 8 ? packed[j] & 15 : packed[j - 8] >> 4;
      const int high = packed[8 + j % 4] >> (2 * (j / 4)) & 3;
      scale[j] = (low | high << 4) - 32;
    }
    size_t s = 0;
    for (size_t half = 0; half < 2; ++half, q += 32)
      for (size_t pair = 0; pair < 4; ++pair)
        for (size_t part = 0; part < 2; ++part, to += 16) {
          const float by = d * static_cast<float>(scale[s++]);
          for (size_t j = 0; j < 16; ++j) {
            const int third = b[16 * part + j] >> (4 * half + pair) & 1;
            to[j] = by * static_cast<float>((q[16 * part + j] >> (2 * pair) & 3) - (third ? 0 : 4));
          }
        }
  }
}

// half d, dmin | 12 bytes of scales and minima | 128 bytes: of each 32, the low halves, then the high halves
void q4_k(const std::byte* from, size_t blocks, float* to) {
  Bytes b = bytes(from);
  for (; blocks--; b += 144) {
    const float d = half_at(b), least = half_at(b + 2);
    Bytes q = b + 16;
    for (size_t j = 0; j < 8; ++j, to += 32) {
      const auto [scale, minimum] = scale_min_k4(b + 4, j);
      const float by = d * scale, minus = least * minimum;
      for (size_t i = 0; i < 32; ++i) to[i] = by * static_cast<float>(j % 2 ? q[i] >> 4 : q[i] & 15) - minus;
      if (j % 2) q += 32;
    }
  }
}

// as Q4_K, with 32 bytes of fifth bits before the 128: bit j of byte i is of value i of the j-th 32
void q5_k(const std::byte* from, size_t blocks, float* to) {
  Bytes b = bytes(from);
  for (; blocks--; b += 176) {
    const float d = half_at(b), least = half_at(b + 2);
    Bytes high = b + 16, q = b + 48;
    for (size_t j = 0; j < 8; ++j, to += 32) {
      const auto [scale, minimum] = scale_min_k4(b + 4, j);
      const float by = d * scale, minus = least * minimum;
      for (size_t i = 0; i < 32; ++i)
        to[i] = by * static_cast<float>((j % 2 ? q[i] >> 4 : q[i] & 15) + ((high[i] >> j & 1) << 4)) - minus;
      if (j % 2) q += 32;
    }
  }
}

// 128 bytes of low halves | 64 bytes of high pairs | int8 scale[16] | half d:  d scale (q - 32)
void q6_k(const std::byte* from, size_t blocks, float* to) {
  Bytes b = bytes(from);
  for (; blocks--; b += 210) {
    const float d = half_at(b + 208);
    for (size_t half = 0; half < 2; ++half, to += 128) {
      Bytes low = b + 64 * half, high = b + 128 + 32 * half, scale = b + 192 + 8 * half;
      for (size_t i = 0; i < 32; ++i)
        for (size_t part = 0; part < 4; ++part) {
          const int four = part < 2 ? low[i + 32 * part] & 15 : low[i + 32 * (part - 2)] >> 4;
          const int q = (four | (high[i] >> (2 * part) & 3) << 4) - 32;
          const auto s = static_cast<int8_t>(scale[2 * part + i / 16]);
          to[i + 32 * part] = d * static_cast<float>(s) * static_cast<float>(q);
        }
    }
  }
}

// ---- sixteen levels that are no line ----

void levels(Bytes q, const int8_t* level, float by, float* to) {
  for (size_t j = 0; j < 16; ++j) {
    to[j] = by * static_cast<float>(level[q[j] & 15]);
    to[j + 16] = by * static_cast<float>(level[q[j] >> 4]);
  }
}

void iq4_nl(const std::byte* from, size_t blocks, float* to) {
  Bytes b = bytes(from);
  for (; blocks--; b += 18, to += 32) levels(b + 2, kIq4Levels, half_at(b), to);
}

// half d | 16 bits and 4 bytes of eight six-bit scales, high pairs first | 128 bytes
void iq4_xs(const std::byte* from, size_t blocks, float* to) {
  Bytes b = bytes(from);
  for (; blocks--; b += 136) {
    const float d = half_at(b);
    const uint32_t high = u16(b + 2);
    for (size_t j = 0; j < 8; ++j, to += 32) {
      const int scale = static_cast<int>((b[4 + j / 2] >> (4 * (j % 2)) & 15) | (high >> (2 * j) & 3) << 4);
      levels(b + 8 + 16 * j, kIq4Levels, d * static_cast<float>(scale - 32), to);
    }
  }
}

// a byte of exponent | 16 bytes (OCP Microscaling Formats, E2M1 elements)
void mxfp4(const std::byte* from, size_t blocks, float* to) {
  Bytes b = bytes(from);
  for (; blocks--; b += 17, to += 32) levels(b + 1, kMxfp4Levels, mxfp4_scale(b[0]), to);
}

constexpr WeightFormatInfo kFormats[] = {
    {WeightFormat::F32, "F32", 0, 1, 4, f32},
    {WeightFormat::F16, "F16", 1, 1, 2, f16},
    {WeightFormat::Bf16, "BF16", 30, 1, 2, bf16},
    {WeightFormat::Q8_0, "Q8_0", 8, 32, 34, q8_0},
    {WeightFormat::Q4_0, "Q4_0", 2, 32, 18, q4_0},
    {WeightFormat::Q4_1, "Q4_1", 3, 32, 20, q4_1},
    {WeightFormat::Q5_0, "Q5_0", 6, 32, 22, q5_0},
    {WeightFormat::Q5_1, "Q5_1", 7, 32, 24, q5_1},
    {WeightFormat::Q2_K, "Q2_K", 10, 256, 84, q2_k},
    {WeightFormat::Q3_K, "Q3_K", 11, 256, 110, q3_k},
    {WeightFormat::Q4_K, "Q4_K", 12, 256, 144, q4_k},
    {WeightFormat::Q5_K, "Q5_K", 13, 256, 176, q5_k},
    {WeightFormat::Q6_K, "Q6_K", 14, 256, 210, q6_k},
    {WeightFormat::Iq4Nl, "IQ4_NL", 20, 32, 18, iq4_nl},
    {WeightFormat::Iq4Xs, "IQ4_XS", 23, 256, 136, iq4_xs},
    {WeightFormat::Mxfp4, "MXFP4", 39, 32, 17, mxfp4},
};

bool same_letters(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i)
    if (std::toupper(static_cast<unsigned char>(a[i])) != std::toupper(static_cast<unsigned char>(b[i]))) return false;
  return true;
}

}  // namespace

float mxfp4_scale(uint8_t e) {
  return std::bit_cast<float>(e < 2 ? 0x00200000u << e : static_cast<uint32_t>(e - 1) << 23);
}

const WeightFormatInfo& info(WeightFormat format) { return kFormats[static_cast<size_t>(format)]; }

std::span<const WeightFormatInfo> weight_formats() { return kFormats; }

std::optional<WeightFormat> weight_format_of_ggml(uint32_t ggml_type) {
  for (const auto& f : kFormats)
    if (f.ggml_type == ggml_type) return f.format;
  return std::nullopt;
}

std::optional<WeightFormat> weight_format_named(std::string_view name) {
  for (const auto& f : kFormats)
    if (same_letters(f.name, name)) return f.format;
  return std::nullopt;
}

}  // namespace hanok::math
