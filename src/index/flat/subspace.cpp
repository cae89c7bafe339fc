#include "index/flat/subspace.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "index/pca.h"

namespace hanok::index {
namespace {

constexpr size_t kChunk = 64;           // columns that are summed in float before float64 takes over
constexpr size_t kTrained = 4 << 20;    // numbers of the sample that directions are learned from, 1,024 rows at least
constexpr size_t kMost = 256;           // directions: more are seldom worth finding
constexpr size_t kAsked = 32;           // rows of the sample that ask for their neighbours
constexpr size_t kNeighbours = 10;      // of all rows, that a search wants
constexpr double kUnit = 0x1p-24;       // rounding of float
constexpr double kCodeError = 0.95;     // of a length, over the largest code: a normal coordinate's 3.3 / sqrt(12)
constexpr uint64_t kSeed = 0x5ca1ab1e;  // of directions; answers do not depend on it

// Gram-Schmidt in float64, twice; rows that vanish are left out.
std::vector<double> orthonormal(std::span<const double> rows, size_t dim) {
  std::vector<double> out;
  for (size_t i = 0; i * dim < rows.size(); ++i) {
    std::vector<double> row(rows.begin() + static_cast<ptrdiff_t>(i * dim),
                            rows.begin() + static_cast<ptrdiff_t>((i + 1) * dim));
    for (int pass = 0; pass < 2; ++pass)
      for (size_t k = 0; k < out.size(); k += dim) {
        double dot = 0;
        for (size_t j = 0; j < dim; ++j) dot += row[j] * out[k + j];
        for (size_t j = 0; j < dim; ++j) row[j] -= dot * out[k + j];
      }
    double squares = 0;
    for (const double v : row) squares += v * v;
    if (squares < 1e-6) continue;  // of a unit vector
    for (const double v : row) out.push_back(v / std::sqrt(squares));
  }
  return out;
}

// The Frobenius norm of P P^T - I.
double defect(std::span<const float> p, size_t dim) {
  double squares = 0;
  for (size_t i = 0; i < p.size(); i += dim)
    for (size_t k = 0; k <= i; k += dim) {
      double dot = k == i ? -1 : 0;
      for (size_t j = 0; j < dim; ++j) dot += static_cast<double>(p[i + j]) * p[k + j];
      squares += (k == i ? 1 : 2) * dot * dot;
    }
  return std::sqrt(squares);
}

std::vector<double> turned(std::span<const float> directions, size_t dim, uint64_t seed) {
  const size_t m = directions.size() / dim;
  const auto turn = random_rotation(m, seed);
  std::vector<double> out(directions.size());
  for (size_t i = 0; i < m; ++i)
    for (size_t k = 0; k < m; ++k)
      for (size_t j = 0; j < dim; ++j)
        out[i * dim + j] += static_cast<double>(turn[i * m + k]) * directions[k * dim + j];
  return out;
}

}  // namespace

Subspace::Subspace(std::span<const float> directions, size_t dim, uint64_t seed) : dim_(dim) {
  const auto exact = orthonormal(turned(directions, dim, seed), dim);
  const std::vector<float> p(exact.begin(), exact.end());
  size_ = p.size() / dim;
  for (size_t first = 0; first < dim; first += kChunk) {
    const size_t width = std::min(kChunk, dim - first);
    std::vector<float> part;
    for (size_t i = 0; i < size_; ++i)
      part.insert(part.end(), p.begin() + static_cast<ptrdiff_t>(i * dim + first),
                  p.begin() + static_cast<ptrdiff_t>(i * dim + first + width));
    panels_.emplace_back(part, width);
  }
  // A coordinate is rounded kChunk + 3 times at most: |h - P x| <= sums |x|.
  const double sums = static_cast<double>(kChunk + 3) * kUnit * std::sqrt(static_cast<double>(size_)) * 1.01;
  const double rounded = defect(p, dim) * 1.01 + 0x1p-36;
  error_ = 3.1 * rounded + 2.1 * sums;
  outside_error_ = 2.1 * sums + 1.1 * rounded;
}

void Subspace::project(std::span<const double> x, double* coordinates) const {
  const size_t n = x.size() / dim_;
  if (whole()) {
    std::copy(x.begin(), x.end(), coordinates);
    return;
  }
  std::fill(coordinates, coordinates + n * size_, 0.0);
  thread_local std::vector<float> part, sums;
  part.resize(n * kChunk);
  sums.resize(n * panels_[0].padded());
  for (size_t c = 0; c < panels_.size(); ++c) {
    const size_t width = panels_[c].dim(), padded = panels_[c].padded();
    for (size_t i = 0; i < n; ++i)
      for (size_t j = 0; j < width; ++j) part[i * width + j] = static_cast<float>(x[i * dim_ + c * kChunk + j]);
    panels_[c].dots(part.data(), n, sums.data());
    for (size_t i = 0; i < n; ++i)
      for (size_t r = 0; r < size_; ++r) coordinates[i * size_ + r] += sums[i * padded + r];
  }
}

double Subspace::outside(double squares, double coordinate_squares) const {
  if (whole()) return 0;
  return std::sqrt(std::max(0.0, squares - coordinate_squares) + outside_error_ * squares);
}

namespace {

// What a scan in the first directions of a basis would cost a row, from neighbours within the sample.
class Trial {
 public:
  Trial(std::span<const float> sample, std::span<const float> centre, Metric metric, size_t rows,
        const ScanCosts& costs)
      : dim_(centre.size()),
        n_(sample.size() / dim_),
        factor_(metric == Metric::L2 ? 2 : 1),
        code_error_(kCodeError / costs.row_limit + kCodeError / costs.query_limit),
        costs_(costs),
        sample_(sample) {
    const size_t asked = std::min(kAsked, n_ / 8);
    for (size_t a = 0; a < asked; ++a) {
      own_.push_back(a * n_ / asked);
      for (size_t j = 0; j < dim_; ++j)
        queries_.push_back(sample[own_.back() * dim_ + j] + (metric == Metric::L2 ? 0 : centre[j]));
    }
    lengths(sample_, row_squares_), lengths(queries_, query_squares_);
    if (metric == Metric::L2)
      for (const float s : row_squares_) bias_.push_back(-s);
    else
      bias_.assign(n_, 0);
    const auto dots = products(queries_, sample_, dim_, 0);
    const size_t rank = std::max<size_t>(1, kNeighbours * n_ / rows);
    for (size_t a = 0; a < asked; ++a) {
      std::vector<float> scores;
      for (size_t i = 0; i < n_; ++i)
        if (i != own_[a]) scores.push_back(factor_ * dots[a * n_ + i] + bias_[i]);
      std::nth_element(scores.begin(), scores.begin() + static_cast<ptrdiff_t>(rank - 1), scores.end(),
                       std::greater<>());
      reach_.push_back(scores[rank - 1]);
    }
    whole_ = cost(dots, row_squares_, query_squares_, dim_);
  }

