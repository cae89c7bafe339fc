#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/random.h"
#include "math/attention_kernels.h"
#include "math/gemm.h"
#include "math/kernels.h"

namespace hanok::math {
namespace {

// In double, without any rounding.
std::vector<double> exact(const std::vector<float>& x, size_t n, size_t dim, double scale) {
  const size_t stride = 3 * dim;
  std::vector<double> out(n * dim), e(n);
  for (size_t i = 0; i < n; ++i) {
    double top = -1e300, sum = 0;
    for (size_t j = 0; j < n; ++j) {
      e[j] = 0;
      for (size_t d = 0; d < dim; ++d) e[j] += static_cast<double>(x[i * stride + d]) * x[j * stride + dim + d];
      top = std::max(top, e[j] *= scale);
    }
    for (double& v : e) sum += v = std::exp(v - top);
    for (size_t d = 0; d < dim; ++d)
      for (size_t j = 0; j < n; ++j) out[i * dim + d] += e[j] / sum * x[j * stride + 2 * dim + d];
  }
  return out;
}

TEST(Bf16Attention, EveryVersionIsNearTheExactOne) {
  for (const size_t n : {0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 127, 130})
    for (const size_t dim : {32, 64}) {
      base::Random random(n * 100 + dim);
      std::vector<float> x(n * 3 * dim);
      for (float& v : x) v = static_cast<float>(random.normal());
      const float scale = 1 / std::sqrt(static_cast<float>(dim));
      const auto expected = exact(x, n, dim, static_cast<double>(scale));
      Scratch memory;
      for (const Features cpu : testable_features()) {
        std::vector<float> out(n * (dim + 3), 7.0f);
        kernels<AttentionKernels>(cpu).bf16(
            x.data(), x.data() + dim, x.data() + 2 * dim, 3 * dim, n, dim, scale, out.data(), dim + 3,
            reinterpret_cast<uint8_t*>(memory.reserve(bf16_attention_bytes(n, dim) / sizeof(float))));
        for (size_t i = 0; i < n; ++i) {
          // Values of up to 4, each off by 2^-8 of it at most; scores by less than 1 %.
          for (size_t d = 0; d < dim; ++d)
            ASSERT_NEAR(out[i * (dim + 3) + d], expected[i * dim + d], 0.03) << features_name(cpu) << " n=" << n;
          for (size_t d = dim; d < dim + 3; ++d) ASSERT_EQ(out[i * (dim + 3) + d], 7.0f) << "wrote beside out";
        }
      }
    }
}

}  // namespace
}  // namespace hanok::math
