#include <cstddef>
#include <cstdint>
#include <string_view>

#include "hanok/error.h"
#include "index/formats/foreign.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hanok::index;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    formats::looks_like_faiss(bytes) ? formats::parse_faiss(bytes, "fuzz")
                                     : formats::parse_hnswlib(bytes, "fuzz", Metric::L2);
  } catch (const hanok::Error&) {
  }
  return 0;
}
