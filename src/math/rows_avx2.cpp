#include "math/row_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

namespace hanok::math {
namespace {

alignas(32) constexpr int kMask[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};

// The first `left` lanes (1..8): tails read and write nothing beyond them.
inline __m256i mask(size_t left) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kMask + 8 - left)); }
inline __m256 load(const float* p, size_t left) {
  return left >= 8 ? _mm256_loadu_ps(p) : _mm256_maskload_ps(p, mask(left));
}
inline void store(float* p, size_t left, __m256 v) {
  if (left >= 8)
    _mm256_storeu_ps(p, v);
  else
    _mm256_maskstore_ps(p, mask(left), v);
}
inline __m256 set(float v) { return _mm256_set1_ps(v); }

inline float sum(__m256 v) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}
inline float max(__m256 v) {
  __m128 s = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  s = _mm_max_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
}

// e^x for x <= 88: 2^n e^r with |r| <= ln 2 / 2 and a minimax polynomial of degree 6 (error 2e-9, below float
// rounding). Below -87 it gives 2^-126, not 0: so small beside a softmax's largest term 1 that it does not count.
inline __m256 exp(__m256 x) {
  x = _mm256_max_ps(_mm256_min_ps(x, set(88.0f)), set(-87.0f));
  const __m256 n = _mm256_round_ps(_mm256_mul_ps(x, set(1.44269504f)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  __m256 r = _mm256_fnmadd_ps(n, set(0.693359375f), x);  // ln 2 in two parts, the first with few bits
  r = _mm256_fnmadd_ps(n, set(-2.12194440e-4f), r);
  __m256 p = set(0.0013941108f);
  p = _mm256_fmadd_ps(p, r, set(0.0083751264f));
  p = _mm256_fmadd_ps(p, r, set(0.0416663529f));
  p = _mm256_fmadd_ps(p, r, set(0.1666641552f));
  p = _mm256_fmadd_ps(p, r, set(0.5f));
  p = _mm256_fmadd_ps(p, r, set(1.0f));
  p = _mm256_fmadd_ps(p, r, set(1.0f));
  const __m256i power = _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
  return _mm256_mul_ps(p, _mm256_castsi256_ps(power));
}

inline __m256 sigmoid(__m256 x) {
  const __m256 one = set(1.0f);
  return _mm256_div_ps(one, _mm256_add_ps(one, exp(_mm256_sub_ps(_mm256_setzero_ps(), x))));
}

// ln(2 Phi(-x)) on [0, 7] by a polynomial without constant term, fitted so that x Phi(x) errs by 3e-8; then
// x Phi(x) = max(x, 0) - |x| Phi(-|x|). Beyond 7 the second term is below 1e-11 |x|.
inline __m256 gelu(__m256 x) {
  const __m256 size = _mm256_andnot_ps(set(-0.0f), x), t = _mm256_min_ps(size, set(7.0f));
  __m256 p = set(9.0974329e-8f);
  p = _mm256_fmadd_ps(p, t, set(-2.3973201e-6f));
  p = _mm256_fmadd_ps(p, t, set(2.4540288e-5f));
  p = _mm256_fmadd_ps(p, t, set(-1.04275908e-4f));
  p = _mm256_fmadd_ps(p, t, set(-1.65755395e-4f));
  p = _mm256_fmadd_ps(p, t, set(0.00499190187f));
  p = _mm256_fmadd_ps(p, t, set(-0.0364510498f));
  p = _mm256_fmadd_ps(p, t, set(-0.318280382f));
  p = _mm256_fmadd_ps(p, t, set(-0.797887024f));
  const __m256 tail = _mm256_mul_ps(_mm256_mul_ps(set(0.5f), size), exp(_mm256_mul_ps(p, t)));
  return _mm256_sub_ps(_mm256_max_ps(x, _mm256_setzero_ps()), tail);
}

float exponentials(float* x, size_t n, float scale) {
  if (n == 0) return 0;
  const __m256 factor = set(scale);
  __m256 top = set(x[0] * scale), total = _mm256_setzero_ps();
  size_t i = 0;
  for (; i + 8 <= n; i += 8) top = _mm256_max_ps(top, _mm256_mul_ps(_mm256_loadu_ps(x + i), factor));
  float most = max(top);
  for (; i < n; ++i) most = most > x[i] * scale ? most : x[i] * scale;
  const __m256 shift = set(-most);
  for (i = 0; i + 8 <= n; i += 8) {
    const __m256 e = exp(_mm256_fmadd_ps(_mm256_loadu_ps(x + i), factor, shift));
    _mm256_storeu_ps(x + i, e);
    total = _mm256_add_ps(total, e);
  }
  if (i < n) {
    const __m256 e = exp(_mm256_fmadd_ps(load(x + i, n - i), factor, shift));
    store(x + i, n - i, e);
    total = _mm256_add_ps(total, _mm256_and_ps(e, _mm256_castsi256_ps(mask(n - i))));
  }
  return sum(total);
}

void softmax(float* x, size_t n, float scale) {
  if (n == 0) return;
  const __m256 share = set(1 / exponentials(x, n, scale));
  for (size_t i = 0; i < n; i += 8) store(x + i, n - i, _mm256_mul_ps(load(x + i, n - i), share));
}

void gelu(float* x, size_t n) {
  for (size_t i = 0; i < n; i += 8) store(x + i, n - i, gelu(load(x + i, n - i)));
}

void gelu_tanh(float* x, size_t n) {
  for (size_t i = 0; i < n; i += 8) {
    const __m256 v = load(x + i, n - i);
    const __m256 inner = _mm256_fmadd_ps(_mm256_mul_ps(set(0.044715f), _mm256_mul_ps(v, v)), v, v);
    store(x + i, n - i, _mm256_mul_ps(v, sigmoid(_mm256_mul_ps(set(1.5957691f), inner))));
  }
}

void silu(float* x, size_t n) {
  for (size_t i = 0; i < n; i += 8) {
    const __m256 v = load(x + i, n - i);
    store(x + i, n - i, _mm256_mul_ps(v, sigmoid(v)));
  }
}

void relu(float* x, size_t n) {
  for (size_t i = 0; i < n; ++i) x[i] = x[i] < 0 ? 0 : x[i];
}

void larger(float* x, const float* y, size_t n) {
  for (size_t i = 0; i < n; ++i) x[i] = y[i] > x[i] || y[i] != y[i] ? y[i] : x[i];
}

void add(float* x, const float* y, size_t n) {
  for (size_t i = 0; i < n; i += 8) store(x + i, n - i, _mm256_add_ps(load(x + i, n - i), load(y + i, n - i)));
}

void multiply(float* x, const float* y, size_t n) {
  for (size_t i = 0; i < n; i += 8) store(x + i, n - i, _mm256_mul_ps(load(x + i, n - i), load(y + i, n - i)));
}

void add_scaled(float* x, const float* y, float by, size_t n) {
  const __m256 factor = set(by);
  for (size_t i = 0; i < n; i += 8)
    store(x + i, n - i, _mm256_fmadd_ps(load(y + i, n - i), factor, load(x + i, n - i)));
}

void layer_norm(const float* x, size_t n, const float* gain, const float* bias, float eps, float* out) {
  if (n == 0) return;
  __m256 total = _mm256_setzero_ps(), squares = _mm256_setzero_ps();
  for (size_t i = 0; i < n; i += 8) total = _mm256_add_ps(total, load(x + i, n - i));
  const __m256 mean = set(sum(total) / static_cast<float>(n));
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m256 d = _mm256_sub_ps(_mm256_loadu_ps(x + i), mean);
    squares = _mm256_fmadd_ps(d, d, squares);
  }
  if (i < n) {
    const __m256 d = _mm256_and_ps(_mm256_sub_ps(load(x + i, n - i), mean), _mm256_castsi256_ps(mask(n - i)));
    squares = _mm256_fmadd_ps(d, d, squares);
  }
  const float variance = sum(squares) / static_cast<float>(n);
  const __m256 scale = set(1 / _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(variance + eps))));
  for (i = 0; i < n; i += 8) {
    const __m256 v = _mm256_mul_ps(_mm256_sub_ps(load(x + i, n - i), mean), scale);
    const __m256 b = bias ? load(bias + i, n - i) : _mm256_setzero_ps();
    store(out + i, n - i, _mm256_fmadd_ps(v, load(gain + i, n - i), b));
  }
}

