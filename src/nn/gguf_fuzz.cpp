// Any bytes: read_gguf gives views inside them, or an Error; never more.
#include <cstdint>
#include <span>

#include "hanok/error.h"
#include "nn/gguf.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  try {
    const auto header = hanok::nn::read_gguf(bytes, "fuzz");
    for (const auto& tensor : header.tensors) {
      if (tensor.bytes.data() < bytes.data() || tensor.bytes.data() + tensor.bytes.size() > bytes.data() + size)
        __builtin_trap();
      if (tensor.count() < 1 << 20) (void)hanok::nn::read_floats(tensor);
    }
  } catch (const hanok::Error&) {
  }
  return 0;
}
