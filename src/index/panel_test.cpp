#include "index/panel.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "base/random.h"
#include "math/kernels.h"

namespace hanok::index {
namespace {

std::vector<float> normals(size_t n, uint64_t seed) {
  base::Random random(seed);
  std::vector<float> out(n);
  for (auto& v : out) v = static_cast<float>(random.normal());
  return out;
}

// Every number of vectors and of panels has a path of its own.
TEST(Panel, EveryVersionAgreesWithFloat64) {
  for (const math::Features cpu : math::testable_features())
    for (const size_t dim : {1, 7, 64})
      for (const size_t panels : {1, 2, 3, 5, 8, 9, 17})
        for (size_t n = 1; n <= kPanelQueries; ++n) {
          const auto packed = normals(panels * dim * kPanelRows, dim), x = normals(n * dim, panels);
          const size_t stride = panels * kPanelRows + 3;  // what lies between two rows is another's
          std::vector<float> out(n * stride, 77);
          math::kernels<math::PanelKernels>(cpu).dots(packed.data(), panels, dim, x.data(), n, out.data(), stride);
          for (size_t i = 0; i < n; ++i)
            for (size_t r = 0; r < stride; ++r) {
              double expected = r < panels * kPanelRows ? 0 : 77;
              for (size_t j = 0; j < dim && r < panels * kPanelRows; ++j)
                expected += static_cast<double>(x[i * dim + j]) *
                            packed[(r / kPanelRows * dim + j) * kPanelRows + r % kPanelRows];
              ASSERT_NEAR(out[i * stride + r], expected, 1e-5 * static_cast<double>(dim))
                  << math::features_name(cpu) << " dim " << dim << ", " << panels << " panels, row " << r << " of "
                  << i;
            }
        }
}

TEST(Panel, RowsBeyondTheMatrixAreZero) {
  const auto matrix = normals(21 * 5, 1), x = normals(9 * 5, 2);
  const Panels panels(matrix, 5);
  EXPECT_EQ(panels.padded(), 32u);
  std::vector<float> out(9 * 32, 77);
  panels.dots(x.data(), 9, out.data());
  for (size_t i = 0; i < 9; ++i)
    for (size_t r = 0; r < 32; ++r) {
      float expected = 0;
      for (size_t j = 0; j < 5 && r < 21; ++j) expected += x[i * 5 + j] * matrix[r * 5 + j];
      EXPECT_NEAR(out[i * 32 + r], expected, 1e-5);
    }
}

}  // namespace
}  // namespace hanok::index
