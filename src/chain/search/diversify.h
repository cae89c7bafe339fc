// Maximal marginal relevance (Carbonell and Goldstein 1998): relevant and not yet said.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "hanok/lm.h"

namespace hanok::chain {

/// Picks k of n: each time the i with the largest lambda * relevance[i] - (1 - lambda) * max similarity to those
/// picked. relevance: 0..1. similarity: [n, n] row-major, 0..1. Returns indices in the order picked; ties by index.
std::vector<size_t> maximal_marginal_relevance(std::span<const double> relevance, std::span<const double> similarity,
                                               size_t k, double lambda);

/// Cosine of term counts of each pair of texts, [n, n]: 1 for the same text, 0 for no term in common.
std::vector<double> term_similarities(std::span<const std::string> texts);

/// Cosine of each pair of rows, [n, n].
std::vector<double> vector_similarities(const Matrix& rows);

}  // namespace hanok::chain
