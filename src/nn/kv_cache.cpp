#include "nn/kv_cache.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "hanok/error.h"
#include "math/convert.h"
#include "math/half.h"

namespace hanok::nn {
namespace {

constexpr size_t kNarrow = 128;  // values narrowed at once

}  // namespace

KvPool::KvPool(const KvShape& shape, size_t most_tokens)
    : shape_(shape), most_pages_((most_tokens + kPageTokens - 1) / kPageTokens) {
  pages_.reserve(most_pages_);
}

size_t KvPool::pages_in_use() const {
  std::lock_guard lock(mutex_);
  return pages_.size() - free_.size();
}

uint32_t KvPool::take() {
  std::lock_guard lock(mutex_);
  if (free_.empty()) {
    if (pages_.size() == most_pages_)
      throw Error(Code::Exhausted,
                  "the cache for keys and values is full: " + std::to_string(most_pages_ * kPageTokens) +
                      " tokens of all conversations together; end one, or allow more");
    pages_.push_back({std::make_unique<std::byte[]>(shape_.bytes_per_token() * kPageTokens), 0});
    free_.push_back(static_cast<uint32_t>(pages_.size() - 1));
  }
  const uint32_t page = free_.back();
  free_.pop_back();
  pages_[page].users = 1;
  return page;
}

void KvPool::share(uint32_t page) {
  std::lock_guard lock(mutex_);
  ++pages_[page].users;
}

void KvPool::release(uint32_t page) {
  std::lock_guard lock(mutex_);
  if (--pages_[page].users == 0) free_.push_back(page);
}

KvSequence& KvSequence::operator=(KvSequence&& other) noexcept {
  if (this == &other) return *this;
  truncate(0);
  pool_ = std::move(other.pool_);
  pages_ = std::move(other.pages_);
  length_ = std::exchange(other.length_, 0);
  other.pages_.clear();
  return *this;
}

void KvSequence::extend(size_t more) {
  const size_t before = pages_.size(), need = (length_ + more + kPageTokens - 1) / kPageTokens;
  if (more > 0 && length_ % kPageTokens != 0) {  // the last page is written to: it must be ours alone
    uint32_t& last = pages_.back();
    bool shared;
    {
      std::lock_guard lock(pool_->mutex_);
      shared = pool_->pages_[last].users > 1;
    }
    if (shared) {
      const uint32_t own = pool_->take();
      std::memcpy(pool_->data(own), pool_->data(last), pool_->shape_.bytes_per_token() * kPageTokens);
      pool_->release(last);
      last = own;
    }
  }
  try {
    while (pages_.size() < need) pages_.push_back(pool_->take());
  } catch (...) {
    for (; pages_.size() > before; pages_.pop_back()) pool_->release(pages_.back());
    throw;
  }
  length_ += more;
}

void KvSequence::truncate(size_t length) {
  length_ = std::min(length_, length);
  const size_t keep = (length_ + kPageTokens - 1) / kPageTokens;
  for (; pages_.size() > keep; pages_.pop_back()) pool_->release(pages_.back());
}

KvSequence KvSequence::fork(size_t length) const {
  KvSequence out(pool_);
  out.length_ = std::min(length, length_);
  const size_t keep = (out.length_ + kPageTokens - 1) / kPageTokens;
  for (size_t i = 0; i < keep; ++i) {
    pool_->share(pages_[i]);
    out.pages_.push_back(pages_[i]);
  }
  return out;
}

std::byte* KvSequence::at(size_t layer, size_t head, size_t position, size_t which) const {
  const KvShape& s = pool_->shape();
  return pool_->data(pages_[position / kPageTokens]) + ((layer * 2 + which) * s.kv_heads + head) * s.head_bytes();
}

namespace {

// Where value i of a token stands among those of its head in a page.
size_t key_at(const KvShape& s, size_t token, size_t i) {
  const size_t panel = token / 16, row = token % 16;
  if (s.type == KvType::Bf16) return (panel * (s.padded_dim() / 2) + i / 2) * 32 + row * 2 + i % 2;
  return (panel * s.padded_dim() + i) * 16 + row;
}
size_t value_at(const KvShape& s, size_t token, size_t i) {
  const size_t panel = i / 16, row = i % 16;
  if (s.type == KvType::Bf16) return (panel * (kPageTokens / 2) + token / 2) * 32 + row * 2 + token % 2;
  return (panel * kPageTokens + token) * 16 + row;
}

template <typename T, class At>
void scatter(const T* values, size_t n, std::byte* to, At at) {
  for (size_t i = 0; i < n; ++i) std::memcpy(to + at(i) * sizeof(T), values + i, sizeof(T));
}

template <class At>
void put_eight_bits(const KvShape& s, const float* x, size_t token, std::byte* to, At at) {
  for (size_t from = 0; from < s.head_dim; from += 32) {
    const size_t n = std::min<size_t>(32, s.head_dim - from);
    float most = 0;
    for (size_t i = 0; i < n; ++i) most = std::max(most, std::fabs(x[from + i]));
    const float scale = most / 127, by = most > 0 ? 127 / most : 0;
    for (size_t i = 0; i < n; ++i)
      to[at(from + i)] = static_cast<std::byte>(static_cast<int8_t>(std::lround(x[from + i] * by)));
    const uint16_t half = math::float_to_half(scale);
    std::memcpy(to + s.scales_at() + (from / 32 * kPageTokens + token) * sizeof half, &half, sizeof half);
  }
}

}  // namespace

void KvSequence::put(size_t layer, size_t position, const float* x, size_t which) {
  const KvShape& s = pool_->shape();
  const size_t token = position % kPageTokens, n = s.head_dim;
  const auto at_value = [&](size_t i) { return which == 0 ? key_at(s, token, i) : value_at(s, token, i); };
  uint16_t narrow[kNarrow];
  for (size_t h = 0; h < s.kv_heads; ++h, x += n) {
    std::byte* to = at(layer, h, position, which);
    if (s.type == KvType::Q8) put_eight_bits(s, x, token, to, at_value);
    if (s.type == KvType::F32) scatter(x, n, to, at_value);
    if (s.type == KvType::F32 || s.type == KvType::Q8) continue;
    for (size_t from = 0; from < n; from += kNarrow) {
      const size_t some = std::min(kNarrow, n - from);
      if (s.type == KvType::F16)
        math::convert().f32_to_f16(x + from, narrow, some);
      else
        for (size_t i = 0; i < some; ++i) narrow[i] = math::float_to_bf16(x[from + i]);
      scatter(narrow, some, to, [&](size_t i) { return at_value(from + i); });
    }
  }
}

}  // namespace hanok::nn
