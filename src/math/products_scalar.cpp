// The plain versions: one output after the other, in the arithmetic that product_kernels.h gives.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "math/half.h"
#include "math/product_kernels.h"

namespace hanok::math {
namespace {

uint16_t half_bits(const uint8_t* p, size_t i) {
  uint16_t bits;
  std::memcpy(&bits, p + 2 * i, 2);
  return bits;
}

template <typename T>
T value_at(const uint8_t* p, size_t i) {
  T out;
  std::memcpy(&out, p + sizeof(T) * i, sizeof(T));
  return out;
}

/// Code of value `k` of row `row` in a block's codes.
int code_at(const uint8_t* codes, unsigned bits, size_t row, size_t k) {
  const size_t g = k / 4, byte = row * 4 + k % 4;
  if (bits == 8) return codes[64 * g + byte];
  const unsigned low = bits >= 4 ? 4 : 2;
  int code =
      low == 4 ? codes[64 * (g % 4) + byte] >> (4 * (g / 4)) & 15 : codes[64 * (g / 4) + byte] >> (2 * (g % 4)) & 3;
  codes += 64 * low;
  if (bits == 6) code |= (codes[64 * (g / 4) + byte] >> (2 * (g % 4)) & 3) << 4;
  if (bits == 5 || bits == 3) code |= (codes[8 * g + byte / 8] >> (byte % 8) & 1) << low;
  return code;
}

struct Factors {
  float scale[2], minimum[2];
};

template <size_t F>
Factors factors_at(const uint8_t* head, const uint8_t* at, size_t row) {
  constexpr PackedForm form = kPackedForms[F];
  const float d = form.super > 1 ? half_to_float(half_bits(head, row)) : 1;
  const float least = head_bytes(form) == 64 ? half_to_float(half_bits(head + 32, row)) : 0;
  Factors out{};
  for (size_t h = 0; h < 2; ++h) {
    switch (form.scale) {
      case Scale::Half:
        out.scale[h] = half_to_float(half_bits(at, row));
        break;
      case Scale::Byte:
        out.scale[h] = d * static_cast<float>(at[row]);
        break;
      case Scale::SignedByte:
        out.scale[h] = d * static_cast<float>(static_cast<int8_t>(at[row]));
        break;
      case Scale::SignedPairs:
        out.scale[h] = d * static_cast<float>(static_cast<int8_t>(at[16 * h + row]));
        break;
      case Scale::Nibbles:
        out.scale[h] = d * static_cast<float>(at[16 * h + row] & 15);
        break;
      case Scale::Exponent: {
        const uint32_t e = at[row];
        out.scale[h] = std::bit_cast<float>(e < 2 ? 0x00200000u << e : (e - 1) << 23);
        break;
      }
    }
    if (form.minimum == Minimum::Half) out.minimum[h] = half_to_float(half_bits(at + 32, row));
    if (form.minimum == Minimum::Byte) out.minimum[h] = -(least * static_cast<float>(at[16 + row]));
    if (form.minimum == Minimum::Nibbles) out.minimum[h] = -(least * static_cast<float>(at[16 * h + row] >> 4));
  }
  return out;
}

// One block: (level - zero) of a value, and everything that is multiplied with it, out of wherever they lie.
template <size_t F, size_t T, class LevelAt>
void add_block(const Factors& factors, const LevelAt& level_at, const uint8_t* tile, size_t r, float& sum) {
  constexpr PackedForm kForm = kPackedForms[F];
  constexpr size_t kSums = has_halves(kForm) ? 2 : 1;
  const auto* q = reinterpret_cast<const int8_t*>(tile);
  float t = 0;
  for (size_t h = 0; h < kSums && kForm.minimum != Minimum::None; ++h)
    t = std::fma(factors.minimum[h], value_at<float>(tile + sum_at(T), (kSums == 2 ? h : 2) * T + r), t);
  for (size_t h = 0; h < kSums; ++h) {
    int n = 0;
    for (size_t k = h * 16; k < (kSums == 2 ? h * 16 + 16 : 32); ++k)
      n += (level_at(k) - (kForm.zero_bits ? 1 << kForm.zero_bits : 0)) * q[(k / 4 * T + r) * 4 + k % 4];
    t = std::fma(static_cast<float>(n), factors.scale[h], t);
  }
  sum = std::fma(t, value_at<float>(tile + scale_at(T), r), sum);
}

template <PackedForm kForm>
int level_of(int code) {
  return kForm.levels ? kLevels[kForm.levels - 1][code] : code;
}

template <size_t F, size_t T>
void quantised(const uint8_t* panel, size_t blocks, const uint8_t* tile, float* out) {
  constexpr PackedForm kForm = kPackedForms[F];
  std::fill_n(out, T * kPanelWidth, 0.0f);
  const uint8_t* head = panel;
  for (size_t b = 0; b < blocks; ++b, tile += quantised_bytes(T), panel += block_bytes(kForm)) {
    if (kForm.super > 1 && b % kForm.super == 0) head = panel, panel += head_bytes(kForm);
    for (size_t row = 0; row < kPanelWidth; ++row) {
      const Factors factors = factors_at<F>(head, panel, row);
      const auto level_at = [&](size_t k) {
        return level_of<kForm>(code_at(panel + scale_bytes(kForm), kForm.bits, row, k));
      };
      for (size_t r = 0; r < T; ++r) add_block<F, T>(factors, level_at, tile, r, out[r * kPanelWidth + row]);
    }
  }
}

// Where value k of a column stands among the levels of a strip's block, and its factor h among scales or minima.
size_t level_in_strip(size_t column, size_t k) {
  return 512 * (column / kPanelWidth) + 64 * (k / 4) + 4 * (column % kPanelWidth) + k % 4;
}
size_t factor_in_strip(size_t column, size_t h) { return 32 * (column / kPanelWidth) + 16 * h + column % kPanelWidth; }

template <size_t F>
void unpack(const uint8_t* panel, size_t blocks, size_t which, uint8_t* strip) {
  constexpr PackedForm kForm = kPackedForms[F];
  const uint8_t* head = panel;
  for (size_t b = 0; b < blocks; ++b, strip += kStripBlockBytes, panel += block_bytes(kForm)) {
    if (kForm.super > 1 && b % kForm.super == 0) head = panel, panel += head_bytes(kForm);
    for (size_t row = 0; row < kPanelWidth; ++row) {
      const size_t column = which * kPanelWidth + row;
      for (size_t k = 0; k < kDepthOfBlock; ++k)
        strip[level_in_strip(column, k)] =
            static_cast<uint8_t>(level_of<kForm>(code_at(panel + scale_bytes(kForm), kForm.bits, row, k)));
      const Factors factors = factors_at<F>(head, panel, row);
      for (size_t h = 0; h < 2; ++h) {
        std::memcpy(strip + kStripScales + 4 * factor_in_strip(column, h), factors.scale + h, 4);
        std::memcpy(strip + kStripMinima + 4 * factor_in_strip(column, h), factors.minimum + h, 4);
      }
    }
  }
}

template <size_t F>
void strip_by_tile(const uint8_t* strip, size_t blocks, const uint8_t* tile, float* sums) {
  for (size_t b = 0; b < blocks; ++b, strip += kStripBlockBytes, tile += quantised_bytes(kMostTileRows))
    for (size_t column = 0; column < kStripWidth; ++column) {
      Factors factors;
      for (size_t h = 0; h < 2; ++h) {
        factors.scale[h] = value_at<float>(strip + kStripScales, factor_in_strip(column, h));
        factors.minimum[h] = value_at<float>(strip + kStripMinima, factor_in_strip(column, h));
      }
      const auto level_at = [&](size_t k) { return int{strip[level_in_strip(column, k)]}; };
      for (size_t r = 0; r < kMostTileRows; ++r)
        add_block<F, kMostTileRows>(factors, level_at, tile, r, sums[r * kStripWidth + column]);
    }
}

float same(float x) { return x; }

// Where value k of row `row` stands in a panel of bf16: two values of depth are side by side.
size_t paired(size_t k, size_t row) { return (k / 2 * kPanelWidth + row) * 2 + k % 2; }
size_t in_rows(size_t k, size_t row) { return k * kPanelWidth + row; }

template <typename W, float (*widen)(W), size_t (*at)(size_t, size_t), size_t T>
void plain(const void* panel, size_t depth, const float* tile, float* out) {
  std::fill_n(out, T * kPanelWidth, 0.0f);
  const W* w = static_cast<const W*>(panel);
  for (size_t k = 0; k < depth; ++k)
    for (size_t r = 0; r < T; ++r)
      for (size_t row = 0; row < kPanelWidth; ++row)
        out[r * kPanelWidth + row] = std::fma(widen(w[at(k, row)]), tile[k * T + r], out[r * kPanelWidth + row]);
}

template <size_t T>
void rounded(const uint16_t* panel, size_t depth, const uint16_t* tile, float* out) {
  std::fill_n(out, T * kPanelWidth, 0.0f);
  for (size_t k = 0; k < depth; ++k)
    for (size_t r = 0; r < T; ++r)
      for (size_t row = 0; row < kPanelWidth; ++row)
        out[r * kPanelWidth + row] =
            std::fma(bf16_to_float(panel[paired(k, row)]), bf16_to_float(tile[(k / 2 * T + r) * 2 + k % 2]),
                     out[r * kPanelWidth + row]);
}

void put_sums(int32_t first, int32_t second, float scale, size_t row, size_t rows, uint8_t* tile) {
  const int32_t sums[3] = {first, second, first + second};
  std::memcpy(tile + scale_at(rows) + 4 * row, &scale, 4);
  for (size_t h = 0; h < 3; ++h) {
    const int32_t less = -sums[h];
    const auto sum = static_cast<float>(sums[h]);
    std::memcpy(tile + less_at(rows) + 4 * (h * rows + row), &less, 4);
    std::memcpy(tile + sum_at(rows) + 4 * (h * rows + row), &sum, 4);
  }
}

void quantise(const float* x, size_t blocks, size_t row, size_t rows, uint8_t* tile) {
  for (size_t b = 0; b < blocks; ++b, x += kDepthOfBlock, tile += quantised_bytes(rows)) {
    float most = 0;
    for (size_t k = 0; k < kDepthOfBlock; ++k) most = std::max(most, std::fabs(x[k]));
    if (most < kSmallestActivation) most = 0;
    const float by = most > 0 ? 127 / most : 0, scale = most / 127;
    int32_t sums[2] = {};
    for (size_t k = 0; k < kDepthOfBlock; ++k) {
      const int q = static_cast<int>(std::nearbyint(x[k] * by));
      tile[(k / 4 * rows + row) * 4 + k % 4] = static_cast<uint8_t>(q);
      sums[k / 16] += q;
    }
    put_sums(sums[0], sums[1], scale, row, rows, tile);
  }
}

template <size_t F>
void fill_forms(ProductKernels& table) {
  if constexpr (F < kQuantisedForms) {
    table.quantised[F][0] = quantised<F, 1>;
    table.quantised[F][1] = quantised<F, 2>;
    table.quantised[F][2] = quantised<F, 4>;
    table.quantised[F][3] = quantised<F, 8>;
    table.unpack[F] = unpack<F>;
    table.strip[F] = strip_by_tile<F>;
    fill_forms<F + 1>(table);
  }
}

template <size_t T, size_t At>
void fill_plain(ProductKernels& table) {
  table.plain[0][At] = plain<float, same, in_rows, T>;
  table.plain[1][At] = plain<uint16_t, half_to_float, in_rows, T>;
  table.plain[2][At] = plain<uint16_t, bf16_to_float, paired, T>;
  table.rounded[At] = rounded<T>;
}

}  // namespace

void fill_products_scalar(ProductKernels& table) {
  fill_forms<0>(table);
  fill_plain<1, 0>(table);
  fill_plain<2, 1>(table);
  fill_plain<4, 2>(table);
  fill_plain<8, 3>(table);
  table.quantise = quantise;
}

}  // namespace hanok::math
