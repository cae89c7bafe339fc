// Products of quantised weights with activations of eight bits, and of plain weights with floats: the layouts and the
// table of kernels behind weights.h. Kept free of library headers: files with CPU flags include it.
//
// Weights are packed in panels of sixteen rows, so that every lane of a register is an output of its own: no sum is
// ever taken across lanes, and an output is the same number whatever else is computed beside it, on every CPU.
//
// A panel of a quantised form is a sequence of blocks of 32 values of depth:
//   head, once for `super` blocks:  half d[16], and half dmin[16] where minima are scaled
//   scales of the block             as Scale and Minimum say
//   codes                           vectors of 64 bytes, [16 rows][4 values]; vector g has values 4 g .. 4 g + 3.
//     8 bits: eight vectors. 4 bits: four vectors, low halves are vectors 0..3, high halves 4..7. 2 bits: two vectors,
//     pair f of the first is vector f, of the second 4 + f. 1 bit: 64 bytes, bit j of byte 8 g + i belongs to byte
//     8 i + j of vector g. 5 = 4 + 1, 6 = 4 + 2, 3 = 2 + 1 bits: lower bits first, then the upper.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hanok::math {

constexpr size_t kPanelWidth = 16;    // rows of a panel
constexpr size_t kDepthOfBlock = 32;  // values of a block
constexpr size_t kMostTileRows = 8;

enum class Scale : uint8_t {
  Half,         // half[16]
  Byte,         // d * uint8[16]
  SignedByte,   // d * int8[16]
  SignedPairs,  // d * int8[2][16]: first of values 0..15, then of 16..31
  Nibbles,      // d * (low halves of uint8[2][16]); the high halves are the minima, times dmin
  Exponent,     // 2^(uint8[16] - 128)
};
enum class Minimum : uint8_t {
  None,
  Half,     // half[16] after the scales: added to the weight
  Byte,     // dmin * uint8[16] after the scales: taken away
  Nibbles,  // as Scale says: taken away
};

/// How a quantised format is packed:  weight = scale * (level(code) - zero) -+ minimum.
struct PackedForm {
  uint8_t bits;   // of a code: 2, 3, 4, 5, 6, 8
  uint8_t super;  // blocks that share a head: 1 (then there is none) or 8
  Scale scale;
  Minimum minimum;
  uint8_t zero_bits;  // zero = 1 << zero_bits; 0: there is none
  uint8_t levels;     // 0: the code itself; 1: kLevels[0] of it; 2: kLevels[1]
};

// Static: what a file with CPU flags compiles of these stays in that file.
/// Whether each sixteen values have a scale of their own.
static constexpr inline bool has_halves(const PackedForm& f) {
  return f.scale == Scale::SignedPairs || f.scale == Scale::Nibbles;
}
static constexpr inline size_t head_bytes(const PackedForm& f) {
  return f.super == 1 ? 0 : f.minimum == Minimum::Byte || f.minimum == Minimum::Nibbles ? 64 : 32;
}
static constexpr inline size_t scale_bytes(const PackedForm& f) {
  return (f.scale == Scale::Half || has_halves(f) ? 32 : 16) + (f.minimum == Minimum::Half   ? 32
                                                                : f.minimum == Minimum::Byte ? 16
                                                                                             : 0);
}
static constexpr inline size_t block_bytes(const PackedForm& f) { return scale_bytes(f) + size_t{64} * f.bits; }

/// Levels of four-bit codes, with the zero of their form added, so that they are not negative.
inline constexpr uint8_t kLevels[2][16] = {
    {1, 24, 45, 63, 79, 93, 106, 118, 129, 141, 153, 166, 181, 197, 217, 241},  // IQ4_NL, IQ4_XS: 128 more
    {16, 17, 18, 19, 20, 22, 24, 28, 16, 15, 14, 13, 12, 10, 8, 4},             // MXFP4: 16 more
};

inline constexpr PackedForm kPackedForms[] = {
    {8, 1, Scale::Half, Minimum::None, 7, 0},         // Q8_0
    {4, 1, Scale::Half, Minimum::None, 3, 0},         // Q4_0
    {4, 1, Scale::Half, Minimum::Half, 0, 0},         // Q4_1
    {5, 1, Scale::Half, Minimum::None, 4, 0},         // Q5_0
    {5, 1, Scale::Half, Minimum::Half, 0, 0},         // Q5_1
    {2, 8, Scale::Nibbles, Minimum::Nibbles, 0, 0},   // Q2_K
    {3, 8, Scale::SignedPairs, Minimum::None, 2, 0},  // Q3_K
    {4, 8, Scale::Byte, Minimum::Byte, 0, 0},         // Q4_K
    {5, 8, Scale::Byte, Minimum::Byte, 0, 0},         // Q5_K
    {6, 8, Scale::SignedPairs, Minimum::None, 5, 0},  // Q6_K
    {4, 1, Scale::Half, Minimum::None, 7, 1},         // IQ4_NL
    {4, 8, Scale::SignedByte, Minimum::None, 7, 1},   // IQ4_XS
    {4, 1, Scale::Exponent, Minimum::None, 4, 2},     // MXFP4
};
constexpr size_t kQuantisedForms = sizeof kPackedForms / sizeof kPackedForms[0];

