// Many dot products against one fixed matrix: its rows are packed sixteen at a time ("panels"), so that one load serves
// sixteen rows and every lane of a register works. Used for k-means, coarse cells and projections.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "math/panel_kernels.h"

namespace hanok::index {

using math::kPanelQueries;
using math::kPanelRows;

/// A matrix [rows, dim] packed for products with vectors.
class Panels {
 public:
  Panels() = default;
  Panels(std::span<const float> matrix, size_t dim);
  size_t rows() const { return rows_; }
  size_t dim() const { return dim_; }
  /// rows() rounded up to whole panels: what a row of `out` takes.
  size_t padded() const { return (rows_ + kPanelRows - 1) / kPanelRows * kPanelRows; }
  /// out[i, r] = <x_i, row r>, [n, padded()]; entries past rows() are 0. x: [n, dim].
  void dots(const float* x, size_t n, float* out) const;

 private:
  size_t rows_ = 0, dim_ = 0;
  std::vector<float> packed_;  // [panels, dim, 16]
};

}  // namespace hanok::index
