// The plain version: one output after the other, in the arithmetic that byte_gemm_kernels.h gives.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "math/byte_gemm_kernels.h"

namespace hanok::math {
namespace {

constexpr size_t kWidth = 16;

template <typename T>
T value_at(const uint8_t* p, size_t i) {
  T out;
  std::memcpy(&out, p + sizeof(T) * i, sizeof(T));
  return out;
}

void panel_rows(size_t m, size_t groups, const uint8_t* a, size_t lda, const float* scales, size_t ld_scales,
                const uint8_t* panel, const float* bias, bool accumulate, float* c, size_t ldc, size_t cols) {
  for (size_t r = 0; r < m; ++r)
    for (size_t j = 0; j < cols; ++j) {
      float sum = (bias ? bias[j] : 0.0f) + (accumulate ? c[r * ldc + j] : 0.0f);
      for (size_t g = 0; g < groups; ++g) {
        const uint8_t *group = panel + g * byte_group_bytes(kWidth), *q = group + 8 * kWidth;
        int32_t n = value_at<int32_t>(group + 4 * kWidth, j);
        for (size_t k = 0; k < kByteGroup; ++k)
          n += a[r * lda + g * kByteGroup + k] *
               static_cast<int8_t>(q[k / kByteStep * kWidth * kByteStep + j * kByteStep + k % kByteStep]);
        sum = std::fma(static_cast<float>(n) * value_at<float>(group, j), scales[r * ld_scales + g], sum);
      }
      c[r * ldc + j] = sum;
    }
}

void quantise(const float* x, size_t n, uint8_t* to, float* scales) {
  for (size_t first = 0; first < n; first += kByteGroup) {
    const size_t count = std::min(kByteGroup, n - first);
    float most = 0;
    for (size_t k = 0; k < count; ++k) most = std::max(most, std::fabs(x[first + k]));
    if (most < kSmallestByteScale) most = 0;
    const float by = most > 0 ? 127 / most : 0;
    *scales++ = most / 127;
    for (size_t k = 0; k < kByteGroup; ++k) {
      const float q = k < count ? std::nearbyint(x[first + k] * by) : 0.0f;
      *to++ = static_cast<uint8_t>(q >= -127 && q <= 127 ? static_cast<int>(q) + kByteZero : 0);
    }
  }
}

}  // namespace

void fill_byte_gemm_scalar(ByteGemmKernels& table) { table = {kWidth, panel_rows, quantise}; }

}  // namespace hanok::math
