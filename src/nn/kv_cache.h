// The keys and values of what a decoder has read, in pages that sequences share: a common beginning (a document, a
// system message) is kept once, and a page is freed when its last sequence goes. After Kwon et al. 2023
// (PagedAttention).
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "math/product_kernels.h"

namespace hanok::nn {

/// What keys and values are kept as. Q8: eight bits and a half-precision scale for each 32 values of a token, as Q8_0
/// weights are.
enum class KvType { F32, F16, Bf16, Q8 };

/// Tokens of a page: few, so that a short sequence wastes little; enough, so that a head's keys are long runs.
inline constexpr size_t kPageTokens = 32;

struct KvShape {
  size_t layers = 0, kv_heads = 0, head_dim = 0;
  KvType type = KvType::F16;

  size_t value_bytes() const { return type == KvType::F32 ? 4 : type == KvType::Q8 ? 1 : 2; }
  /// head_dim in whole panels.
  size_t padded_dim() const { return (head_dim + math::kPanelWidth - 1) / math::kPanelWidth * math::kPanelWidth; }
  /// Where a head's scales begin (Q8): half [(head_dim + 31) / 32][kPageTokens].
  size_t scales_at() const { return kPageTokens * padded_dim() * value_bytes(); }
  /// The keys, or the values, of a head in a page.
  size_t head_bytes() const {
    return scales_at() + (type == KvType::Q8 ? (head_dim + 31) / 32 * kPageTokens * sizeof(uint16_t) : 0);
  }
  size_t bytes_per_token() const { return 2 * layers * kv_heads * head_bytes() / kPageTokens; }
};

/// Where pages come from. Several threads may use sequences of one pool, each sequence one thread at a time.
class KvPool {
 public:
  /// most_tokens: beyond, a sequence that needs a page gets Error(Exhausted), with counts.
  KvPool(const KvShape& shape, size_t most_tokens);
  const KvShape& shape() const { return shape_; }
  size_t most_pages() const { return most_pages_; }
  size_t pages_in_use() const;

 private:
  friend class KvSequence;
  struct Page {
    std::unique_ptr<std::byte[]> data;
    size_t users = 0;
  };
  uint32_t take();
  void share(uint32_t page);
  void release(uint32_t page);
  std::byte* data(uint32_t page) const { return pages_[page].data.get(); }

  KvShape shape_;
  size_t most_pages_;
  mutable std::mutex mutex_;
  std::vector<Page> pages_;  // never more than most_pages_, reserved at once: readers of other pages need no lock
  std::vector<uint32_t> free_;
};

/// One sequence: its pages in order. Within a page keys and values are [layer][key or value][head], and those of a head
/// lie in panels of sixteen, as the products of math (product_kernels.h) read them:
///   keys    [2][head_dim][16 tokens], so that a query meets sixteen keys at once
///   values  [padded_dim / 16][kPageTokens][16 of head_dim]
/// Of bf16 two along the second axis are side by side. Memory that was never written is 0.
class KvSequence {
 public:
  explicit KvSequence(std::shared_ptr<KvPool> pool) : pool_(std::move(pool)) {}
  ~KvSequence() { truncate(0); }
  KvSequence(KvSequence&&) noexcept = default;
  KvSequence& operator=(KvSequence&& other) noexcept;

  size_t length() const { return length_; }
  const KvShape& shape() const { return pool_->shape(); }
  /// Room for `more` tokens behind those there are; length grows. All or nothing. A page that another sequence shares
  /// is copied before it is written.
  void extend(size_t more);
  /// Forgets the tokens from `length` on.
  void truncate(size_t length);
  /// A second sequence that begins with the first `length` tokens of this one, sharing its pages.
  KvSequence fork(size_t length) const;

  /// Writes one token's key or value of all heads, [kv_heads, head_dim] floats.
  void put_key(size_t layer, size_t position, const float* x) { put(layer, position, x, 0); }
  void put_value(size_t layer, size_t position, const float* x) { put(layer, position, x, 1); }
  /// The head's part of the page that holds `position`.
  const std::byte* keys(size_t layer, size_t head, size_t position) const { return at(layer, head, position, 0); }
  const std::byte* values(size_t layer, size_t head, size_t position) const { return at(layer, head, position, 1); }

 private:
  void put(size_t layer, size_t position, const float* x, size_t which);
  std::byte* at(size_t layer, size_t head, size_t position, size_t which) const;

  std::shared_ptr<KvPool> pool_;  // shared: sequences may outlive whoever made the pool
  std::vector<uint32_t> pages_;
  size_t length_ = 0;
};

}  // namespace hanok::nn
