// Any bytes as a Parquet file: Error(Corrupt or Unsupported), or rows.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "hanok/error.h"
#include "server/parquet/parquet.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hanok::server::parquet;
  constexpr uint64_t kRows = 2000;  // what a small file says may be millions of nulls
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const File file(
        [bytes](uint64_t at, size_t n) { return at < bytes.size() ? std::string(bytes.substr(at, n)) : ""; }, size,
        "fuzz");
    for (size_t group = 0; group < std::min<size_t>(file.groups().size(), 4); ++group)
      for (size_t leaf = 0; leaf < std::min<size_t>(file.leaves().size(), 8); ++leaf) {
        ColumnReader column(file, group, leaf);
        Cell cell;
        for (uint64_t row = 0; row < std::min(file.groups()[group].rows, kRows); ++row) column.next(cell);
      }
  } catch (const hanok::Error& error) {
    if (error.code() != hanok::Code::Corrupt && error.code() != hanok::Code::Unsupported) __builtin_trap();
  }
  return 0;
}
