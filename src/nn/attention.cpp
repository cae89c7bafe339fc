#include "nn/attention.h"

#include <algorithm>

#include "base/threads.h"
#include "math/attention_kernels.h"
#include "math/rows.h"

namespace hanok::nn {
namespace {

// Rows of queries per step: their scores against 512 keys are 96 KiB, small enough for L2, and 6 and 12 divide it.
constexpr size_t kQueryRows = 48;
// Multiply-adds below which another thread is not worth waking.
constexpr size_t kSmallWork = 1 << 19;

struct Memory {
  math::PackedMatrix keys, values;
  math::Scratch scores, bf16;
};

bool in_bf16(const Attention& how) {
  return how.rounded && !how.causal && !how.window && !how.relative && (how.head_dim == 32 || how.head_dim == 64) &&
         math::features().has(math::Feature::Bf16);
}

// One head of one sequence; all pointers are at the sequence's first row and the head's first column.
void one_head(const Attention& how, size_t n, const float* q, const float* k, const float* v, size_t stride,
              const float* relative, float* out, size_t ldo, Memory& memory) {
  if (in_bf16(how)) {
    float* space = memory.bf16.reserve(math::bf16_attention_bytes(n, how.head_dim) / sizeof(float));
    return math::kernels<math::AttentionKernels>().bf16(q, k, v, stride, n, how.head_dim, how.scale, out, ldo,
                                                        reinterpret_cast<uint8_t*>(space));
  }
  for (size_t first = 0; first < n; first += kQueryRows) {
    const size_t count = std::min(kQueryRows, n - first);
    // Keys that some query of this step sees; without a window or mask this is packed once.
    const size_t low = how.window && first > how.window ? first - how.window : 0;
    size_t high = n;
    if (how.window) high = std::min(high, first + count + how.window);
    if (how.causal) high = std::min(high, first + count);
    const size_t keys = high - low;
    if (first == 0 || low > 0 || memory.keys.width() != keys) {
      memory.keys.pack_transposed(k + low * stride, stride, keys, how.head_dim);
      memory.values.pack(v + low * stride, stride, keys, how.head_dim);
    }
    float* scores = memory.scores.reserve(kQueryRows * keys);
    float sums[kQueryRows];  // of each row of scores: divided by where the rows are narrow again
    math::gemm(q + first * stride, stride, count, memory.keys, scores, keys, {.threads = 1});
    for (size_t i = 0; i < count; ++i) {
      float* row = scores + i * keys;
      const size_t at = first + i;  // this query's position; it sees [from, to)
      const size_t from = how.window && at > how.window ? at - how.window : 0;
      size_t to = how.window ? std::min(n, at + how.window + 1) : n;
      if (how.causal) to = std::min(to, at + 1);
      std::fill(row, row + (from - low), 0.0f);
      std::fill(row + (to - low), row + keys, 0.0f);
      float scale = how.scale;
      if (relative) {
        const float* bias = relative + how.reach - at;
        for (size_t j = from; j < to; ++j) row[j - low] = row[j - low] * scale + bias[j];
        scale = 1;
      }
      sums[i] = math::rows().exponentials(row + (from - low), to - from, scale);
    }
    math::gemm(scores, keys, count, memory.values, out + first * ldo, ldo, {.threads = 1});
    for (size_t i = 0; i < count; ++i) {
      float* row = out + (first + i) * ldo;
      for (size_t j = 0; j < how.head_dim; ++j) row[j] /= sums[i];
    }
  }
}

}  // namespace

void attend(const Attention& how, const Batch& batch, const float* q, const float* k, const float* v, size_t stride,
            float* out, size_t ldo) {
  size_t work = 0;
  for (size_t s = 0; s < batch.sequences(); ++s) {
    const size_t n = batch.starts[s + 1] - batch.starts[s];
    work += n * n * how.head_dim * how.heads * 2;
  }
  const size_t threads = work < kSmallWork ? 1 : base::default_threads();
  const size_t group = how.heads / how.kv_heads;
  std::vector<Memory> memory(threads);
  const size_t items = batch.sequences() * how.heads, grain = std::max<size_t>(1, items / (threads * 4));
  base::parallel_for(
      items, grain,
      [&](size_t begin, size_t end, size_t worker) {
        for (size_t item = begin; item < end; ++item) {
          const size_t start = batch.starts[item / how.heads], n = batch.starts[item / how.heads + 1] - start;
          const size_t head = item % how.heads, kv = head / group;
          const float* relative = how.relative ? how.relative + head * (2 * how.reach + 1) : nullptr;
          one_head(how, n, q + start * stride + head * how.head_dim, k + start * stride + kv * how.head_dim,
                   v + start * stride + kv * how.head_dim, stride, relative, out + start * ldo + head * how.head_dim,
                   ldo, memory[worker]);
        }
      },
      threads);
}

}  // namespace hanok::nn
