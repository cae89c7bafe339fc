#include "index/ivf/model.h"

#include <algorithm>
#include <cmath>

#include "index/base_index.h"
#include "index/kmeans.h"

namespace hanok::index {

void unit_of(const float* x, size_t dim, Metric metric, float* out) {
  if (metric == Metric::Cosine)
    normalise({x, dim}, out);
  else
    std::copy_n(x, dim, out);
}

void IvfModel::finish() {
  axis_panels = Panels(axes, dim);
  centroid_panels = Panels(centroids, axes_count);
  squares = row_squares(centroids, axes_count);
}

void IvfModel::project(const float* x, size_t n, bool is_query, float* y) const {
  std::vector<float> centred(n * dim);
  for (size_t i = 0; i < n; ++i) {
    unit_of(x + i * dim, dim, metric, centred.data() + i * dim);
    if (is_query && metric == Metric::InnerProduct) continue;
    for (size_t j = 0; j < dim; ++j) centred[i * dim + j] -= mean[j];
  }
  axis_panels.dots(centred.data(), n, y);
}

void IvfModel::nearest_cells(const float* y, size_t n, uint32_t* out) const {
  const size_t stride = axis_panels.padded();
  thread_local std::vector<float> tight, dots;
  tight.resize(n * axes_count);
  dots.resize(n * centroid_panels.padded());
  for (size_t i = 0; i < n; ++i) std::copy_n(y + i * stride, axes_count, tight.data() + i * axes_count);
  centroid_panels.dots(tight.data(), n, dots.data());
  float distance;
  for (size_t i = 0; i < n; ++i) out[i] = nearest_of(dots.data() + i * centroid_panels.padded(), squares, distance);
}

IvfModel::Encoded IvfModel::encode(const float* x, const float* y, uint32_t cell, uint8_t* out) const {
  Encoded result;
  if (codes.subspaces() == 0) return result;
  const float* c = centroids.data() + cell * axes_count;
  std::vector<float> rest(axes_count), decoded(axes_count);
  for (size_t j = 0; j < axes_count; ++j) rest[j] = y[j] - c[j];
  std::fill(out, out + codes.padded(), uint8_t{0});
  codes.encode(rest.data(), out);
  codes.decode(out, decoded.data());
  if (one_bit) {
    double square = 0, along = 0;
    for (size_t j = 0; j < axes_count; ++j) {
      square += static_cast<double>(rest[j]) * rest[j];
      along += static_cast<double>(decoded[j]) * rest[j];
    }
    result.scale = along > 0 ? static_cast<float>(square / along) : 0;
  }
  if (metric == Metric::InnerProduct) return result;
  std::vector<float> own(dim);
  unit_of(x, dim, metric, own.data());
  double whole = 0, inside = 0, missed = 0, term = 0;
  for (size_t j = 0; j < dim; ++j) whole += std::pow(static_cast<double>(own[j]) - mean[j], 2);
  for (size_t j = 0; j < axes_count; ++j) {
    inside += static_cast<double>(y[j]) * y[j];
    const double coded = static_cast<double>(result.scale) * decoded[j];
    missed += one_bit ? static_cast<double>(rest[j]) * rest[j] : std::pow(rest[j] - coded, 2);
    term += coded * (2.0 * c[j] + (one_bit ? 0 : coded));
  }
  result.term = static_cast<float>(term + missed + std::max(0.0, whole - inside));
  return result;
}

}  // namespace hanok::index
