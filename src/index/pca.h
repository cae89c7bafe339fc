// The directions in which a sample varies most.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace hanok::index {

/// Subspace iteration (Rutishauser 1969; Halko et al. 2011): about the m leading eigenvectors of the covariance.
/// rows     [n, d], mean already taken away
/// returns  [m, d], orthonormal, most variance first; m <= min(d, n) is advisable: beyond the rank they are arbitrary
/// The same for any number of threads. All three throw where the current context ends.
std::vector<float> principal_directions(std::span<const float> rows, size_t d, size_t m, uint64_t seed, size_t threads);

/// [m, m] orthonormal, uniformly random but for rounding.
std::vector<float> random_rotation(size_t m, uint64_t seed);

/// out[i, j] = sum over t of a[i, t] * b[j, t]: [n, m] from [n, d] and [m, d].
std::vector<float> products(std::span<const float> a, std::span<const float> b, size_t d, size_t threads);

}  // namespace hanok::index
