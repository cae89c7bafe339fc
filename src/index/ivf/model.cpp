#include "index/ivf/model.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/random.h"
#include "base/threads.h"
#include "index/base_index.h"
#include "index/kmeans.h"
#include "index/pca.h"
#include "math/distance.h"

namespace hanok::index {
namespace {

constexpr size_t kAxesSample = 4096;       // vectors for the axes: many more change their span little
constexpr size_t kCodebookSample = 16384;  // 1,024 a centroid
constexpr size_t kCellIterations = 10;     // of Lloyd for the cells: later ones move few vectors
constexpr size_t kUncodedAxes = 96;        // for cells alone, without codes
constexpr size_t kAxesBeyondCodes = 64;    // axes offered to the cut beyond two a code
constexpr size_t kJudged = 32768, kJudges = 128, kJudgedNeighbours = 10;  // told_apart()
constexpr size_t kMostBits = 1024;  // of RaBitQ: 256 groups of four, what the sums of a scan hold

// Under Cosine all geometry is between unit vectors.
void unit(const float* x, size_t dim, Metric metric, float* out) {
  if (metric == Metric::Cosine)
    normalise({x, dim}, out);
  else
    std::copy_n(x, dim, out);
}

std::vector<float> every(std::span<const float> rows, size_t dim, size_t at_most) {
  const size_t n = rows.size() / dim, take = std::min(n, at_most);
  std::vector<float> out;
  out.reserve(take * dim);
  for (size_t i = 0; i < take; ++i) {
    const auto row = rows.subspan(i * n / take * dim, dim);
    out.insert(out.end(), row.begin(), row.end());
  }
  return out;
}

std::vector<float> centred_sample(std::span<const float> rows, const IvfModel& model, size_t at_most) {
  auto out = every(rows, model.dim, at_most);
  for (size_t i = 0; i * model.dim < out.size(); ++i) {
    float* row = out.data() + i * model.dim;
    unit(row, model.dim, model.metric, row);
    for (size_t j = 0; j < model.dim; ++j) row[j] -= model.mean[j];
  }
  return out;
}

std::vector<float> mean_of(std::span<const float> rows, size_t dim, Metric metric) {
  std::vector<double> sum(dim);
  std::vector<float> row(dim), out(dim);
  const size_t n = rows.size() / dim;
  for (size_t i = 0; i < n; ++i) {
    unit(rows.data() + i * dim, dim, metric, row.data());
    for (size_t j = 0; j < dim; ++j) sum[j] += row[j];
  }
  for (size_t j = 0; j < dim; ++j) out[j] = static_cast<float>(sum[j] / static_cast<double>(n));
  return out;
}

/// Four axes a code: bit j of a code is the sign of axis j, and the corners have length one.
ProductQuantiser sign_codes(size_t axes) {
  constexpr size_t kAxesACode = 4;
  std::vector<uint32_t> starts;
  for (size_t at = 0; at < axes; at += kAxesACode) starts.push_back(static_cast<uint32_t>(at));
  starts.push_back(static_cast<uint32_t>(axes));
  std::vector<float> codebooks(axes * ProductQuantiser::kCodes);
  const auto side = static_cast<float>(1 / std::sqrt(static_cast<double>(axes)));
  for (size_t j = 0; j < axes; ++j)
    for (size_t c = 0; c < ProductQuantiser::kCodes; ++c)
      codebooks[j * ProductQuantiser::kCodes + c] = (c >> j % kAxesACode & 1) != 0 ? side : -side;
  ProductQuantiser codes;
  codes.restore(axes, std::move(starts), std::move(codebooks));
  return codes;
}

}  // namespace

void IvfModel::finish() {
  axis_panels = Panels(axes, dim);
  centroid_panels = Panels(centroids, axes_count);
  squares = row_squares(centroids, axes_count);
}

IvfModel IvfModel::learn(std::span<const float> sample, size_t dim, Metric metric, const Training& how) {
  IvfModel m;
  m.dim = dim;
  m.metric = metric;
  m.cells = how.cells;
  m.mean = mean_of(sample, dim, metric);
  m.choose_axes(sample, how);

  const size_t n = sample.size() / dim;
  auto project_all = [&] {
    std::vector<float> y(n * m.axes_count);
    base::parallel_for(
        n, 64,
        [&](size_t begin, size_t end, size_t) {
          std::vector<float> padded((end - begin) * m.axis_panels.padded());
          m.project(sample.data() + begin * dim, end - begin, false, padded.data());
          for (size_t i = begin; i < end; ++i)
            std::copy_n(padded.data() + (i - begin) * m.axis_panels.padded(), m.axes_count,
                        y.data() + i * m.axes_count);
        },
        how.threads);
    return y;
  };
  auto y = project_all();
  Clusters cells = cluster(y, m.axes_count, m.cells, how.seed, kCellIterations, how.threads);
  m.centroids = std::move(cells.centroids);
  if (how.one_bit) {
    m.codes = sign_codes(m.axes_count);
  } else if (how.codes) {
    std::vector<double> variance(m.axes_count);
    for (size_t i = 0; i < n; ++i)
      for (size_t j = 0; j < m.axes_count; ++j) {
        float& v = y[i * m.axes_count + j];
        v -= m.centroids[cells.assignment[i] * m.axes_count + j];
        variance[j] += static_cast<double>(v) * v / static_cast<double>(n);
      }
    const std::vector<float> variances(variance.begin(), variance.end());
    m.codes.train(every(y, m.axes_count, kCodebookSample), m.axes_count, split_axes(variances, how.codes), how.seed,
                  how.threads);
  }
  m.finish();
  return m;
}

double IvfModel::told_apart(std::span<const float> sample, size_t kept, size_t threads) const {
  const auto rows = every(sample, dim, kJudged);
  const size_t n = rows.size() / dim, m = codes.padded(), queries = std::min(kJudges, n);
  // Decoded, and what is added to -2 <y, decoded> to make the estimate but for what depends on the query alone.
  std::vector<float> units(rows.size()), projected(n * axes_count), coded(n * axes_count), added(n);
  base::parallel_for(
      n, 64,
      [&](size_t begin, size_t end, size_t) {
        std::vector<float> y((end - begin) * axis_panels.padded()), rest(axes_count);
        std::vector<uint8_t> code(m);
        project(rows.data() + begin * dim, end - begin, false, y.data());
        for (size_t i = begin; i < end; ++i) {
          unit(rows.data() + i * dim, dim, metric, units.data() + i * dim);
          const float* own = y.data() + (i - begin) * axis_panels.padded();
          const Encoded e = encode(rows.data() + i * dim, own, code.data());
          const float* c = centroids.data() + e.cell * axes_count;
          codes.decode(code.data(), rest.data());
          for (size_t j = 0; j < axes_count; ++j) {
            projected[i * axes_count + j] = own[j];
            coded[i * axes_count + j] = c[j] + e.scale * rest[j];
          }
          added[i] = squares[e.cell] + e.term;
        }
      },
      threads);
  const bool ip = metric == Metric::InnerProduct;
  const auto& kernel = math::distance();
  std::vector<double> share(queries);
  base::parallel_for(
      queries, 1,
      [&](size_t begin, size_t end, size_t) {
        std::vector<std::pair<float, size_t>> estimate(n), truth(n);
        std::vector<float> y(axis_panels.padded());
        for (size_t q = begin; q < end; ++q) {
          const size_t own = q * n / queries;
          const float* x = units.data() + own * dim;
          project(rows.data() + own * dim, 1, true, y.data());
          for (size_t i = 0; i < n; ++i) {
            const float dot = kernel.ip_f32(y.data(), coded.data() + i * axes_count, axes_count);
            estimate[i] = {ip ? -dot : added[i] - 2 * dot, i};
            const float* other = units.data() + i * dim;
            truth[i] = {ip ? -kernel.ip_f32(x, other, dim) : kernel.l2_f32(x, other, dim), i};
          }
          estimate[own].first = truth[own].first = INFINITY;  // it is no neighbour of its own
          const auto some = [](auto& all, size_t k) {
            k = std::min(k, all.size());
            std::nth_element(all.begin(), all.begin() + static_cast<ptrdiff_t>(k) - 1, all.end());
            all.resize(k);
          };
          some(estimate, kept);
          some(truth, kJudgedNeighbours);
          size_t hits = 0;
          for (const auto& [distance, i] : truth)
            hits += std::any_of(estimate.begin(), estimate.end(), [i = i](const auto& e) { return e.second == i; });
          share[q] = static_cast<double>(hits) / static_cast<double>(truth.size());
          estimate.resize(n);
          truth.resize(n);
        }
      },
      threads);
  return std::accumulate(share.begin(), share.end(), 0.0) / static_cast<double>(queries);
}

// For RaBitQ every direction carries the same share: a random rotation, of the leading axes where there are too many.
void IvfModel::choose_axes(std::span<const float> sample, const Training& how) {
  const size_t wanted = how.one_bit ? kMostBits : how.codes ? 2 * how.codes + kAxesBeyondCodes : kUncodedAxes;
  axes_count = std::min(dim, wanted);
  one_bit = how.one_bit;
  if (one_bit) axes = random_rotation(axes_count, how.seed);
  if (!one_bit || axes_count < dim) {
    auto leading =
        principal_directions(centred_sample(sample, *this, kAxesSample), dim, axes_count, how.seed, how.threads);
    if (one_bit) {
      std::vector<float> columns(dim * axes_count);
      for (size_t a = 0; a < axes_count; ++a)
        for (size_t j = 0; j < dim; ++j) columns[j * axes_count + a] = leading[a * dim + j];
      leading = products(axes, columns, axes_count, how.threads);
    }
    axes = std::move(leading);
  }
  axis_panels = Panels(axes, dim);
}

void IvfModel::project(const float* x, size_t n, bool is_query, float* y) const {
  std::vector<float> centred(n * dim);
  for (size_t i = 0; i < n; ++i) {
    unit(x + i * dim, dim, metric, centred.data() + i * dim);
    if (is_query && metric == Metric::InnerProduct) continue;
    for (size_t j = 0; j < dim; ++j) centred[i * dim + j] -= mean[j];
  }
  axis_panels.dots(centred.data(), n, y);
}

uint32_t IvfModel::nearest_cell(const float* y) const {
  std::vector<float> dots(centroid_panels.padded());
  centroid_panels.dots(y, 1, dots.data());
  size_t best = 0;
  for (size_t c = 1; c < cells; ++c)
    if (squares[c] - 2 * dots[c] < squares[best] - 2 * dots[best]) best = c;
  return static_cast<uint32_t>(best);
}

IvfModel::Encoded IvfModel::encode(const float* x, const float* y, uint8_t* out) const {
  Encoded result{nearest_cell(y), 0, 1};
  if (codes.subspaces() == 0) return result;
  const float* c = centroids.data() + result.cell * axes_count;
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
  unit(x, dim, metric, own.data());
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
