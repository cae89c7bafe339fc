#include "index/panel.h"

#include <algorithm>

#include "math/kernels.h"

namespace hanok::index {

namespace {

constexpr size_t kGroupBytes = 48 << 10;  // of panels: leaves the second-level cache room for the vectors

}  // namespace

Panels::Panels(std::span<const float> matrix, size_t dim) : rows_(dim ? matrix.size() / dim : 0), dim_(dim) {
  packed_.assign(padded() * dim_, 0.0f);
  for (size_t r = 0; r < rows_; ++r)
    for (size_t j = 0; j < dim_; ++j)
      packed_[(r / kPanelRows * dim_ + j) * kPanelRows + r % kPanelRows] = matrix[r * dim_ + j];
}

void Panels::dots(const float* x, size_t n, float* out) const {
  // Several vectors: one panel after the other, which stays in the cache for all of them. One vector: all panels in one
  // call.
  const size_t all = padded() / kPanelRows,
               group = n <= kPanelQueries ? all
                                          : std::max<size_t>(1, kGroupBytes / (dim_ * kPanelRows * sizeof(float) + 1));
  for (size_t p = 0; p < all; p += group)
    for (size_t i = 0; i < n; i += kPanelQueries)
      math::kernels<math::PanelKernels>().dots(packed_.data() + p * dim_ * kPanelRows, std::min(group, all - p), dim_,
                                               x + i * dim_, std::min(kPanelQueries, n - i),
                                               out + i * padded() + p * kPanelRows, padded());
}

}  // namespace hanok::index
