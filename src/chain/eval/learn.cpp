#include "chain/eval/learn.h"

#include <algorithm>
#include <cmath>

namespace hanok::chain::learn {
namespace {

std::vector<double> probabilities(const List& list, const std::vector<double>& w) {
  std::vector<double> p(list.size());
  for (size_t i = 0; i < list.size(); ++i)
    for (const auto& [f, value] : list[i].features) p[i] += w[f] * value;
  const double most = *std::max_element(p.begin(), p.end());
  double sum = 0;
  for (double& x : p) sum += x = std::exp(x - most);
  for (double& x : p) x /= sum;
  return p;
}

// Solves A x = b by Gaussian elimination with pivoting; A is a small symmetric matrix [n, n].
std::vector<double> solve(std::vector<std::vector<double>> a, std::vector<double> b) {
  const size_t n = b.size();
  for (size_t i = 0; i < n; ++i) {
    size_t pivot = i;
    for (size_t r = i + 1; r < n; ++r)
      if (std::abs(a[r][i]) > std::abs(a[pivot][i])) pivot = r;
    std::swap(a[i], a[pivot]);
    std::swap(b[i], b[pivot]);
    for (size_t r = i + 1; r < n; ++r) {
      const double f = a[r][i] / a[i][i];
      for (size_t c = i; c < n; ++c) a[r][c] -= f * a[i][c];
      b[r] -= f * b[i];
    }
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t c = i + 1; c < n; ++c) b[i] -= a[i][c] * b[c];
    b[i] /= a[i][i];
  }
  return b;
}

}  // namespace

std::vector<double> rank_weights(std::span<const List> lists, size_t features, const RankOptions& options) {
  std::vector<double> w(features), squares(features, 1e-8), gradient(features);
  for (int epoch = 0; epoch < options.epochs; ++epoch)
    for (const List& list : lists) {
      if (std::none_of(list.begin(), list.end(), [](const Choice& c) { return c.right; })) continue;
      const auto p = probabilities(list, w);
      double right = 0;
      for (size_t i = 0; i < list.size(); ++i) right += list[i].right ? p[i] : 0;
      std::vector<uint32_t> touched;
      for (size_t i = 0; i < list.size(); ++i)  // d log(sum of right p) / d score_i
        for (const auto& [f, value] : list[i].features) {
          if (gradient[f] == 0) touched.push_back(f);
          gradient[f] += value * ((list[i].right ? p[i] / std::max(right, 1e-12) : 0) - p[i]) + 1e-300;
        }
      for (const uint32_t f : touched) {
        const double g = gradient[f] - options.decay * w[f];
        squares[f] += g * g;
        w[f] += options.rate * g / std::sqrt(squares[f]);
        gradient[f] = 0;
      }
    }
  return w;
}

std::vector<double> logistic_weights(const std::vector<Row>& rows, double penalty) {
  const size_t n = rows.empty() ? 1 : rows[0].features.size() + 1;
  std::vector<double> w(n);
  for (int step = 0; step < 25; ++step) {
    std::vector<double> gradient(n);
    std::vector<std::vector<double>> hessian(n, std::vector<double>(n));
    for (size_t i = 0; i < n; ++i) {
      const double l2 = i + 1 < n ? penalty : 1e-9;
      gradient[i] = -l2 * w[i];
      hessian[i][i] = l2;
    }
    for (const Row& row : rows) {
      std::vector<double> x = row.features;
      x.push_back(1);
      double z = 0;
      for (size_t i = 0; i < n; ++i) z += w[i] * x[i];
      const double p = 1 / (1 + std::exp(-z)), curve = row.times * p * (1 - p);
      for (size_t i = 0; i < n; ++i) {
        if (x[i] == 0) continue;
        gradient[i] += row.times * (row.right - p) * x[i];
        for (size_t j = 0; j <= i; ++j) hessian[i][j] += curve * x[i] * x[j];
      }
    }
    for (size_t i = 0; i < n; ++i)
      for (size_t j = 0; j < i; ++j) hessian[j][i] = hessian[i][j];
    const auto delta = solve(hessian, gradient);
    for (size_t i = 0; i < n; ++i) w[i] += delta[i];
  }
  return w;
}

}  // namespace hanok::chain::learn