  double whole() const { return whole_; }

  /// Of the first m directions, for every m that is tried.
  template <typename Visit>
  void parts(std::span<const float> directions, Visit&& visit) const {
    const size_t most = directions.size() / dim_;
    const auto rows = products(directions, sample_, dim_, 0);  // [most, n]
    const auto queries = products(queries_, directions, dim_, 0);
    std::vector<float> dots(own_.size() * n_), row_inside(n_), query_inside(own_.size());
    size_t done = 0;
    for (const size_t m : {16, 32, 48, 64, 96, 128, 160, 192, 224, 256}) {
      if (m > most) break;
      for (; done < m; ++done) {
        const float* row = rows.data() + done * n_;
        for (size_t i = 0; i < n_; ++i) row_inside[i] += row[i] * row[i];
        for (size_t a = 0; a < own_.size(); ++a) {
          const float q = queries[a * most + done];
          query_inside[a] += q * q;
          for (size_t i = 0; i < n_; ++i) dots[a * n_ + i] += q * row[i];
        }
      }
      visit(m, cost(dots, row_inside, query_inside, m));
    }
  }

 private:
  void lengths(std::span<const float> x, std::vector<float>& out) const {
    for (size_t i = 0; i < x.size(); i += dim_) {
      float squares = 0;
      for (size_t j = 0; j < dim_; ++j) squares += x[i + j] * x[i + j];
      out.push_back(squares);
    }
  }

  double cost(std::span<const float> dots, std::span<const float> row_inside, std::span<const float> query_inside,
              size_t m) const {
    size_t left = 0;
    for (size_t a = 0; a < own_.size(); ++a) {
      const float outside = std::sqrt(std::max(0.0f, query_squares_[a] - query_inside[a])),
                  coded = static_cast<float>(code_error_) * std::sqrt(query_inside[a]);
      for (size_t i = 0; i < n_; ++i) {
        const float error =
            outside * std::sqrt(std::max(0.0f, row_squares_[i] - row_inside[i])) + coded * std::sqrt(row_inside[i]);
        left += i != own_[a] && factor_ * (dots[a * n_ + i] + error) + bias_[i] >= reach_[a];
      }
    }
    const double share = static_cast<double>(left) / static_cast<double>(own_.size() * n_);
    return static_cast<double>(m) + share * (costs_.kept + costs_.exact * static_cast<double>(dim_));
  }

  size_t dim_, n_;
  float factor_;
  double code_error_, whole_ = 0;
  ScanCosts costs_;
  std::span<const float> sample_;
  std::vector<size_t> own_;  // rows of the sample that ask
  std::vector<float> queries_, row_squares_, query_squares_, bias_, reach_;
};

// Vectors over the largest number there is: directions do not depend on scale, float's squares and sums do.
std::vector<float> over(std::span<const float> x, float largest) {
  std::vector<float> out(x.begin(), x.end());
  for (float& v : out) v /= largest;
  return out;
}

}  // namespace

Subspace cheapest_subspace(std::span<const float> rows_sampled, std::span<const float> centre_of_rows, Metric metric,
                           size_t rows, const ScanCosts& costs) {
  float largest = 0;
  for (const auto& x : {rows_sampled, centre_of_rows})
    for (const float v : x) largest = std::max(largest, std::abs(v));
  if (largest == 0) return Subspace(centre_of_rows.size());
  const auto sample = over(rows_sampled, largest), centre = over(centre_of_rows, largest);
  const size_t dim = centre.size(), n = sample.size() / dim;
  const size_t most = std::min({kMost, dim * 3 / 4, n / 4}) / 16 * 16;
  if (most < 16) return Subspace(dim);
  const Trial trial(sample, centre, metric, rows, costs);
  const size_t learned = std::min(n, std::max<size_t>(1024, kTrained / dim));
  const auto directions = principal_directions(std::span(sample).first(learned * dim), dim, most, kSeed, 0);
  size_t best = dim;
  double least = trial.whole();
  trial.parts(directions, [&](size_t m, double cost) {
    if (cost < least) best = m, least = cost;
  });
  return best == dim ? Subspace(dim) : Subspace(std::span(directions).first(best * dim), dim, kSeed);
}

}  // namespace hanok::index
