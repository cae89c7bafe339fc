// Matrix product in whole numbers of eight bits: c = act(a w^T + bias [+ c]), about four times as fast as float32 where
// the CPU multiplies bytes (VNNI, AVX-VNNI), more than twice on AVX2.
//   a [m, depth] floats row-major, w [width, depth] as torch keeps a Linear's weight, c [m, width] floats row-major.
// Each 64 values of depth of a row have a scale of their own on both sides, as outliers of activations stand in few
// columns (Dettmers et al. 2022): an error of at most half a 127th of the largest of the 64, of weights half as much
// again as a rule (byte_gemm_kernels.h). Sums of products are exact; a row's result is the same bits on every CPU,
// alone or among others, with one thread or many.
#pragma once

#include <functional>
#include <vector>

#include "math/byte_gemm_kernels.h"
#include "math/gemm.h"

namespace hanok::math {

/// The right side, rounded and packed once. Reading is safe from several threads.
class ByteMatrix {
 public:
  explicit ByteMatrix(Features features = math::features()) : kernels_(kernels<ByteGemmKernels>(features)) {}

  /// fill(row, out) writes row `row` of w, depth finite floats. Runs on all cores; bias is empty or has `width` values.
  void pack_rows(size_t width, size_t depth, const std::function<void(size_t row, float* out)>& fill,
                 std::vector<float> bias = {});

  size_t width() const { return width_; }
  size_t depth() const { return depth_; }
  /// In memory, without the bias.
  size_t bytes() const { return data_.size(); }

 private:
  friend void byte_gemm(const float*, size_t, size_t, const ByteMatrix&, float*, size_t, GemmOptions);
  size_t panels() const { return (width_ + kernels_.width - 1) / kernels_.width; }
  size_t groups() const { return (depth_ + kByteGroup - 1) / kByteGroup; }
  const uint8_t* panel(size_t p) const { return data_.data() + p * groups() * byte_group_bytes(kernels_.width); }
  void pack_panel(const float* rows, uint8_t* to) const;

  ByteGemmKernels kernels_;
  size_t width_ = 0, depth_ = 0;
  std::vector<uint8_t> data_;
  std::vector<float> bias_;  // padded with zeros to whole panels; empty = none
};

/// a may not overlap c.
void byte_gemm(const float* a, size_t lda, size_t m, const ByteMatrix& w, float* c, size_t ldc,
               GemmOptions options = {});

}  // namespace hanok::math