/// One block of depth of a tile of T rows of activations (T = 1, 2, 4, 8), in eight bits: value = scale * q.
///   int8 q[8][T][4] | float scale[T] | int32 less[3][T] = -sum of q over the first sixteen, over the second, over all
///   | float sum[3][T] = the sums themselves
static constexpr inline size_t quantised_bytes(size_t tile_rows) { return tile_rows * (32 + 4 + 12 + 12); }
static constexpr inline size_t scale_at(size_t tile_rows) { return tile_rows * 32; }
static constexpr inline size_t less_at(size_t tile_rows) { return tile_rows * 36; }
static constexpr inline size_t sum_at(size_t tile_rows) { return tile_rows * 48; }

/// Two panels side by side with their blocks taken apart, for many rows of activations. A block of a strip:
///   uint8 level[2 panels][8][16 rows][4] | float scale[2][2][16] | float minimum[2][2][16], as it is added
/// where a second scale and minimum are of the values 16..31, if they have their own. Versions of 256 bits have an
/// order of their own.
constexpr size_t kStripWidth = 2 * kPanelWidth;
constexpr size_t kStripScales = kStripWidth * 32, kStripMinima = kStripScales + kStripWidth * 2 * sizeof(float);
constexpr size_t kStripBlockBytes = kStripMinima + kStripWidth * 2 * sizeof(float);

constexpr float kSmallestActivation = 1e-30f;  // 127 / max would overflow a little below 1e-36

struct ProductKernels {
  /// out[r * 16 + j] = sum over blocks of panel row j times tile row r, for the forms in the order of kPackedForms and
  /// tiles of 1, 2, 4 and 8 rows. out: [T, 16].
  ///   For every block, in order, with n the exact whole number sum of (level - zero) * q, of all 32 or of each
  ///   sixteen, and minimum as it is added: t = sum of minimum * sum_of_q, then of float(n) * scale_of_weights, by fma
  ///   after the first product; out = fma(t, scale_of_activations, out).
  void (*quantised[kQuantisedForms][4])(const uint8_t* panel, size_t blocks, const uint8_t* tile, float* out);
  /// Takes `blocks` blocks (whole groups of `super`) of a panel apart, as the first (0) or the second (1) of a strip.
  void (*unpack[kQuantisedForms])(const uint8_t* panel, size_t blocks, size_t which, uint8_t* strip);
  /// Goes on with the sums [8, 32] of a tile of eight rows, over the blocks of a strip: the same bits as `quantised`.
  void (*strip[kQuantisedForms])(const uint8_t* strip, size_t blocks, const uint8_t* tile, float* sums);
  /// The same for plain weights and a tile of floats [depth, T]: out = fma(weight, activation, out) in order of depth.
  /// f32 and f16 are [depth, 16], bf16 [(depth + 1) / 2, 16, 2].
  void (*plain[3][4])(const void* panel, size_t depth, const float* tile, float* out);
  /// bf16 weights with activations rounded to bf16, [(depth + 1) / 2, T, 2]; the last of an odd depth is 0 in both.
  /// Sums are float32; how the two products of a step are added is the version's own, so versions differ by rounding.
  void (*rounded[4])(const uint16_t* panel, size_t depth, const uint16_t* tile, float* out);
  /// Row r of a tile of T rows from x [32 * blocks]: q = nearest whole number (ties to even) of x * (127 / max|x|),
  /// scale = max|x| / 127; a block in which nothing reaches kSmallestActivation has scale 0. x must be finite.
  void (*quantise)(const float* x, size_t blocks, size_t row, size_t tile_rows, uint8_t* tile);
};

void fill_products_scalar(ProductKernels& table);
void fill_products_avx2(ProductKernels& table);
void fill_products_avxvnni(ProductKernels& table);
void fill_products_vnni(ProductKernels& table);
void fill_products_bf16(ProductKernels& table);

}  // namespace hanok::math
