#include "nn/cached_attention.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/threads.h"
#include "math/convert.h"
#include "math/distance.h"
#include "math/rows.h"

namespace hanok::nn {
namespace {

// Multiply-adds below which another thread is not worth waking.
constexpr size_t kSmallWork = 1 << 18;

struct OneHead {
  const CachedAttention& how;
  const KvSequence& cache;
  size_t layer, head, kv_head, dim;
  std::vector<float>& scores;
  std::vector<float>& row;  // a value widened

  // Runs of keys that lie one after another: (first position, count).
  template <class Use>
  void runs(size_t from, size_t to, Use use) const {
    for (size_t p = from; p < to;) {
      const size_t n = std::min(to - p, kPageTokens - p % kPageTokens);
      use(p, n);
      p += n;
    }
  }

  void score(const float* q, size_t from, size_t to) {
    const auto& distance = math::distance();
    float* out = scores.data();
    runs(from, to, [&](size_t p, size_t n) {
      const std::byte* page = cache.keys(layer, kv_head, p);
      const size_t skip = p % kPageTokens * dim;
      if (cache.shape().type == KvType::F32) {
        const float* k = reinterpret_cast<const float*>(page) + skip;
        for (size_t j = 0; j < n; ++j, k += dim) *out++ = distance.ip_f32(q, k, dim);
      } else {
        const uint16_t* k = reinterpret_cast<const uint16_t*>(page) + skip;
        for (size_t j = 0; j < n; ++j, k += dim) *out++ = distance.ip_f16(q, k, dim);
      }
    });
  }

  // scores -> weights; returns what they are to be divided by.
  float weigh(size_t n) {
    float* s = scores.data();
    float scale = how.scale;
    if (how.soft_cap > 0) {
      for (size_t j = 0; j < n; ++j) s[j] = how.soft_cap * std::tanh(s[j] * scale / how.soft_cap);
      scale = 1;
    }
    if (how.sinks) {
      for (size_t j = 0; j < n; ++j) s[j] *= scale;
      s[n] = how.sinks[head];
      return math::rows().exponentials(s, n + 1, 1);
    }
    return math::rows().exponentials(s, n, scale);
  }

  void mix(size_t from, size_t to, float sum, float* out) {
    std::fill_n(out, dim, 0.0f);
    const float* weight = scores.data();
    runs(from, to, [&](size_t p, size_t n) {
      const std::byte* page = cache.values(layer, kv_head, p);
      const size_t skip = p % kPageTokens * dim;
      for (size_t j = 0; j < n; ++j) {
        const float* v = reinterpret_cast<const float*>(page) + skip + j * dim;
        if (cache.shape().type == KvType::F16) {
          math::convert().f16_to_f32(reinterpret_cast<const uint16_t*>(page) + skip + j * dim, row.data(), dim);
          v = row.data();
        }
        math::rows().add_scaled(out, v, *weight++, dim);
      }
    });
    const float inverse = 1 / sum;
    for (size_t i = 0; i < dim; ++i) out[i] *= inverse;
  }
};

}  // namespace

void attend(const CachedAttention& how, const KvSequence& cache, size_t layer, size_t first, size_t count,
            const float* q, size_t ldq, float* out, size_t ldo, size_t threads) {
  const KvShape& shape = cache.shape();
  const size_t dim = shape.head_dim, group = how.heads / shape.kv_heads, items = count * how.heads;
  const size_t reach = how.window ? std::min(how.window, first + count) : first + count;
  if (items * reach * dim < kSmallWork) threads = 1;
  base::parallel_for(
      items, std::max<size_t>(1, items / 16),
      [&](size_t begin, size_t end, size_t) {
        std::vector<float> scores(reach + 1), row(dim);
        for (size_t item = begin; item < end; ++item) {
          const size_t t = item / how.heads, head = item % how.heads, to = first + t + 1;
          const size_t from = how.window && to > how.window ? to - how.window : 0;
          OneHead one{how, cache, layer, head, head / group, dim, scores, row};
          one.score(q + t * ldq + head * dim, from, to);
          const float sum = one.weigh(to - from);
          one.mix(from, to, sum, out + t * ldo + head * dim);
        }
      },
      threads);
}

}  // namespace hanok::nn
