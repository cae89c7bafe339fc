// Any bytes: read_torch_file gives views inside them or into its own copies, or an Error; never more.
#include <cstdint>
#include <span>

#include "hanok/error.h"
#include "nn/torch_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  try {
    const auto file = hanok::nn::read_torch_file(bytes, "fuzz");
    for (const auto& tensor : file.tensors) {
      if (tensor.bytes.size() != tensor.count() * hanok::nn::bits(tensor.type) / 8) __builtin_trap();
      if (hanok::nn::is_float(tensor.type)) (void)hanok::nn::read_floats(tensor);
    }
  } catch (const hanok::Error&) {
  }
  return 0;
}
