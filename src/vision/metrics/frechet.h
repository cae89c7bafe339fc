// Frechet distance of two clouds of features, taken as Gaussians (Dowson and Landau 1982; Heusel et al. 2017, equation
// 6). With features of Inception-v3 it is called FID; ours come from hanok's own classifiers, so the numbers compare
// among themselves alone.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace hanok::vision {

struct Gaussian {
  std::vector<double> mean;        // [d]
  std::vector<double> covariance;  // [d, d], symmetric

  size_t dim() const { return mean.size(); }
};

/// Mean and covariance (with n - 1) of rows [n, dim]. Throws Invalid for fewer than two rows, and for numbers that are
/// no whole rows or not finite.
Gaussian fit_gaussian(std::span<const float> rows, size_t dim);

/// |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^1/2), in squared feature units; >= 0, and 0 for equal ones. The trace of the
/// root is the sum of the roots of the eigenvalues of C1^1/2 C2 C1^1/2, which is symmetric, so covariances of too few
/// rows (deficient rank) need no care. Time d^3: .2 s for 512. Throws Invalid where the dims differ.
double frechet_distance(const Gaussian& a, const Gaussian& b);

struct Eigen {
  std::vector<double> values;   // [d], ascending
  std::vector<double> vectors;  // [d, d], row i belongs to values[i], of length 1
};
/// Of a symmetric matrix [d, d]: Householder's tridiagonal form, then implicit QL steps (Golub and Van Loan, 8.3).
/// Throws Internal where QL does not converge, which needs numbers that are not finite.
Eigen symmetric_eigen(std::vector<double> matrix, size_t d);

}  // namespace hanok::vision
