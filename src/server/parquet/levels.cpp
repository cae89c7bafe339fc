#include "server/parquet/levels.h"

#include <algorithm>

#include "base/byte_reader.h"

namespace hanok::server::parquet {

std::vector<uint32_t> read_levels(std::string_view bytes, int bits, size_t count, const std::string& name) {
  base::ByteReader in(bytes, name);
  if (bits > 32) in.corrupt("numbers of " + std::to_string(bits) + " bits");
  std::vector<uint32_t> out;
  if (bits == 0) return std::vector<uint32_t>(count);
  while (out.size() < count) {
    const uint64_t head = in.varint("a run");
    if (head & 1) {  // groups of eight, the lowest bits first
      const auto packed = in.take(std::min<uint64_t>((head >> 1) * static_cast<uint64_t>(bits), in.left()), "a run");
      const size_t there = std::min(count - out.size(), packed.size() * 8 / static_cast<size_t>(bits));
      if (there == 0) in.corrupt("an empty run of numbers");
      uint64_t window = 0;
      int have = 0;
      size_t at = 0;
      for (size_t i = 0; i < there; ++i) {
        for (; have < bits; have += 8) window |= uint64_t{static_cast<unsigned char>(packed[at++])} << have;
        out.push_back(static_cast<uint32_t>(window & ((uint64_t{1} << bits) - 1)));
        window >>= bits, have -= bits;
      }
      continue;
    }
    uint32_t value = 0;
    for (int byte = 0; byte < (bits + 7) / 8; ++byte) value |= uint32_t{in.read<uint8_t>("a run")} << (8 * byte);
    const uint64_t run = std::min<uint64_t>(head >> 1, count - out.size());
    if (run == 0) in.corrupt("an empty run of numbers");
    out.insert(out.end(), static_cast<size_t>(run), value);
  }
  return out;
}

}  // namespace hanok::server::parquet
