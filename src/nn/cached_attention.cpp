#include "nn/cached_attention.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/threads.h"
#include "math/half.h"
#include "math/kernels.h"
#include "math/rows.h"

namespace hanok::nn {
namespace {

using math::kMostTileRows, math::kPanelWidth;

constexpr size_t kSmallWork = 1 << 16;                 // multiply-adds below which another thread is not worth waking
constexpr size_t kRowsTogether = 32;                   // queries that pass over a page while it is at hand
constexpr size_t kGroup = 32;                          // values of a token that share a scale (Q8)
constexpr size_t kPanels = kPageTokens / kPanelWidth;  // of keys in a page

/// Keys or values of a head in a page, as panels that the kernels `plain` of a table multiply by.
struct Panels {
  const std::byte* data = nullptr;
  size_t kernel = 0;       // f32, f16, bf16
  size_t panel_bytes = 0;  // from one panel to the next
};

/// Queries of one key head: rows are (token, head of the group), tiles of up to eight.
class Block {
 public:
  Block(const CachedAttention& how, const KvSequence& cache, size_t layer)
      : how_(how),
        cache_(cache),
        layer_(layer),
        shape_(cache.shape()),
        group_(how.heads / shape_.kv_heads),
        dim_(shape_.head_dim),
        padded_(shape_.padded_dim()) {}

  /// Rows [begin, end) of key head `head`, where row r is head r % group of token first + r / group.
  void run(size_t head, size_t first, size_t begin, size_t end, const float* q, size_t ldq, float* out, size_t ldo) {
    head_ = head, first_ = first, begin_ = begin, rows_ = end - begin;
    end_ = first + (end - 1) / group_ + 1;
    start_ = from(0) / kPageTokens * kPageTokens;
    stride_ = (end_ - start_ + kPageTokens - 1) / kPageTokens * kPageTokens + 1;  // one more: of a sink
    lay_out(q, ldq);
    scores_.resize(rows_ * stride_);
    for (size_t page = start_; page < end_; page += kPageTokens) score(page);
    sums_.resize(rows_);
    for (size_t r = 0; r < rows_; ++r) weigh(r);
    mixed_.assign(rows_ * padded_, 0.0f);
    for (size_t page = start_; page < end_; page += kPageTokens) mix(page);
    for (size_t r = 0; r < rows_; ++r) {
      const float inverse = 1 / sums_[r];
      float* to = out + token(r) * ldo + query_head(r) * dim_;
      for (size_t i = 0; i < dim_; ++i) to[i] = mixed_[r * padded_ + i] * inverse;
    }
  }

 private:
  size_t token(size_t r) const { return (begin_ + r) / group_; }
  size_t query_head(size_t r) const { return head_ * group_ + (begin_ + r) % group_; }
  /// The tokens that a row sees: [from, to).
  size_t to(size_t r) const { return first_ + token(r) + 1; }
  size_t from(size_t r) const { return how_.window && to(r) > how_.window ? to(r) - how_.window : 0; }

  // Calls use(first row, rows, rows of the tile, index of its kernel).
  template <class Use>
  void tiles(Use use) const {
    for (size_t r = 0; r < rows_; r += kMostTileRows) {
      const size_t n = std::min(kMostTileRows, rows_ - r), size = n == 1 ? 0 : n == 2 ? 1 : n <= 4 ? 2 : 3;
      use(r, n, size_t{1} << size, size);
    }
  }

  // Queries as tiles [dim, rows of the tile], each in room for eight.
  void lay_out(const float* q, size_t ldq) {
    queries_.assign((rows_ + kMostTileRows - 1) / kMostTileRows * kMostTileRows * dim_, 0.0f);
    tiles([&](size_t r, size_t n, size_t wide, size_t) {
      for (size_t j = 0; j < n; ++j) {
        const float* x = q + token(r + j) * ldq + query_head(r + j) * dim_;
        for (size_t i = 0; i < dim_; ++i) queries_[r * dim_ + i * wide + j] = x[i];
      }
    });
  }

  Panels keys(size_t page) {
    const std::byte* data = cache_.keys(layer_, head_, page);
    if (shape_.type != KvType::Q8) return as_kept(data, padded_);
    const auto* scales = reinterpret_cast<const uint16_t*>(data + shape_.scales_at());
    wide_.resize(kPageTokens * padded_);
    float scale[kPanelWidth];
    for (size_t p = 0; p < kPanels; ++p)
      for (size_t i = 0; i < dim_; ++i) {
        const size_t at = (p * padded_ + i) * kPanelWidth;
        if (i % kGroup == 0)
          for (size_t j = 0; j < kPanelWidth; ++j)
            scale[j] = math::half_to_float(scales[i / kGroup * kPageTokens + p * kPanelWidth + j]);
        for (size_t j = 0; j < kPanelWidth; ++j)
          wide_[at + j] = static_cast<float>(static_cast<int8_t>(data[at + j])) * scale[j];
      }
    return widened(padded_);
  }

