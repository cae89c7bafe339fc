#include "math/rows.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "math/cpu.h"

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

void add(float* x, const float* y, size_t n) {
  for (size_t i = 0; i < n; ++i) x[i] += y[i];
}

void multiply(float* x, const float* y, size_t n) {
  for (size_t i = 0; i < n; ++i) x[i] *= y[i];
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

float from_half(uint16_t h) {
  const uint32_t sign = static_cast<uint32_t>(h & 0x8000) << 16, exponent = (h >> 10) & 31, fraction = h & 0x3FF;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7F800000u | fraction << 13);
  if (exponent != 0) return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
  const float small = static_cast<float>(fraction) * 0x1p-24f;  // zero or subnormal
  return sign ? -small : small;
}

void widen_f16(const uint16_t* from, size_t n, float* to) {
  for (size_t i = 0; i < n; ++i) to[i] = from_half(from[i]);
}

void widen_bf16(const uint16_t* from, size_t n, float* to) {
  for (size_t i = 0; i < n; ++i) to[i] = std::bit_cast<float>(static_cast<uint32_t>(from[i]) << 16);
}

}  // namespace

const RowKernels kRowsScalar{softmax,  exponentials, gelu,     gelu_tanh, silu,      add,
                             multiply, layer_norm,   rms_norm, rope,      widen_f16, widen_bf16};

const RowKernels& rows(Level level) {
#if defined(__x86_64__)
  if (level >= Level::Avx512) return kRowsAvx512;
  if (level >= Level::Avx2) return kRowsAvx2;
#endif
  (void)level;
  return kRowsScalar;
}

const RowKernels& rows() {
  static const RowKernels& table = rows(level());
  return table;
}

}  // namespace hanok::math
