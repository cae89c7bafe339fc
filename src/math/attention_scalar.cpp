// The plain version: one query after the other, with the same roundings.
#include <algorithm>
#include <cmath>

#include "math/attention_kernels.h"
#include "math/half.h"

namespace hanok::math {
namespace {

float rounded(float x) { return bf16_to_float(float_to_bf16(x)); }

void head(const float* q, const float* k, const float* v, size_t stride, size_t n, size_t dim, float scale, float* out,
          size_t ldo, uint8_t* memory) {
  auto* scores = reinterpret_cast<float*>(memory);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) {
      scores[j] = 0;
      for (size_t d = 0; d < dim; ++d) scores[j] += rounded(q[i * stride + d]) * rounded(k[j * stride + d]);
      scores[j] *= scale;
    }
    const float top = *std::max_element(scores, scores + n);
    float sum = 0;
    for (size_t j = 0; j < n; ++j) sum += scores[j] = std::exp(scores[j] - top);
    for (size_t d = 0; d < dim; ++d) {
      float mixed = 0;
      for (size_t j = 0; j < n; ++j) mixed += rounded(scores[j]) * rounded(v[j * stride + d]);
      out[i * ldo + d] = mixed / sum;
    }
  }
}

}  // namespace

void fill_attention_scalar(AttentionKernels& table) { table.bf16 = head; }

}  // namespace hanok::math
