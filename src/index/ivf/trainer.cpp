#include "index/ivf/trainer.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/near_keys.h"
#include "base/random.h"
#include "base/threads.h"
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
constexpr size_t kAtOnce = 64;      // vectors that are projected together

/// At most so many of n, evenly.
std::vector<size_t> every(size_t n, size_t at_most) {
  std::vector<size_t> out(std::min(n, at_most));
  for (size_t i = 0; i < out.size(); ++i) out[i] = i * n / out.size();
  return out;
}

std::vector<float> mean_of(std::span<const float> rows, size_t dim, Metric metric) {
  std::vector<double> sum(dim);
  std::vector<float> row(dim), out(dim);
  const size_t n = rows.size() / dim;
  for (size_t i = 0; i < n; ++i) {
    unit_of(rows.data() + i * dim, dim, metric, row.data());
    for (size_t j = 0; j < dim; ++j) sum[j] += row[j];
  }
  for (size_t j = 0; j < dim; ++j) out[j] = static_cast<float>(sum[j] / static_cast<double>(n));
  return out;
}

/// The first `columns` of each row of a, [rows, of].
std::vector<float> leading_columns(std::span<const float> a, size_t of, size_t columns) {
  std::vector<float> out(a.size() / of * columns);
  for (size_t i = 0; i * of < a.size(); ++i) std::copy_n(a.data() + i * of, columns, out.data() + i * columns);
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

IvfTrainer::IvfTrainer(std::span<const float> sample, size_t dim, Metric metric, const Options& options)
    : sample_(sample), options_(options), n_(sample.size() / dim) {
  most_.dim = dim;
  most_.metric = metric;
  most_.cells = options.cells;
  most_.one_bit = options.one_bit;
  const size_t codes =
      options.codes.empty() ? size_t{0} : *std::max_element(options.codes.begin(), options.codes.end());
  most_.axes_count = axes_for(codes);
  most_.mean = mean_of(sample, dim, metric);
  most_.axes = leading_axes();
  most_.axis_panels = Panels(most_.axes, dim);
  projected_.resize(n_ * most_.axes_count);
  base::parallel_for(
      n_, kAtOnce,
      [&](size_t begin, size_t end, size_t) {
        std::vector<float> padded((end - begin) * most_.axis_panels.padded());
        most_.project(sample.data() + begin * dim, end - begin, false, padded.data());
        for (size_t i = begin; i < end; ++i)
          std::copy_n(padded.data() + (i - begin) * most_.axis_panels.padded(), most_.axes_count,
                      projected_.data() + i * most_.axes_count);
      },
      options.threads);
  Clusters cells = cluster(projected_, most_.axes_count, most_.cells, options.seed, kCellIterations, options.threads);
  assignment_ = std::move(cells.assignment);
  most_.centroids = std::move(cells.centroids);
}

size_t IvfTrainer::axes_for(size_t codes) const {
  return std::min(most_.dim, options_.one_bit ? kMostBits : codes ? 2 * codes + kAxesBeyondCodes : kUncodedAxes);
}

// For RaBitQ every direction carries the same share: a random rotation, of the leading axes where there are too many.
std::vector<float> IvfTrainer::leading_axes() const {
  const size_t dim = most_.dim, count = most_.axes_count;
  if (options_.one_bit && count == dim) return random_rotation(count, options_.seed);
  std::vector<float> centred;
  for (const size_t i : every(n_, kAxesSample)) {
    centred.resize(centred.size() + dim);
    float* row = centred.data() + centred.size() - dim;
    unit_of(sample_.data() + i * dim, dim, most_.metric, row);
    for (size_t j = 0; j < dim; ++j) row[j] -= most_.mean[j];
  }
  auto leading = principal_directions(centred, dim, count, options_.seed, options_.threads);
  if (!options_.one_bit) return leading;
  std::vector<float> columns(dim * count);
  for (size_t a = 0; a < count; ++a)
    for (size_t j = 0; j < dim; ++j) columns[j * count + a] = leading[a * dim + j];
  return products(random_rotation(count, options_.seed), columns, count, options_.threads);
}

IvfModel IvfTrainer::model(size_t codes) const {
  const size_t all = most_.axes_count, axes = axes_for(codes);
  IvfModel m;
  m.dim = most_.dim, m.metric = most_.metric, m.cells = most_.cells, m.one_bit = most_.one_bit, m.mean = most_.mean;
  m.axes_count = axes;
  m.axes.assign(most_.axes.begin(), most_.axes.begin() + static_cast<ptrdiff_t>(axes * m.dim));
  m.centroids = leading_columns(most_.centroids, all, axes);
  if (m.one_bit) {
    m.codes = sign_codes(axes);
  } else if (codes) {
    std::vector<double> variance(axes);
    const auto rest = [&](size_t i, size_t j) {
      return projected_[i * all + j] - m.centroids[assignment_[i] * axes + j];
    };
    for (size_t i = 0; i < n_; ++i)
      for (size_t j = 0; j < axes; ++j) {
        const auto r = static_cast<double>(rest(i, j));
        variance[j] += r * r / static_cast<double>(n_);
      }
    std::vector<float> rests;
    for (const size_t i : every(n_, kCodebookSample))
      for (size_t j = 0; j < axes; ++j) rests.push_back(rest(i, j));
    m.codes.train(rests, axes, split_axes(std::vector<float>(variance.begin(), variance.end()), codes), options_.seed,
                  options_.threads);
  }
  m.finish();
  return m;
}

// The queries are some of the judged vectors, which are no neighbours of their own.
void IvfTrainer::find_neighbours() {
  const size_t dim = most_.dim;
  judged_ = every(n_, kJudged);
  const size_t n = judged_.size();
  std::vector<float> units(n * dim);
  for (size_t i = 0; i < n; ++i) unit_of(sample_.data() + judged_[i] * dim, dim, most_.metric, units.data() + i * dim);
  const auto& kernel = math::distance();
  const bool ip = most_.metric == Metric::InnerProduct;
  neighbours_.resize(std::min(kJudges, n));
  base::parallel_for(
      neighbours_.size(), 1,
      [&](size_t begin, size_t end, size_t) {
        std::vector<uint64_t> keys(n);
        for (size_t q = begin; q < end; ++q) {
          const size_t own = q * n / neighbours_.size();
          const float* x = units.data() + own * dim;
          for (size_t i = 0; i < n; ++i) {
            const float* other = units.data() + i * dim;
            const float far = ip ? -kernel.ip_f32(x, other, dim) : kernel.l2_f32(x, other, dim);
            keys[i] = base::near_key(i == own ? INFINITY : far, static_cast<uint32_t>(i));
          }
          base::nearest_first(keys.data(), n, kJudgedNeighbours);
          for (size_t i = 0; i < std::min(n, kJudgedNeighbours); ++i)
            neighbours_[q].push_back(base::number_of(keys[i]));
        }
      },
      options_.threads);
}

double IvfTrainer::told_apart(const IvfModel& model, size_t kept) {
  if (neighbours_.empty()) find_neighbours();
  const size_t n = judged_.size(), dim = model.dim, axes = model.axes_count, all = most_.axes_count;
  // Decoded, and what is added to -2 <y, decoded> to make the estimate but for what depends on the query alone.
  std::vector<float> coded(n * axes), added(n);
  base::parallel_for(
      n, kAtOnce,
      [&](size_t begin, size_t end, size_t) {
        std::vector<float> y((end - begin) * model.axis_panels.padded()), rest(axes);
        std::vector<uint32_t> cell(end - begin);
        std::vector<uint8_t> code(model.codes.padded());
        for (size_t i = begin; i < end; ++i)
          std::copy_n(projected_.data() + judged_[i] * all, axes, y.data() + (i - begin) * model.axis_panels.padded());
        model.nearest_cells(y.data(), end - begin, cell.data());
        for (size_t i = begin; i < end; ++i) {
          const float* own = y.data() + (i - begin) * model.axis_panels.padded();
          const uint32_t of = cell[i - begin];
          const auto e = model.encode(sample_.data() + judged_[i] * dim, own, of, code.data());
          const float* c = model.centroids.data() + of * axes;
          model.codes.decode(code.data(), rest.data());
          for (size_t j = 0; j < axes; ++j) coded[i * axes + j] = c[j] + e.scale * rest[j];
          added[i] = model.squares[of] + e.term;
        }
      },
      options_.threads);
  const bool ip = model.metric == Metric::InnerProduct;
  const auto& kernel = math::distance();
  kept = std::min(kept, n);
  std::vector<double> share(neighbours_.size());
  base::parallel_for(
      share.size(), 1,
      [&](size_t begin, size_t end, size_t) {
        std::vector<uint64_t> keys(n);
        std::vector<float> y(model.axis_panels.padded());
        for (size_t q = begin; q < end; ++q) {
          const size_t own = q * n / share.size();
          model.project(sample_.data() + judged_[own] * dim, 1, true, y.data());
          for (size_t i = 0; i < n; ++i) {
            const float dot = kernel.ip_f32(y.data(), coded.data() + i * axes, axes);
            keys[i] = base::near_key(i == own ? INFINITY : ip ? -dot : added[i] - 2 * dot, static_cast<uint32_t>(i));
          }
          base::nearest_first(keys.data(), n, kept);
          size_t hits = 0;
          for (const uint32_t near : neighbours_[q])
            hits += std::any_of(keys.begin(), keys.begin() + static_cast<ptrdiff_t>(kept),
                                [near](uint64_t key) { return base::number_of(key) == near; });
          share[q] = static_cast<double>(hits) / static_cast<double>(neighbours_[q].size());
        }
      },
      options_.threads);
  return std::accumulate(share.begin(), share.end(), 0.0) / static_cast<double>(share.size());
}

}  // namespace hanok::index
