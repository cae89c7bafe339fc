// The keys and values of what a decoder has read, in pages that sequences share: a common beginning (a document, a
// system message) is kept once, and a page is freed when its last sequence goes. After Kwon et al. 2023
// (PagedAttention).
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "math/gemm.h"

namespace hanok::nn {

enum class KvType { F32, F16 };

struct KvShape {
  size_t layers = 0, kv_heads = 0, head_dim = 0;
  KvType type = KvType::F16;

  size_t value_bytes() const { return type == KvType::F32 ? sizeof(float) : sizeof(uint16_t); }
  size_t bytes_per_token() const { return 2 * layers * kv_heads * head_dim * value_bytes(); }
};

/// Tokens of a page: few, so that a short sequence wastes little; enough, so that a head's keys are long runs.
inline constexpr size_t kPageTokens = 32;

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
  size_t head_bytes() const { return kPageTokens * shape_.head_dim * shape_.value_bytes(); }

  KvShape shape_;
  size_t most_pages_;
  mutable std::mutex mutex_;
  std::vector<Page> pages_;  // never more than most_pages_, reserved at once: readers of other pages need no lock
  std::vector<uint32_t> free_;
};

/// One sequence: its pages in order. Keys and values are of shape [layer][head][token][head_dim] within a page.
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
  /// The page that holds `position`: [kPageTokens, head_dim] values of the cache's type.
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
