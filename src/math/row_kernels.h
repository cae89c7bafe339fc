// Kernels on one row of float32 activations: softmax, norms, activations, rotary positions. Kept free of library
// headers: files with CPU flags include it. The scalar table is the reference.
#pragma once

#include <cstddef>

namespace hanok::math {

/// No pointer needs alignment. x and out may be the same row where both appear; otherwise rows may not overlap.
struct RowKernels {
  /// x[i] = exp(scale * x[i] - max) / sum. n == 0 does nothing. Relative error below 2^-21.
  void (*softmax)(float* x, size_t n, float scale);
  /// The same without the division: x[i] = exp(scale * x[i] - max); returns the sum (0 for n == 0).
  float (*exponentials)(float* x, size_t n, float scale);
  /// x * Phi(x) with the exact normal distribution function; absolute error below 1e-7 * max(1, |x|).
  void (*gelu)(float* x, size_t n);
  /// x * sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3): the form with tanh of Hendrycks and Gimpel 2016.
  void (*gelu_tanh)(float* x, size_t n);
  /// x * sigmoid(x).
  void (*silu)(float* x, size_t n);
  /// max(x, 0); NaN stays NaN.
  void (*relu)(float* x, size_t n);
  /// x[i] = max(x[i], y[i]); NaN in either gives NaN.
  void (*larger)(float* x, const float* y, size_t n);
  /// x[i] += y[i], x[i] *= y[i].
  void (*add)(float* x, const float* y, size_t n);
  void (*multiply)(float* x, const float* y, size_t n);
  /// x[i] += y[i] * by.
  void (*add_scaled)(float* x, const float* y, float by, size_t n);
  /// out = (x - mean) / sqrt(variance + eps) * gain + bias; variance over n (not n - 1); bias may be null.
  void (*layer_norm)(const float* x, size_t n, const float* gain, const float* bias, float eps, float* out);
  /// out = x / sqrt(mean(x^2) + eps) * gain.
  void (*rms_norm)(const float* x, size_t n, const float* gain, float eps, float* out);
  /// Rotary position of one head of 2 * half values, first half paired with second (the layout of Hugging Face files):
  /// (a, b) -> (a cos - b sin, b cos + a sin) for a = x[i], b = x[half + i].   Su et al. 2021, eq. 34.
  void (*rope)(float* x, const float* cosine, const float* sine, size_t half);
};

void fill_rows_scalar(RowKernels& table);
void fill_rows_avx2(RowKernels& table);
void fill_rows_avx512(RowKernels& table);

}  // namespace hanok::math