  Panels values(size_t page) {
    const std::byte* data = cache_.values(layer_, head_, page);
    if (shape_.type != KvType::Q8) return as_kept(data, kPageTokens);
    const auto* scales = reinterpret_cast<const uint16_t*>(data + shape_.scales_at());
    wide_.resize(kPageTokens * padded_);
    for (size_t p = 0; p < padded_ / kPanelWidth; ++p)
      for (size_t t = 0; t < kPageTokens; ++t) {
        const size_t at = (p * kPageTokens + t) * kPanelWidth;
        const float scale = math::half_to_float(scales[p * kPanelWidth / kGroup * kPageTokens + t]);
        for (size_t j = 0; j < kPanelWidth; ++j)
          wide_[at + j] = static_cast<float>(static_cast<int8_t>(data[at + j])) * scale;
      }
    return widened(kPageTokens);
  }

  Panels as_kept(const std::byte* data, size_t depth) const {
    const size_t kernel = shape_.type == KvType::F32 ? 0 : shape_.type == KvType::F16 ? 1 : 2;
    return {data, kernel, depth * kPanelWidth * shape_.value_bytes()};
  }
  Panels widened(size_t depth) const {
    return {reinterpret_cast<const std::byte*>(wide_.data()), 0, depth * kPanelWidth * sizeof(float)};
  }

  void score(size_t page) {
    const Panels k = keys(page);
    for (size_t p = 0; p < kPanels && page + p * kPanelWidth < end_; ++p)
      tiles([&](size_t r, size_t n, size_t, size_t size) {
        alignas(64) float out[kMostTileRows * kPanelWidth];
        kernels_.plain[k.kernel][size](k.data + p * k.panel_bytes, dim_, queries_.data() + r * dim_, out);
        for (size_t j = 0; j < n; ++j)
          std::copy_n(out + j * kPanelWidth, kPanelWidth,
                      scores_.data() + (r + j) * stride_ + page - start_ + p * kPanelWidth);
      });
  }

  // Scores of a row -> weights, 0 where it does not look, and what they are to be divided by.
  void weigh(size_t r) {
    float *row = scores_.data() + r * stride_, *s = row + from(r) - start_;
    const size_t n = to(r) - from(r);
    float scale = how_.scale;
    if (how_.soft_cap > 0) {
      for (size_t j = 0; j < n; ++j) s[j] = how_.soft_cap * std::tanh(s[j] * scale / how_.soft_cap);
      scale = 1;
    }
    if (how_.sinks) {
      for (size_t j = 0; j < n; ++j) s[j] *= scale;
      s[n] = how_.sinks[query_head(r)];
      sums_[r] = math::rows().exponentials(s, n + 1, 1);
    } else {
      sums_[r] = math::rows().exponentials(s, n, scale);
    }
    std::fill(row, s, 0.0f);
    std::fill(s + n, row + stride_, 0.0f);
  }

  void mix(size_t page) {
    const Panels v = values(page);
    const size_t depth = std::min(kPageTokens, end_ - page);
    tiles([&](size_t r, size_t n, size_t wide, size_t size) {
      float weights[kPageTokens * kMostTileRows] = {};
      for (size_t j = 0; j < n; ++j)
        for (size_t t = 0; t < depth; ++t) weights[t * wide + j] = scores_[(r + j) * stride_ + page - start_ + t];
      for (size_t p = 0; p < padded_ / kPanelWidth; ++p) {
        alignas(64) float out[kMostTileRows * kPanelWidth];
        kernels_.plain[v.kernel][size](v.data + p * v.panel_bytes, depth, weights, out);
        for (size_t j = 0; j < n; ++j)
          for (size_t i = 0; i < kPanelWidth; ++i)
            mixed_[(r + j) * padded_ + p * kPanelWidth + i] += out[j * kPanelWidth + i];
      }
    });
  }

  const CachedAttention& how_;
  const KvSequence& cache_;
  const size_t layer_;
  const KvShape& shape_;
  const size_t group_, dim_, padded_;
  const math::ProductKernels& kernels_ = math::kernels<math::ProductKernels>();
  size_t head_ = 0, first_ = 0, begin_ = 0, rows_ = 0, start_ = 0, end_ = 0, stride_ = 0;
  std::vector<float> queries_, scores_, sums_, mixed_, wide_;
};

}  // namespace

void attend(const CachedAttention& how, const KvSequence& cache, size_t layer, size_t first, size_t count,
            const float* q, size_t ldq, float* out, size_t ldo, size_t threads) {
  const KvShape& shape = cache.shape();
  const size_t rows = count * (how.heads / shape.kv_heads), blocks = (rows + kRowsTogether - 1) / kRowsTogether;
  const size_t reach = how.window ? std::min(how.window, first + count) : first + count;
  if (count * how.heads * reach * shape.head_dim < kSmallWork) threads = 1;
  const size_t items = blocks * shape.kv_heads;
  base::parallel_for(
      items, std::max<size_t>(1, items / 16),
      [&](size_t begin, size_t end, size_t) {
        Block block(how, cache, layer);
        for (size_t item = begin; item < end; ++item) {
          const size_t at = item % blocks * kRowsTogether;
          block.run(item / blocks, first, at, std::min(rows, at + kRowsTogether), q, ldq, out, ldo);
        }
      },
      threads);
}

}  // namespace hanok::nn
