// What an IVF index learns from data: a projection to the leading principal axes, cells around centroids there, and
// codebooks for what is left inside a cell.
//
//   x' = x - mean;   y = A x' (axes);   c = nearest centroid of y;   r = y - c;   r^ = decoded code of r
//   L2:  |q - x|^2 ~ |y_q - c|^2 - 2 <y_q, r^> + term,   term = 2 <c, r^> + |r^|^2 + |x' - A^T (c + r^)|^2
// The last part of term is what the code misses; it is known exactly when x is added, and on average that is what its
// distance gains. <y_q, r^> does not depend on the cell: one table of lookups serves a query in all cells.
// IP:  -<q, x> ~ -<y_q, c> - <y_q, r^> up to what depends on the query alone. Cosine is L2 between unit vectors.
//
// RaBitQ (Gao, Long 2024): the axes are a random rotation and r^ is f s, s the corner of the unit cube that r points
// to, one bit an axis. f = |r|^2 / <s, r> makes <y_q, f s> an unbiased estimate of <y_q, r>; it is kept beside the
// term, which is then 2 f <c, s> + |r|^2, and what lies outside the axes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "index/ivf/product_quantiser.h"
#include "index/panel.h"

namespace hanok::index {

struct IvfModel {
  size_t dim = 0, axes_count = 0, cells = 0;
  Metric metric = Metric::L2;
  bool one_bit = false;          // RaBitQ
  std::vector<float> mean;       // [dim]
  std::vector<float> axes;       // [axes_count, dim]
  std::vector<float> centroids;  // [cells, axes_count]
  ProductQuantiser codes;        // over axes_count; no subspaces for uncoded kinds

  // Made from the above by finish().
  Panels axis_panels, centroid_panels;
  std::vector<float> squares;
  void finish();

  struct Training {
    size_t cells = 0;
    size_t codes = 0;      // at most so many 4-bit codes a vector; 0: none
    bool one_bit = false;  // instead of them one bit an axis
    uint64_t seed = 1;
    size_t threads = 0;
  };
  /// sample: [n, dim] as given by the user.
  static IvfModel learn(std::span<const float> sample, size_t dim, Metric metric, const Training& how);

  /// y of n vectors, [n, axis_panels.padded()]; is_query: under IP a query is not centred.
  void project(const float* x, size_t n, bool is_query, float* y) const;

  /// Cell, codes [codes.padded()], term and scale of one vector, whose projection is y.
  struct Encoded {
    uint32_t cell = 0;
    float term = 0, scale = 1;  // scale: f of RaBitQ
  };
  Encoded encode(const float* x, const float* y, uint8_t* out) const;
  uint32_t nearest_cell(const float* y) const;

  /// How well the codes tell neighbours apart: of the ten nearest of some of these vectors, the share that is among the
  /// `kept` which look nearest by code. sample: [n, dim], of which some tens of thousands are looked at.
  double told_apart(std::span<const float> sample, size_t kept, size_t threads) const;

 private:
  void choose_axes(std::span<const float> sample, const Training& how);
};

}  // namespace hanok::index
