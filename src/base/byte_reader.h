// Reading outside bytes: every read is checked against what is there, so a header cannot cause an over-read or a huge
// allocation.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "hanok/error.h"

namespace hanok::base {

static_assert(std::endian::native == std::endian::little,
              "the formats that are read here are little endian and read in place");

/// Walks over bytes that outlive it. Throws Corrupt: "<name>: <what> needs N bytes at byte P, the file has M".
class ByteReader {
 public:
  ByteReader(std::string_view bytes, std::string name) : bytes_(bytes), name_(std::move(name)) {}

  size_t position() const { return at_; }
  size_t left() const { return bytes_.size() - at_; }
  const std::string& name() const { return name_; }

  std::string_view take(uint64_t n, const char* what) {
    if (n > left())
      corrupt(std::string(what) + " needs " + std::to_string(n) + " bytes at byte " + std::to_string(at_) +
              ", the file has " + std::to_string(bytes_.size()));
    const auto view = bytes_.substr(at_, static_cast<size_t>(n));
    at_ += static_cast<size_t>(n);
    return view;
  }

  template <typename T>
  T read(const char* what) {
    static_assert(std::is_trivially_copyable_v<T>);
    T value;
    std::memcpy(&value, take(sizeof(T), what).data(), sizeof(T));
    return value;
  }

  /// count values of T; the bytes are known to be there before anything is allocated.
  template <typename T>
  std::vector<T> array(uint64_t count, const char* what) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (count > left() / sizeof(T))
      corrupt(std::string(what) + " says " + std::to_string(count) + " values of " + std::to_string(sizeof(T)) +
              " bytes at byte " + std::to_string(at_) + ", the file has " + std::to_string(bytes_.size()));
    std::vector<T> out(static_cast<size_t>(count));
    const auto view = take(count * sizeof(T), what);
    if (!out.empty()) std::memcpy(out.data(), view.data(), view.size());
    return out;
  }

  /// An unsigned number of seven bits a byte, the lowest first; the last byte is below 128.
  uint64_t varint(const char* what) {
    if (at_ < bytes_.size() && static_cast<unsigned char>(bytes_[at_]) < 128)
      return static_cast<unsigned char>(bytes_[at_++]);
    return long_varint(what);
  }

  [[noreturn]] void corrupt(const std::string& why) const { throw Error(Code::Corrupt, name_ + ": " + why); }

 private:
  uint64_t long_varint(const char* what) {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at_ == bytes_.size()) corrupt(std::string(what) + " is cut off");
      const auto byte = static_cast<unsigned char>(bytes_[at_++]);
      value |= static_cast<uint64_t>(byte & 127) << shift;
      if (byte < 128) return value;
    }
    corrupt(std::string(what) + " has more than 64 bits");
  }

  std::string_view bytes_;
  std::string name_;
  size_t at_ = 0;
};

inline void put_varint(std::string& out, uint64_t value) {
  for (; value >= 128; value >>= 7) out += static_cast<char>(value | 128);
  out += static_cast<char>(value);
}

/// The mirror image: bytes in the order in which they are put.
class ByteWriter {
 public:
  template <typename T>
  void put(T value) {
    static_assert(std::is_trivially_copyable_v<T>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  template <typename T>
  void put_array(std::span<const T> values) {
    static_assert(std::is_trivially_copyable_v<T>);
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  }
  void put_varint(uint64_t value) { base::put_varint(bytes_, value); }
  void put_text(std::string_view text) { bytes_.append(text); }
  size_t size() const { return bytes_.size(); }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

}  // namespace hanok::base
