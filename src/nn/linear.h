// A linear layer y = act(x W^T + b), its weights brought to the precision of its products and packed once when the
// model is opened.
#pragma once

#include <string>
#include <vector>

#include "math/byte_gemm.h"
#include "math/gemm.h"
#include "nn/weights.h"

namespace hanok::nn {

/// What products are computed in: float32, or whole numbers of eight bits (math/byte_gemm.h).
enum class LinearPrecision { Float32, Int8 };

class Linear {
 public:
  Linear() = default;
  /// W is the tensors `names` + ".weight" under one another ([out_i, in] each), so that one product gives them all
  /// (queries, keys and values); a layer has a bias when `names` + ".bias" exists. Throws Corrupt as Weights::at does.
  Linear(const Weights& weights, const std::vector<std::string>& names, const std::vector<size_t>& out, size_t in,
         LinearPrecision precision = LinearPrecision::Float32);

  size_t in() const { return precision_ == LinearPrecision::Int8 ? bytes_.depth() : packed_.depth(); }
  size_t out() const { return precision_ == LinearPrecision::Int8 ? bytes_.width() : packed_.width(); }
  /// x [m, in] with rows ldx apart, y [m, out] with rows ldy apart.
  void operator()(const float* x, size_t ldx, size_t m, float* y, size_t ldy, math::GemmOptions options = {}) const {
    if (precision_ == LinearPrecision::Int8)
      math::byte_gemm(x, ldx, m, bytes_, y, ldy, options);
    else
      math::gemm(x, ldx, m, packed_, y, ldy, options);
  }

 private:
  LinearPrecision precision_ = LinearPrecision::Float32;
  math::PackedMatrix packed_;  // one of the two holds the weights
  math::ByteMatrix bytes_;
};

}  // namespace hanok::nn
