// Any bytes as a llama2.c model and as its tokenizer: views inside them, or an Error.
#include <cstdint>

#include "hanok/error.h"
#include "lm/llama2c.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  try {
    for (const auto& tensor : hanok::lm::read_llama2c(bytes, "fuzz").tensors)
      if (tensor.bytes.data() < bytes.data() || tensor.bytes.data() + tensor.bytes.size() > bytes.data() + size)
        __builtin_trap();
  } catch (const hanok::Error&) {
  }
  try {
    (void)hanok::lm::read_llama2c_tokenizer({reinterpret_cast<const char*>(data), size}, 288, "fuzz");
  } catch (const hanok::Error&) {
  }
  return 0;
}
