// Writing protocol buffers: a message is its fields one after another, each a number with its kind, then its value.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/byte_reader.h"

namespace hanok::vision {

class ProtoWriter {
 public:
  ProtoWriter& number(uint32_t field, int64_t value) {
    key(field, 0);
    base::put_varint(bytes_, static_cast<uint64_t>(value));
    return *this;
  }
  ProtoWriter& real(uint32_t field, float value) {
    key(field, 5);
    char raw[sizeof value];
    std::memcpy(raw, &value, sizeof value);
    bytes_.append(raw, sizeof raw);
    return *this;
  }
  /// A text, bytes, or a message that was written.
  ProtoWriter& bytes(uint32_t field, std::string_view value) {
    begin_bytes(field, value.size());
    bytes_ += value;
    return *this;
  }
  ProtoWriter& message(uint32_t field, const ProtoWriter& value) { return bytes(field, value.bytes_); }
  /// The head of a field whose `size` bytes follow from elsewhere.
  ProtoWriter& begin_bytes(uint32_t field, uint64_t size) {
    key(field, 2);
    base::put_varint(bytes_, size);
    return *this;
  }
  const std::string& text() const { return bytes_; }

 private:
  void key(uint32_t field, uint32_t kind) { base::put_varint(bytes_, field << 3 | kind); }
  std::string bytes_;
};

}  // namespace hanok::vision
