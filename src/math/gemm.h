// Matrix product for float32 with a packed right side: c = act(a w^T + bias [+ c]).
//   a [m, depth] row-major, w [width, depth] as torch keeps a Linear's weight, c [m, width] row-major.
// The right side is laid out once in panels that a register tile reads from first to last (Goto and van de Geijn 2008);
// the left side is read where it stands: its rows are broadcast, so packing it would only cost a copy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "math/gemm_kernel.h"
#include "math/kernels.h"

namespace hanok::math {

enum class Activation { None, Gelu, GeluTanh, Silu, Relu, Tanh };

/// Floats on a 64-byte boundary that are not set to anything at first; grows, never shrinks.
class Scratch {
 public:
  float* reserve(size_t n);
  float* data() { return data_.get(); }
  const float* data() const { return data_.get(); }

 private:
  struct Free {
    void operator()(float* p) const;
  };
  std::unique_ptr<float[], Free> data_;
  size_t size_ = 0;
};

/// The right side of a product, packed for one tile. Reading is safe from several threads.
class PackedMatrix {
 public:
  explicit PackedMatrix(Features features = math::features()) : kernel_(kernels<GemmKernel>(features)) {}

  /// fill(row, out) writes row `row` of w, depth floats. Runs on all cores; bias is empty or has `width` values.
  void pack_rows(size_t width, size_t depth, const std::function<void(size_t row, float* out)>& fill,
                 std::vector<float> bias = {});
  /// w [width, depth] with rows ldw apart.
  void pack_transposed(const float* w, size_t ldw, size_t width, size_t depth);
  /// b [depth, width] with rows ldb apart: the right side itself instead of its transpose.
  void pack(const float* b, size_t ldb, size_t depth, size_t width);

  size_t width() const { return width_; }
  size_t depth() const { return depth_; }

 private:
  friend struct GemmTask;
  void shape(size_t width, size_t depth);
  size_t panels() const { return (width_ + kernel_.width - 1) / kernel_.width; }
  size_t block_depth(size_t block) const;
  const float* panel(size_t block, size_t p) const;
  float* panel(size_t block, size_t p);

  GemmKernel kernel_;
  size_t width_ = 0, depth_ = 0, blocks_ = 0, step_ = 0;  // depth is cut in `blocks_` blocks of at most step_
  Scratch data_;
  std::vector<float> bias_;  // padded with zeros to whole panels; empty = none
};

struct GemmOptions {
  bool accumulate = false;  // add to what c holds: a residual connection costs nothing more
  Activation activation = Activation::None;
  size_t threads = 0;  // 0: all cores where the product is large enough to share
};

/// a may not overlap c.
void gemm(const float* a, size_t lda, size_t m, const PackedMatrix& w, float* c, size_t ldc, GemmOptions options = {});

/// Writes rows [row, row + rows) x columns [first, first + depth) of a left side that lies nowhere as a matrix (the
/// windows of a convolution), rows `depth` apart. Called from several threads, for parts of at most 96 rows and 384
/// columns, which may come more than once.
using LeftSide = std::function<void(size_t row, size_t rows, size_t first, size_t depth, float* out)>;
void gemm(const LeftSide& a, size_t m, const PackedMatrix& w, float* c, size_t ldc, GemmOptions options = {});

/// The activation on n values in place.
void activate(Activation activation, float* x, size_t n);

}  // namespace hanok::math
