// First byte: the format; the rest: the file.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "hanok/error.h"
#include "index/formats/vectors_io.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hanok::index::formats;
  static constexpr const char* kFormats[] = {"npy", "fvecs", "bvecs", "ivecs", "fbin", "u8bin", "i8bin", "ibin", "idx"};
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    parse_vectors(bytes, kFormats[data[0] % std::size(kFormats)], "fuzz", 1000);
  } catch (const hanok::Error&) {
  }
  return 0;
}
