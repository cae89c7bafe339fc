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

  /// y of n vectors, [n, axis_panels.padded()]; is_query: under IP a query is not centred.
  void project(const float* x, size_t n, bool is_query, float* y) const;

  /// The cell of each of n vectors whose projections are y, [n, axis_panels.padded()].
  void nearest_cells(const float* y, size_t n, uint32_t* out) const;

  /// Codes [codes.padded()], term and scale of one vector of a cell, whose projection is y.
  struct Encoded {
    float term = 0, scale = 1;  // scale: f of RaBitQ
  };
  Encoded encode(const float* x, const float* y, uint32_t cell, uint8_t* out) const;
};

/// x as all geometry takes it: of length one under Cosine.
void unit_of(const float* x, size_t dim, Metric metric, float* out);

}  // namespace hanok::index
