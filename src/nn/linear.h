// A linear layer y = act(x W^T + b), its weights widened and packed once when the model is opened.
#pragma once

#include <string>
#include <vector>

#include "math/gemm.h"
#include "nn/weights.h"

namespace hanok::nn {

class Linear {
 public:
  Linear() = default;
  /// W is the tensors `names` + ".weight" under one another ([out_i, in] each), so that one product gives them all
  /// (queries, keys and values); a layer has a bias when `names` + ".bias" exists. Throws Corrupt as Weights::at does.
  Linear(const Weights& weights, const std::vector<std::string>& names, const std::vector<size_t>& out, size_t in);

  size_t in() const { return packed_.depth(); }
  size_t out() const { return packed_.width(); }
  /// x [m, in] with rows ldx apart, y [m, out] with rows ldy apart.
  void operator()(const float* x, size_t ldx, size_t m, float* y, size_t ldy, math::GemmOptions options = {}) const {
    math::gemm(x, ldx, m, packed_, y, ldy, options);
  }

 private:
  math::PackedMatrix packed_;
};

}  // namespace hanok::nn
