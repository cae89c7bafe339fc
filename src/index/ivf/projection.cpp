#include "index/ivf/projection.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/random.h"
#include "base/threads.h"
#include "index/panel.h"

namespace hanok::index {
namespace {

constexpr size_t kSteps = 4;  // of subspace iteration: the variance captured is then within a percent of the best

// Makes rows [k, dim] orthonormal, one after the other (modified Gram-Schmidt, twice for safety).
void orthonormalise(std::vector<float>& rows, size_t dim, base::Random& random) {
  const size_t k = rows.size() / dim;
  for (size_t i = 0; i < k; ++i) {
    float* row = rows.data() + i * dim;
    for (int attempt = 0; attempt < 4; ++attempt) {
      for (int pass = 0; pass < 2; ++pass)
        for (size_t p = 0; p < i; ++p) {
          const float* before = rows.data() + p * dim;
          float dot = 0;
          for (size_t j = 0; j < dim; ++j) dot += row[j] * before[j];
          for (size_t j = 0; j < dim; ++j) row[j] -= dot * before[j];
        }
      double norm = 0;
      for (size_t j = 0; j < dim; ++j) norm += static_cast<double>(row[j]) * row[j];
      if (norm > 1e-12) {
        const auto scale = static_cast<float>(1 / std::sqrt(norm));
        for (size_t j = 0; j < dim; ++j) row[j] *= scale;
        break;
      }
      for (size_t j = 0; j < dim; ++j)
        row[j] = static_cast<float>(random.normal());  // a sample of lower rank: any direction
    }
  }
}

// out = rows * (sample^T sample): [k, dim].
std::vector<float> multiply(std::span<const float> sample, size_t dim, const std::vector<float>& rows, size_t threads) {
  const size_t n = sample.size() / dim, k = rows.size() / dim;
  const Panels axes(rows, dim);
  std::vector<float> scores(n * axes.padded());  // [n, k]
  base::parallel_for(
      n, 64,
      [&](size_t begin, size_t end, size_t) {
        axes.dots(sample.data() + begin * dim, end - begin, scores.data() + begin * axes.padded());
      },
      threads);
  // scores^T * sample, as panels over the sample's columns: dots of length n.
  std::vector<float> columns(dim * n), by_axis(k * n);
  base::parallel_for(
      n, 64,
      [&](size_t begin, size_t end, size_t) {
        for (size_t j = 0; j < dim; ++j)
          for (size_t i = begin; i < end; ++i) columns[j * n + i] = sample[i * dim + j];
        for (size_t a = 0; a < k; ++a)
          for (size_t i = begin; i < end; ++i) by_axis[a * n + i] = scores[i * axes.padded() + a];
      },
      threads);
  const Panels features(columns, n);
  std::vector<float> padded(k * features.padded()), out(k * dim);
  base::parallel_for(
      k, 4,
      [&](size_t begin, size_t end, size_t) {
        features.dots(by_axis.data() + begin * n, end - begin, padded.data() + begin * features.padded());
      },
      threads);
  for (size_t a = 0; a < k; ++a) std::copy_n(padded.data() + a * features.padded(), dim, out.data() + a * dim);
  return out;
}

}  // namespace

Axes principal_axes(std::span<const float> sample, size_t dim, size_t k, uint64_t seed, size_t threads) {
  base::Random random(seed);
  const size_t wide = std::min(dim, k + 8), n = sample.size() / dim;  // some spare axes make the last ones converge
  Axes out;
  out.rows.resize(wide * dim);
  for (float& v : out.rows) v = static_cast<float>(random.normal());
  orthonormalise(out.rows, dim, random);
  for (size_t step = 0; step < kSteps; ++step) {
    base::check_interrupt();
    out.rows = multiply(sample, dim, out.rows, threads);
    orthonormalise(out.rows, dim, random);
  }
  const Panels axes(out.rows, dim);
  std::vector<double> variance(wide);
  std::vector<float> dots(axes.padded());
  for (size_t i = 0; i < n; ++i) {
    axes.dots(sample.data() + i * dim, 1, dots.data());
    for (size_t a = 0; a < wide; ++a) variance[a] += static_cast<double>(dots[a]) * dots[a] / static_cast<double>(n);
  }
  std::vector<size_t> order(wide);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return variance[a] > variance[b]; });
  Axes sorted;
  for (size_t i = 0; i < k; ++i) {
    sorted.rows.insert(sorted.rows.end(), out.rows.begin() + static_cast<ptrdiff_t>(order[i] * dim),
                       out.rows.begin() + static_cast<ptrdiff_t>(order[i] * dim + dim));
    sorted.variance.push_back(static_cast<float>(variance[order[i]]));
  }
  return sorted;
}

}  // namespace hanok::index
