#include "math/weight_parts.h"

#include <cstring>

namespace hanok::math {
namespace {

using Bytes = const uint8_t*;

uint16_t u16(Bytes at) { return static_cast<uint16_t>(at[0] | at[1] << 8); }

void nibbles(Bytes from, uint8_t* code) {
  for (size_t j = 0; j < 16; ++j) code[j] = from[j] & 15, code[j + 16] = from[j] >> 4;
}

void fifth_bits(Bytes from, uint8_t* code) {
  const uint32_t high = u16(from) | static_cast<uint32_t>(u16(from + 2)) << 16;
  for (size_t j = 0; j < 32; ++j) code[j] = static_cast<uint8_t>(code[j] | (high >> j & 1) << 4);
}

void q8_0(Bytes b, WeightParts& out) {
  out.d = u16(b);
  for (size_t j = 0; j < 32; ++j) out.code[j] = b[2 + j] ^ 0x80;  // 128 more
}
void q4_0(Bytes b, WeightParts& out) { out.d = u16(b), nibbles(b + 2, out.code); }
void q4_1(Bytes b, WeightParts& out) { out.d = u16(b), out.least = u16(b + 2), nibbles(b + 4, out.code); }
void q5_0(Bytes b, WeightParts& out) { out.d = u16(b), nibbles(b + 6, out.code), fifth_bits(b + 2, out.code); }
void q5_1(Bytes b, WeightParts& out) {
  out.d = u16(b), out.least = u16(b + 2), nibbles(b + 8, out.code), fifth_bits(b + 4, out.code);
}

void q2_k(Bytes b, WeightParts& out) {
  out.d = u16(b + 80), out.least = u16(b + 82);
  std::memcpy(out.scale, b, 16);
  for (size_t i = 0; i < 256; ++i) out.code[i] = b[16 + i / 128 * 32 + i % 32] >> (2 * (i / 32 % 4)) & 3;
}

void q3_k(Bytes b, WeightParts& out) {
  out.d = u16(b + 108);
  for (size_t j = 0; j < 16; ++j) {
    const int low = j < 8 ? b[96 + j] & 15 : b[96 + j - 8] >> 4;
    out.scale[j] = static_cast<uint8_t>((low | (b[104 + j % 4] >> (2 * (j / 4)) & 3) << 4) - 32);
  }
  for (size_t i = 0; i < 256; ++i)
    out.code[i] = static_cast<uint8_t>((b[32 + i / 128 * 32 + i % 32] >> (2 * (i / 32 % 4)) & 3) |
                                       (b[i % 32] >> (i / 32) & 1) << 2);
}

void scales_and_minima(Bytes packed, WeightParts& out) {
  for (size_t j = 0; j < 8; ++j) {
    const auto [scale, minimum] = scale_min_k4(packed, j);
    out.scale[j] = scale, out.minimum[j] = minimum;
  }
}

void halves_of_each_32(Bytes from, uint8_t* code) {
  for (size_t j = 0; j < 4; ++j)
    for (size_t i = 0; i < 32; ++i)
      code[64 * j + i] = from[32 * j + i] & 15, code[64 * j + 32 + i] = from[32 * j + i] >> 4;
}

void q4_k(Bytes b, WeightParts& out) {
  out.d = u16(b), out.least = u16(b + 2);
  scales_and_minima(b + 4, out);
  halves_of_each_32(b + 16, out.code);
}

void q5_k(Bytes b, WeightParts& out) {
  out.d = u16(b), out.least = u16(b + 2);
  scales_and_minima(b + 4, out);
  halves_of_each_32(b + 48, out.code);
  for (size_t j = 0; j < 8; ++j)
    for (size_t i = 0; i < 32; ++i)
      out.code[32 * j + i] = static_cast<uint8_t>(out.code[32 * j + i] | (b[16 + i] >> j & 1) << 4);
}

void q6_k(Bytes b, WeightParts& out) {
  out.d = u16(b + 208);
  std::memcpy(out.scale, b + 192, 16);
  for (size_t half = 0; half < 2; ++half) {
    Bytes low = b + 64 * half, high = b + 128 + 32 * half;
    uint8_t* code = out.code + 128 * half;
    for (size_t i = 0; i < 32; ++i) {
      code[i] = static_cast<uint8_t>((low[i] & 15) | (high[i] & 3) << 4);
      code[i + 32] = static_cast<uint8_t>((low[i + 32] & 15) | (high[i] >> 2 & 3) << 4);
      code[i + 64] = static_cast<uint8_t>(low[i] >> 4 | (high[i] >> 4 & 3) << 4);
      code[i + 96] = static_cast<uint8_t>(low[i + 32] >> 4 | (high[i] >> 6) << 4);
    }
  }
}

void iq4_xs(Bytes b, WeightParts& out) {
  out.d = u16(b);
  const unsigned high = u16(b + 2);
  for (size_t j = 0; j < 8; ++j) {
    out.scale[j] =
        static_cast<uint8_t>(static_cast<int>((b[4 + j / 2] >> (4 * (j % 2)) & 15) | (high >> (2 * j) & 3) << 4) - 32);
    nibbles(b + 8 + 16 * j, out.code + 32 * j);
  }
}

void mxfp4(Bytes b, WeightParts& out) { out.scale[0] = b[0], nibbles(b + 1, out.code); }

struct Entry {
  WeightFormat format;
  void (*take_apart)(Bytes, WeightParts&);
};

// In the order of kPackedForms.
constexpr Entry kEntries[kQuantisedForms] = {
    {WeightFormat::Q8_0, q8_0},   {WeightFormat::Q4_0, q4_0},  {WeightFormat::Q4_1, q4_1},
    {WeightFormat::Q5_0, q5_0},   {WeightFormat::Q5_1, q5_1},  {WeightFormat::Q2_K, q2_k},
    {WeightFormat::Q3_K, q3_k},   {WeightFormat::Q4_K, q4_k},  {WeightFormat::Q5_K, q5_k},
    {WeightFormat::Q6_K, q6_k},   {WeightFormat::Iq4Nl, q4_0}, {WeightFormat::Iq4Xs, iq4_xs},
    {WeightFormat::Mxfp4, mxfp4},
};

}  // namespace

size_t packed_form(WeightFormat format) {
  size_t i = 0;
  while (i < kQuantisedForms && kEntries[i].format != format) ++i;
  return i;
}

void take_apart(WeightFormat format, const std::byte* block, WeightParts& out) {
  kEntries[packed_form(format)].take_apart(reinterpret_cast<Bytes>(block), out);
}

}  // namespace hanok::math
