// The few directions in which rows differ most, so that most of them can be told to be far by a part of the work.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "hanok/index.h"
#include "index/panel.h"

namespace hanok::index {

/// An orthonormal basis P [m, dim] of a part of the space. With coordinates h = P x and what lies outside, x_r = x -
/// P^T h:
///   |<q, x> - <h_q, h_x>|  <=  |q_r| |x_r| + error() |q| |x|,
/// where error() covers that P is rounded and that coordinates are summed in float (docs/index/flat.md has the proof).
class Subspace {
 public:
  /// All of the space: coordinates are the vector itself, nothing lies outside.
  explicit Subspace(size_t dim) : dim_(dim), size_(dim) {}
  /// Spanned by directions [m, dim], made orthonormal once more; turned, so that no coordinate is larger than the
  /// others.
  Subspace(std::span<const float> directions, size_t dim, uint64_t seed);

  size_t dim() const { return dim_; }
  size_t size() const { return size_; }
  bool whole() const { return panels_.empty(); }
  double error() const { return error_; }

  /// coordinates [n, size()] of x [n, dim].
  void project(std::span<const double> x, double* coordinates) const;
  /// A bound of |x_r| from |x|^2 and |h|^2.
  double outside(double squares, double coordinate_squares) const;

 private:
  size_t dim_, size_;
  double error_ = 0, outside_error_ = 0;
  std::vector<Panels> panels_;  // P, kChunk columns each
};

/// What an exact scan does with a row, in products of one dimension's integers.
struct ScanCosts {
  double kept = 4000;     // a row that its bound does not exclude: listed, ordered, fetched from memory
  double exact = 16;      // one dimension of it in float64
  double row_limit = 63;  // largest codes
  double query_limit = 64;
};

/// The subspace that makes an exact scan of `rows` rows cheapest, or the whole space, judged by a sample of them.
/// sample [n, dim]: rows, centred (and divided by their lengths before, under cosine).
Subspace cheapest_subspace(std::span<const float> sample, std::span<const float> centre, Metric metric, size_t rows,
                           const ScanCosts& costs);

}  // namespace hanok::index
