// An array aligned to cache lines that owns its memory or looks into a mapped file, and becomes its own copy when
// written.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

#include "base/pages.h"

namespace hanok::index {

template <typename T>
class Buffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Buffer() = default;
  ~Buffer() { std::free(owned_); }
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    swap(other);
    return *this;
  }
  void swap(Buffer& other) noexcept {
    std::swap(owned_, other.owned_);
    std::swap(data_, other.data_);
    std::swap(capacity_, other.capacity_);
  }

  /// A view; the memory must outlive the buffer.
  static Buffer view(std::span<const T> data) {
    Buffer out;
    out.data_ = data.data();
    out.capacity_ = data.size();
    return out;
  }

  /// A new buffer of at least `capacity` with the first `keep` elements of this one; the rest holds anything. Throws
  /// std::bad_alloc.
  Buffer grown(size_t capacity, size_t keep) const {
    constexpr size_t kLine = 64, kHuge = 2u << 20;
    Buffer out;
    const size_t align = capacity * sizeof(T) >= kHuge ? kHuge : kLine;
    const size_t bytes = (capacity * sizeof(T) + align - 1) / align * align;
    if (bytes == 0) return out;
    out.owned_ = static_cast<T*>(std::aligned_alloc(align, bytes));
    if (!out.owned_) throw std::bad_alloc();
    base::in_large_pages(std::as_bytes(std::span(out.owned_, bytes / sizeof(T))));  // walks jump about
    if (keep) std::memcpy(static_cast<void*>(out.owned_), data_, keep * sizeof(T));
    out.data_ = out.owned_;
    out.capacity_ = capacity;
    return out;
  }

  bool owns() const { return owned_ != nullptr || capacity_ == 0; }
  size_t capacity() const { return capacity_; }
  const T* data() const { return data_; }
  const T& operator[](size_t i) const { return data_[i]; }
  T* writable() { return owned_; }  // owns() only

 private:
  T* owned_ = nullptr;
  const T* data_ = nullptr;
  size_t capacity_ = 0;
};

}  // namespace hanok::index
