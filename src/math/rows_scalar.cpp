#include "math/row_kernels.h"

#include <algorithm>
#include <cmath>

namespace hanok::math {
namespace {

float exponentials(float* x, size_t n, float scale) {
  if (n == 0) return 0;
  float most = x[0] * scale;
  for (size_t i = 1; i < n; ++i) most = std::max(most, x[i] * scale);
  float sum = 0;
  for (size_t i = 0; i < n; ++i) sum += x[i] = std::exp(x[i] * scale - most);
  return sum;
}

void softmax(float* x, size_t n, float scale) {
  const float sum = exponentials(x, n, scale);
  for (size_t i = 0; i < n; ++i) x[i] /= sum;
}

float sigmoid(float x) { return 1 / (1 + std::exp(-x)); }

void gelu(float* x, size_t n) {
  constexpr float kRootHalf = 0.70710678f;
  for (size_t i = 0; i < n; ++i) x[i] = 0.5f * x[i] * std::erfc(-x[i] * kRootHalf);
}

void gelu_tanh(float* x, size_t n) {
  constexpr float kTwoRootTwoOverPi = 1.5957691f;
  for (size_t i = 0; i < n; ++i) x[i] *= sigmoid(kTwoRootTwoOverPi * (x[i] + 0.044715f * x[i] * x[i] * x[i]));
}

void silu(float* x, size_t n) {
  for (size_t i = 0; i < n; ++i) x[i] *= sigmoid(x[i]);
}

void relu(float* x, size_t n) {
  for (size_t i = 0; i < n; ++i) x[i] = x[i] < 0 ? 0 : x[i];
}

void larger(float* x, const float* y, size_t n) {
  for (size_t i = 0; i < n; ++i) x[i] = y[i] > x[i] || y[i] != y[i] ? y[i] : x[i];
}

void add(float* x, const float* y, size_t n) {
  for (size_t i = 0; i < n; ++i) x[i] += y[i];
}

void multiply(float* x, const float* y, size_t n) {
  for (size_t i = 0; i < n; ++i) x[i] *= y[i];
}

void add_scaled(float* x, const float* y, float by, size_t n) {
  for (size_t i = 0; i < n; ++i) x[i] += y[i] * by;
}

void layer_norm(const float* x, size_t n, const float* gain, const float* bias, float eps, float* out) {
  if (n == 0) return;
  float sum = 0, squares = 0;
  for (size_t i = 0; i < n; ++i) sum += x[i];
  const float mean = sum / static_cast<float>(n);
  for (size_t i = 0; i < n; ++i) squares += (x[i] - mean) * (x[i] - mean);
  const float scale = 1 / std::sqrt(squares / static_cast<float>(n) + eps);
  for (size_t i = 0; i < n; ++i) out[i] = (x[i] - mean) * scale * gain[i] + (bias ? bias[i] : 0);
}

void rms_norm(const float* x, size_t n, const float* gain, float eps, float* out) {
  if (n == 0) return;
  float squares = 0;
  for (size_t i = 0; i < n; ++i) squares += x[i] * x[i];
  const float scale = 1 / std::sqrt(squares / static_cast<float>(n) + eps);
  for (size_t i = 0; i < n; ++i) out[i] = x[i] * scale * gain[i];
}

void rope(float* x, const float* cosine, const float* sine, size_t half) {
  for (size_t i = 0; i < half; ++i) {
    const float a = x[i], b = x[half + i];
    x[i] = a * cosine[i] - b * sine[i];
    x[half + i] = b * cosine[i] + a * sine[i];
  }
}

}  // namespace

void fill_rows_scalar(RowKernels& table) {
  table = {softmax, exponentials, gelu,       gelu_tanh,  silu,     relu, larger,
           add,     multiply,     add_scaled, layer_norm, rms_norm, rope};
}

}  // namespace hanok::math