void rms_norm(const float* x, size_t n, const float* gain, float eps, float* out) {
  if (n == 0) return;
  __m256 squares = _mm256_setzero_ps();
  for (size_t i = 0; i < n; i += 8) {
    const __m256 v = load(x + i, n - i);
    squares = _mm256_fmadd_ps(v, v, squares);
  }
  const float mean = sum(squares) / static_cast<float>(n);
  const __m256 scale = set(1 / _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(mean + eps))));
  for (size_t i = 0; i < n; i += 8)
    store(out + i, n - i, _mm256_mul_ps(_mm256_mul_ps(load(x + i, n - i), scale), load(gain + i, n - i)));
}

void rope(float* x, const float* cosine, const float* sine, size_t half) {
  for (size_t i = 0; i < half; i += 8) {
    const size_t left = half - i;
    const __m256 a = load(x + i, left), b = load(x + half + i, left);
    const __m256 c = load(cosine + i, left), s = load(sine + i, left);
    store(x + i, left, _mm256_fmsub_ps(a, c, _mm256_mul_ps(b, s)));
    store(x + half + i, left, _mm256_fmadd_ps(b, c, _mm256_mul_ps(a, s)));
  }
}

}  // namespace

void fill_rows_avx2(RowKernels& table) {
  table = {softmax, exponentials, gelu,       gelu_tanh,  silu,     relu, larger,
           add,     multiply,     add_scaled, layer_norm, rms_norm, rope};
}

}  // namespace hanok::math
#endif
