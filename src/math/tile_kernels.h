// Products on tiles: registers of two dimensions, sixteen rows of 64 bytes, which one instruction multiplies and adds
// up (AMX). Beside product_kernels.h, for as many rows of activations as fill them. Kept free of library headers: files
// with CPU flags include it.
//
// Tiles are set up on a thread before its products and given back after them: a thread that holds them makes each
// change of context dearer by 8 KiB.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hanok::math {

constexpr size_t kTileRows = 16;
/// Eight-bit activations for strips: [block][16 rows] lines, each the block of a tile of one row as product_kernels.h
/// has it (int8 q[32] | float scale | int32 less[3] | float sum[3]) and four bytes that are not used.
constexpr size_t kTileLine = 64;
/// bf16 activations: [depth / 32, rounded up][rows][32], 1 to 16 rows, zeros behind the depth.
constexpr size_t kTileDepth = 32;

enum class TileWork : uint8_t {
  Bytes,      // strips with a scale for 32 values
  HalfBytes,  // strips with a scale for 16
  Bf16,
};

struct TileKernels {
  /// On the calling thread, before the products below; rows are those of a tile of activations.
  void (*begin)(TileWork work, size_t rows);
  void (*end)();
  /// Takes the zero of a form away from the levels of a strip (kStripBlockBytes a block, as product_kernels.h has it).
  void (*take_zero)(uint8_t* strip, size_t blocks, uint8_t zero);
  /// Goes on with the sums [16, 32] of sixteen rows over the blocks of a strip without zeros: the bits that
  /// ProductKernels::strip gives. [a scale for each 16 values][minima]
  void (*strip[2][2])(const uint8_t* strip, size_t blocks, const uint8_t* tile, float* sums);
  /// Goes on with the sums [tiles * rows, 32] of one or two tiles of bf16, `apart` values from one another, over two
  /// panels of bf16. For every 32 values, in order: sum = sum + (sum of even + sum of odd products), each by fma in
  /// float32, numbers too small to be normal taken as 0. A last piece of less than 32 values ends a product.
  void (*rounded)(const uint16_t* first, const uint16_t* second, size_t depth, const uint16_t* tile, size_t rows,
                  size_t tiles, size_t apart, float* sums);
};

void fill_tile_products_emulated(TileKernels& table);
void fill_tile_products_amx(TileKernels& table);
/// Whether this CPU's tiles multiply as they should: a few products beside plain loops. The process must have the
/// permission to use tiles.
bool tiles_multiply_right_amx();

}  // namespace hanok::math
