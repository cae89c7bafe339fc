#include "vision/metrics/frechet.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "hanok/error.h"

namespace hanok::vision {
namespace {

constexpr int kMaxSteps = 60;  // of QL for one eigenvalue; two or three are usual

// Reduces `a` to a tridiagonal matrix Q^T A Q with diagonal `diagonal` and, at [i], the element beside it in row i - 1
// as `beside`; `a` becomes Q, whose columns are the new axes. One reflection a row, from the last to the second.
void tridiagonal(std::vector<double>& a, size_t d, std::vector<double>& diagonal, std::vector<double>& beside) {
  std::vector<double> scaled_square(d);  // of row i: half of |reflection vector|^2, 0 where none was needed
  std::vector<double> p(d);
  for (size_t i = d; i-- > 1;) {
    double* v = &a[i * d];
    const double norm = std::sqrt(std::inner_product(v, v + i, v, 0.0));
    if (norm == 0) {
      beside[i] = 0;
      continue;
    }
    // v - g e: the vector whose reflection takes row i to (0, ..., 0, g).
    const double g = v[i - 1] > 0 ? -norm : norm;
    beside[i] = g;
    const double h = norm * norm - v[i - 1] * g;
    v[i - 1] -= g;
    scaled_square[i] = h;
    // A <- H A H for the leading i x i block, H = 1 - v v^T / h:  A - v q^T - q v^T with p = A v / h, q = p - (v.p /
    // 2h) v.
    for (size_t j = 0; j < i; ++j) p[j] = std::inner_product(v, v + i, &a[j * d], 0.0) / h;
    const double half = std::inner_product(v, v + i, p.begin(), 0.0) / (2 * h);
    for (size_t j = 0; j < i; ++j) p[j] -= half * v[j];
    for (size_t j = 0; j < i; ++j)
      for (size_t k = 0; k < i; ++k) a[j * d + k] -= v[j] * p[k] + p[j] * v[k];
  }
  for (size_t i = 0; i < d; ++i) diagonal[i] = a[i * d + i];
  // Q = H(d-1) ... H(1), built from the inside: block i grows by one row and column each time.
  std::vector<double> q(d * d);
  for (size_t i = 0; i < d; ++i) q[i * d + i] = 1;
  for (size_t i = 1; i < d; ++i) {
    if (scaled_square[i] == 0) continue;
    const double* v = &a[i * d];
    std::fill(p.begin(), p.end(), 0.0);
    for (size_t k = 0; k < i; ++k)
      for (size_t j = 0; j < i; ++j) p[j] += v[k] * q[k * d + j];
    for (size_t k = 0; k < i; ++k)
      for (size_t j = 0; j < i; ++j) q[k * d + j] -= v[k] * p[j] / scaled_square[i];
  }
  a = std::move(q);
}

// Turns rows i and i + 1 of the axes.
void rotate(std::vector<double>& axes, size_t d, size_t i, double c, double s) {
  double *low = &axes[i * d], *high = &axes[(i + 1) * d];
  for (size_t k = 0; k < d; ++k) {
    const double f = high[k];
    high[k] = s * low[k] + c * f;
    low[k] = c * low[k] - s * f;
  }
}

// One implicit QL step on rows [l, m] of the tridiagonal matrix (e[i] lies between i and i + 1).
void ql_step(std::vector<double>& values, std::vector<double>& e, std::vector<double>& axes, size_t d, size_t l,
             size_t m) {
  double g = (values[l + 1] - values[l]) / (2 * e[l]);
  double r = std::hypot(g, 1.0);
  g = values[m] - values[l] + e[l] / (g + std::copysign(r, g));
  double s = 1, c = 1, p = 0;
  for (size_t i = m; i-- > l;) {
    double f = s * e[i], b = c * e[i];
    e[i + 1] = r = std::hypot(f, g);
    if (r == 0) {  // split: the matrix falls apart here
      values[i + 1] -= p;
      e[m] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = values[i + 1] - p;
    r = (values[i] - g) * s + 2 * c * b;
    p = s * r;
    values[i + 1] = g + p;
    g = c * r - b;
    rotate(axes, d, i, c, s);
  }
  values[l] -= p;
  e[l] = g;
  e[m] = 0;
}

std::vector<double> transposed(const std::vector<double>& a, size_t d) {
  std::vector<double> out(d * d);
  for (size_t i = 0; i < d; ++i)
    for (size_t j = 0; j < d; ++j) out[j * d + i] = a[i * d + j];
  return out;
}

// [d, d] times [d, d].
std::vector<double> product(const std::vector<double>& a, const std::vector<double>& b, size_t d) {
  std::vector<double> out(d * d);
  for (size_t i = 0; i < d; ++i)
    for (size_t k = 0; k < d; ++k)
      for (size_t j = 0; j < d; ++j) out[i * d + j] += a[i * d + k] * b[k * d + j];
  return out;
}

// The symmetric root of a covariance; eigenvalues that rounding made negative count as 0.
std::vector<double> root(const std::vector<double>& covariance, size_t d) {
  const Eigen e = symmetric_eigen(covariance, d);
  std::vector<double> scaled = e.vectors;
  for (size_t i = 0; i < d; ++i)
    for (size_t j = 0; j < d; ++j) scaled[i * d + j] *= std::sqrt(std::max(e.values[i], 0.0));
  return product(transposed(e.vectors, d), scaled, d);
}

double trace(const std::vector<double>& a, size_t d) {
  double sum = 0;
  for (size_t i = 0; i < d; ++i) sum += a[i * d + i];
  return sum;
}

}  // namespace

Eigen symmetric_eigen(std::vector<double> matrix, size_t d) {
  if (d == 0) return {};
  std::vector<double> values(d), e(d);
  tridiagonal(matrix, d, values, e);
  std::vector<double> axes = transposed(matrix, d);
  std::rotate(e.begin(), e.begin() + 1, e.end());
  e[d - 1] = 0;
  for (size_t l = 0; l < d; ++l) {
    for (int step = 0;; ++step) {
      size_t m = l;
      for (; m + 1 < d; ++m)
        if (std::abs(e[m]) <= std::numeric_limits<double>::epsilon() * (std::abs(values[m]) + std::abs(values[m + 1])))
          break;
      if (m == l) break;
      if (step == kMaxSteps)
        throw Error(Code::Internal, "eigenvalues of a symmetric matrix: no convergence, its numbers are not finite");
      ql_step(values, e, axes, d, l, m);
    }
  }
  std::vector<size_t> order(d);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  Eigen out;
  for (const size_t i : order) {
    out.values.push_back(values[i]);
    out.vectors.insert(out.vectors.end(), &axes[i * d], &axes[i * d] + d);
  }
  return out;
}

Gaussian fit_gaussian(std::span<const float> rows, size_t dim) {
  if (dim == 0 || rows.size() % dim != 0 || rows.size() / dim < 2)
    throw Error(Code::Invalid, "Gaussian of features: " + std::to_string(rows.size()) +
                                   " numbers are no two or more rows of " + std::to_string(dim));
  const size_t n = rows.size() / dim;
  Gaussian out{std::vector<double>(dim), std::vector<double>(dim * dim)};
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!std::isfinite(rows[i]))
      throw Error(Code::Invalid, "Gaussian of features: row " + std::to_string(i / dim) + " is not finite");
    out.mean[i % dim] += rows[i] / static_cast<double>(n);
  }
  std::vector<double> off(dim);
  for (size_t r = 0; r < n; ++r) {
    for (size_t j = 0; j < dim; ++j) off[j] = rows[r * dim + j] - out.mean[j];
    for (size_t j = 0; j < dim; ++j)
      for (size_t k = 0; k < dim; ++k) out.covariance[j * dim + k] += off[j] * off[k] / static_cast<double>(n - 1);
  }
  return out;
}

double frechet_distance(const Gaussian& a, const Gaussian& b) {
  const size_t d = a.dim();
  if (b.dim() != d || a.covariance.size() != d * d || b.covariance.size() != d * d)
    throw Error(Code::Invalid, "Frechet distance: features of " + std::to_string(d) + " and " +
                                   std::to_string(b.dim()) +
                                   " dimensions, expected equal ones with square covariances");
  double apart = 0;
  for (size_t i = 0; i < d; ++i) apart += (a.mean[i] - b.mean[i]) * (a.mean[i] - b.mean[i]);
  const auto half = root(a.covariance, d);
  auto inner = product(product(half, b.covariance, d), half, d);
  for (size_t i = 0; i < d; ++i)  // rounding leaves it not quite symmetric
    for (size_t j = 0; j < i; ++j) inner[i * d + j] = inner[j * d + i] = (inner[i * d + j] + inner[j * d + i]) / 2;
  double roots = 0;
  for (const double value : symmetric_eigen(std::move(inner), d).values) roots += std::sqrt(std::max(value, 0.0));
  return std::max(0.0, apart + trace(a.covariance, d) + trace(b.covariance, d) - 2 * roots);
}

}  // namespace hanok::vision
