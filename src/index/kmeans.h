// k-means: Lloyd 1982 with the seeding of Arthur and Vassilvitskii 2007 (k-means++). Declared for users in
// hanok/index.h.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hanok/index.h"
#include "index/panel.h"

namespace hanok::index {

/// The centroid nearest to each vector, and the squared distance (as float, never below 0). Ties go to the lower
/// number. panels: centroids; squares[c] = |centroid c|^2.
void assign(std::span<const float> vectors, const Panels& panels, std::span<const float> squares, uint32_t* nearest,
            float* distance, size_t threads);

/// The centroid nearest to a vector whose dot products with them are given, and its squared distance but for the square
/// of the vector. Ties go to the lower number.
uint32_t nearest_of(const float* dots, std::span<const float> squares, float& distance);

/// |row|^2 of each row.
std::vector<float> row_squares(std::span<const float> matrix, size_t dim);

}  // namespace hanok::index
