// The leading principal axes of a sample, by subspace iteration (Halko, Martinsson, Tropp 2011, algorithm 4.4).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace hanok::index {

struct Axes {
  std::vector<float> rows;      // [k, dim], orthonormal to float precision, by falling variance
  std::vector<float> variance;  // [k], of the sample along each axis
};

/// sample: [n, dim], already centred. k <= dim.
Axes principal_axes(std::span<const float> sample, size_t dim, size_t k, uint64_t seed, size_t threads);

}  // namespace hanok::index
