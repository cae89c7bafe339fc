// Matrix product with weights that stay in the format of their file: y = x w^T (+ bias) (+ y).
//   x [m, depth] floats, w [width, depth], y [m, width], all row-major.
//
//   PackedWeights w(WeightFormat::Q4_K, rows, width, depth);        // once, when a model is loaded
//   Activations x;                                                  // a workspace, used again and again
//   x.set(hidden, depth, m, depth, w.arithmetic());                 // once for all products with the same x
//   product(x, w, y, width);
//
// Weights are packed for the kernels (product_kernels.h) in about as many bytes as the file has: the file's own may be
// let go. A row's result is the same bits alone or among others, with one thread or many, and but
// for Arithmetic::Bf16 on every CPU. Where the CPU has tiles (tile_kernels.h), they multiply more than eight rows of
// bytes, and any number of rows of bf16.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "math/kernels.h"
#include "math/product_kernels.h"
#include "math/tile_kernels.h"
#include "math/weight_formats.h"

namespace hanok::math {

/// What a format's products are computed in: quantised weights meet activations of eight bits (a scale for each 32; the
/// error of a product is below 0.4 % of sqrt(depth) times its largest terms, like that of other CPU runtimes), plain
/// ones meet floats. Bf16 is for BF16 weights and who asks for it: activations are rounded to bf16 too, which doubles
/// the speed of a prefill on CPUs with AVX-512 BF16 (error of each activation below 2^-9 of it; CPUs differ by
/// rounding).
enum class Arithmetic { Bytes, Floats, Bf16 };

/// Bytes on a 64-byte boundary that are not set to anything at first; grows, never shrinks.
class AlignedBytes {
 public:
  uint8_t* reserve(size_t n);
  uint8_t* data() { return data_.get(); }
  const uint8_t* data() const { return data_.get(); }

 private:
  struct Free {
    void operator()(uint8_t* p) const;
  };
  std::unique_ptr<uint8_t[], Free> data_;
  size_t size_ = 0;
};

/// Reading is safe from several threads.
class PackedWeights {
 public:
  PackedWeights() = default;
  /// `rows`: width rows of depth values, one after the other as `format` has them, any alignment; not needed
  /// afterwards. depth is a multiple of the format's block. Packs on all threads of the context.
  PackedWeights(WeightFormat format, const std::byte* rows, size_t width, size_t depth);

  WeightFormat format() const { return format_; }
  /// The one that loses nothing more than the format did, but for the eight bits of quantised formats.
  Arithmetic arithmetic() const { return form_ < kQuantisedForms ? Arithmetic::Bytes : Arithmetic::Floats; }
  size_t width() const { return width_; }
  size_t depth() const { return depth_; }
  /// In memory.
  size_t bytes() const { return panels() * panel_bytes_; }

 private:
  friend struct Product;
  size_t panels() const { return (width_ + kPanelWidth - 1) / kPanelWidth; }
  void pack_quantised(const std::byte* rows, size_t panel);
  void pack_plain(const std::byte* rows, size_t panel);

  WeightFormat format_ = WeightFormat::F32;
  size_t form_ = kQuantisedForms, width_ = 0, depth_ = 0, panel_bytes_ = 0;
  AlignedBytes data_;
};

/// The left side, laid out for the kernels in tiles of 1, 2, 4 or 8 rows, or for tile kernels of up to 16. Reading is
/// safe from several threads.
class Activations {
 public:
  /// m rows of x, depth finite values each, ldx apart. For Bytes depth is a multiple of 32. Allocates only where more
  /// is needed than ever before.
  void set(const float* x, size_t ldx, size_t m, size_t depth, Arithmetic arithmetic,
           Features features = math::features());
  size_t rows() const { return m_; }
  size_t depth() const { return depth_; }
  Arithmetic arithmetic() const { return arithmetic_; }

 private:
  friend struct Product;
  size_t tile_rows() const {
    if (in_tiles_) return m_ < kTileRows && arithmetic_ == Arithmetic::Bf16 ? m_ : kTileRows;
    return m_ <= 1 ? 1 : m_ == 2 ? 2 : m_ <= 4 ? 4 : kMostTileRows;
  }
  size_t block_bytes() const { return in_tiles_ ? kTileRows * kTileLine : quantised_bytes(tile_rows()); }
  size_t tile_bytes() const;
  size_t tiles() const { return m_ == 0 ? 0 : (m_ + tile_rows() - 1) / tile_rows(); }
  void quantise_tile(const float* x, size_t ldx, size_t tile, const ProductKernels& kernels);
  void copy_tile(const float* x, size_t ldx, size_t tile);
  void round_tile(const float* x, size_t ldx, size_t tile);

  Arithmetic arithmetic_ = Arithmetic::Floats;
  bool in_tiles_ = false;  // laid out for TileKernels
  size_t m_ = 0, depth_ = 0, tile_bytes_ = 0;
  AlignedBytes data_;
};

struct ProductOptions {
  const float* bias = nullptr;  // [width]
  bool accumulate = false;      // add to what y holds
  size_t threads = 0;           // 0: those of the context, where the product is large enough to share
};

/// Allocates nothing but what base::parallel_for needs. `features` are those that x was set for. Throws Invalid where x
/// does not fit w.
void product(const Activations& x, const PackedWeights& w, float* y, size_t ldy, const ProductOptions& options = {},
             Features features = math::features());

/// One of several products that threads share as one piece of work.
struct ProductTask {
  const Activations* x = nullptr;
  const PackedWeights* w = nullptr;
  float* y = nullptr;
  size_t ldy = 0;
  ProductOptions options;  // threads: the most of any task counts
};
/// As product() of each: threads meet once and not once a product, which is what decoding a token waits for.
void products(std::span<const ProductTask> tasks);

}  // namespace hanok::math
