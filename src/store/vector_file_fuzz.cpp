// Any bytes as a .vec file: Error(Corrupt), or rows that lie inside them.
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "store/dense_index.h"
#include "store/vector_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hanok::store;
  constexpr size_t kDim = 4;
  // Files are mapped, so their first byte is aligned.
  std::vector<uint64_t> aligned((size + 7) / 8);
  if (size > 0) std::memcpy(aligned.data(), data, size);
  const std::string_view bytes(reinterpret_cast<const char*>(aligned.data()), size);
  for (const bool check_all : {false, true}) {
    try {
      DenseIndex index(kDim);
      index.add(decode_vectors(bytes, kDim, check_all, "fuzz"), nullptr);
      const float query[kDim] = {1, 2, 3, 4};
      index.search(query, 3, nullptr);
    } catch (const hanok::Error& e) {
      if (e.code() != hanok::Code::Corrupt) __builtin_trap();
    }
  }
  return 0;
}
