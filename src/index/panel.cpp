#include "index/panel.h"

#include <algorithm>

#include "math/kernels.h"

namespace hanok::index {

namespace {

constexpr size_t kGroupBytes = 256 << 10;  // of panels: they stay in the second-level cache
constexpr size_t kTilePanels = 4;          // that a kernel takes at once

// As many as fit, in whole tiles where one does.
size_t panels_in_a_group(size_t dim) {
  const size_t fit = std::max<size_t>(1, kGroupBytes / (dim * kPanelRows * sizeof(float) + 1));
  return fit < kTilePanels ? fit : fit / kTilePanels * kTilePanels;
}

}  // namespace

Panels::Panels(std::span<const float> matrix, size_t dim) : rows_(dim ? matrix.size() / dim : 0), dim_(dim) {
  packed_.assign(padded() * dim_, 0.0f);
  for (size_t r = 0; r < rows_; ++r)
    for (size_t j = 0; j < dim_; ++j)
      packed_[(r / kPanelRows * dim_ + j) * kPanelRows + r % kPanelRows] = matrix[r * dim_ + j];
}

void Panels::dots(const float* x, size_t n, float* out) const {
  // Several vectors: one group of panels after the other, which stays in the cache for all of them. Few: all panels in
  // one call.
  const size_t all = padded() / kPanelRows, group = n <= kPanelQueries ? all : panels_in_a_group(dim_);
  for (size_t p = 0; p < all; p += group)
    for (size_t i = 0; i < n; i += kPanelQueries)
      math::kernels<math::PanelKernels>().dots(packed_.data() + p * dim_ * kPanelRows, std::min(group, all - p), dim_,
                                               x + i * dim_, std::min(kPanelQueries, n - i),
                                               out + i * padded() + p * kPanelRows, padded());
}

}  // namespace hanok::index
