#include "math/row_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // g++ 12 warns inside its own AVX-512 header
#endif

namespace hanok::math {
namespace {

inline __mmask16 mask(size_t left) { return left >= 16 ? 0xFFFF : static_cast<__mmask16>((1u << left) - 1); }
inline __m512 load(const float* p, size_t left) { return _mm512_maskz_loadu_ps(mask(left), p); }
inline void store(float* p, size_t left, __m512 v) { _mm512_mask_storeu_ps(p, mask(left), v); }
inline __m512 set(float v) { return _mm512_set1_ps(v); }

// As in rows_avx2.cpp, sixteen lanes; scalef does the multiplication by 2^n and underflows to 0 by itself.
inline __m512 exp(__m512 x) {
  x = _mm512_max_ps(_mm512_min_ps(x, set(88.0f)), set(-104.0f));
  const __m512 n =
      _mm512_roundscale_ps(_mm512_mul_ps(x, set(1.44269504f)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  __m512 r = _mm512_fnmadd_ps(n, set(0.693359375f), x);
  r = _mm512_fnmadd_ps(n, set(-2.12194440e-4f), r);
  __m512 p = set(0.0013941108f);
  p = _mm512_fmadd_ps(p, r, set(0.0083751264f));
  p = _mm512_fmadd_ps(p, r, set(0.0416663529f));
  p = _mm512_fmadd_ps(p, r, set(0.1666641552f));
  p = _mm512_fmadd_ps(p, r, set(0.5f));
  p = _mm512_fmadd_ps(p, r, set(1.0f));
  p = _mm512_fmadd_ps(p, r, set(1.0f));
  return _mm512_scalef_ps(p, n);
}

inline __m512 sigmoid(__m512 x) {
  const __m512 one = set(1.0f);
  return _mm512_div_ps(one, _mm512_add_ps(one, exp(_mm512_sub_ps(_mm512_setzero_ps(), x))));
}

inline __m512 gelu(__m512 x) {
  const __m512 size = _mm512_abs_ps(x), t = _mm512_min_ps(size, set(7.0f));
  __m512 p = set(9.0974329e-8f);
  p = _mm512_fmadd_ps(p, t, set(-2.3973201e-6f));
  p = _mm512_fmadd_ps(p, t, set(2.4540288e-5f));
  p = _mm512_fmadd_ps(p, t, set(-1.04275908e-4f));
  p = _mm512_fmadd_ps(p, t, set(-1.65755395e-4f));
  p = _mm512_fmadd_ps(p, t, set(0.00499190187f));
  p = _mm512_fmadd_ps(p, t, set(-0.0364510498f));
  p = _mm512_fmadd_ps(p, t, set(-0.318280382f));
  p = _mm512_fmadd_ps(p, t, set(-0.797887024f));
  const __m512 tail = _mm512_mul_ps(_mm512_mul_ps(set(0.5f), size), exp(_mm512_mul_ps(p, t)));
  return _mm512_sub_ps(_mm512_max_ps(x, _mm512_setzero_ps()), tail);
}

float exponentials(float* x, size_t n, float scale) {
  if (n == 0) return 0;
  const __m512 factor = set(scale);
  __m512 top = set(x[0] * scale), total = _mm512_setzero_ps();
  for (size_t i = 0; i < n; i += 16)
    top = _mm512_mask_max_ps(top, mask(n - i), top, _mm512_mul_ps(load(x + i, n - i), factor));
  const __m512 shift = set(-_mm512_reduce_max_ps(top));
  for (size_t i = 0; i < n; i += 16) {
    const __m512 e = exp(_mm512_fmadd_ps(load(x + i, n - i), factor, shift));
    store(x + i, n - i, e);
    total = _mm512_mask_add_ps(total, mask(n - i), total, e);
  }
  return _mm512_reduce_add_ps(total);
}

void softmax(float* x, size_t n, float scale) {
  if (n == 0) return;
  const __m512 share = set(1 / exponentials(x, n, scale));
  for (size_t i = 0; i < n; i += 16) store(x + i, n - i, _mm512_mul_ps(load(x + i, n - i), share));
}

void gelu(float* x, size_t n) {
  for (size_t i = 0; i < n; i += 16) store(x + i, n - i, gelu(load(x + i, n - i)));
}

void gelu_tanh(float* x, size_t n) {
  for (size_t i = 0; i < n; i += 16) {
    const __m512 v = load(x + i, n - i);
    const __m512 inner = _mm512_fmadd_ps(_mm512_mul_ps(set(0.044715f), _mm512_mul_ps(v, v)), v, v);
    store(x + i, n - i, _mm512_mul_ps(v, sigmoid(_mm512_mul_ps(set(1.5957691f), inner))));
  }
}

void silu(float* x, size_t n) {
  for (size_t i = 0; i < n; i += 16) {
    const __m512 v = load(x + i, n - i);
    store(x + i, n - i, _mm512_mul_ps(v, sigmoid(v)));
  }
}

void relu(float* x, size_t n) {
  for (size_t i = 0; i < n; ++i) x[i] = x[i] < 0 ? 0 : x[i];
}

void larger(float* x, const float* y, size_t n) {
  for (size_t i = 0; i < n; ++i) x[i] = y[i] > x[i] || y[i] != y[i] ? y[i] : x[i];
}

void add(float* x, const float* y, size_t n) {
  for (size_t i = 0; i < n; i += 16) store(x + i, n - i, _mm512_add_ps(load(x + i, n - i), load(y + i, n - i)));
}

void multiply(float* x, const float* y, size_t n) {
  for (size_t i = 0; i < n; i += 16) store(x + i, n - i, _mm512_mul_ps(load(x + i, n - i), load(y + i, n - i)));
}

void add_scaled(float* x, const float* y, float by, size_t n) {
  const __m512 factor = set(by);
  for (size_t i = 0; i < n; i += 16)
    store(x + i, n - i, _mm512_fmadd_ps(load(y + i, n - i), factor, load(x + i, n - i)));
}

void layer_norm(const float* x, size_t n, const float* gain, const float* bias, float eps, float* out) {
  if (n == 0) return;
  __m512 total = _mm512_setzero_ps(), squares = _mm512_setzero_ps();
  for (size_t i = 0; i < n; i += 16) total = _mm512_add_ps(total, load(x + i, n - i));
  const __m512 mean = set(_mm512_reduce_add_ps(total) / static_cast<float>(n));
  for (size_t i = 0; i < n; i += 16) {
    const __m512 d = _mm512_maskz_sub_ps(mask(n - i), load(x + i, n - i), mean);
    squares = _mm512_fmadd_ps(d, d, squares);
  }
  const float variance = _mm512_reduce_add_ps(squares) / static_cast<float>(n);
  const __m512 scale = set(1 / _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(variance + eps))));
  for (size_t i = 0; i < n; i += 16) {
    const __m512 v = _mm512_mul_ps(_mm512_sub_ps(load(x + i, n - i), mean), scale);
    const __m512 b = bias ? load(bias + i, n - i) : _mm512_setzero_ps();
    store(out + i, n - i, _mm512_fmadd_ps(v, load(gain + i, n - i), b));
  }
}

void rms_norm(const float* x, size_t n, const float* gain, float eps, float* out) {
  if (n == 0) return;
  __m512 squares = _mm512_setzero_ps();
  for (size_t i = 0; i < n; i += 16) {
    const __m512 v = load(x + i, n - i);
    squares = _mm512_fmadd_ps(v, v, squares);
  }
  const float mean = _mm512_reduce_add_ps(squares) / static_cast<float>(n);
  const __m512 scale = set(1 / _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(mean + eps))));
  for (size_t i = 0; i < n; i += 16)
    store(out + i, n - i, _mm512_mul_ps(_mm512_mul_ps(load(x + i, n - i), scale), load(gain + i, n - i)));
}

void rope(float* x, const float* cosine, const float* sine, size_t half) {
  for (size_t i = 0; i < half; i += 16) {
    const size_t left = half - i;
    const __m512 a = load(x + i, left), b = load(x + half + i, left);
    const __m512 c = load(cosine + i, left), s = load(sine + i, left);
    store(x + i, left, _mm512_fmsub_ps(a, c, _mm512_mul_ps(b, s)));
    store(x + half + i, left, _mm512_fmadd_ps(b, c, _mm512_mul_ps(a, s)));
  }
}

}  // namespace

void fill_rows_avx512(RowKernels& table) {
  table = {softmax, exponentials, gelu,       gelu_tanh,  silu,     relu, larger,
           add,     multiply,     add_scaled, layer_norm, rms_norm, rope};
}

}  // namespace hanok::math
#endif
