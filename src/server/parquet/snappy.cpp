#include "server/parquet/snappy.h"

#include "base/byte_reader.h"

namespace hanok::server::parquet {

std::string unpack_snappy(std::string_view packed, size_t size, const std::string& name) {
  base::ByteReader in(packed, name);
  if (const uint64_t said = in.varint("the size"); said != size)
    in.corrupt("a packed page says " + std::to_string(said) + " bytes, its head " + std::to_string(size));
  const auto number = [&](size_t bytes) {
    uint32_t out = 0;
    for (size_t i = 0; i < bytes; ++i) out |= uint32_t{in.read<uint8_t>("a packed page")} << (8 * i);
    return out;
  };
  std::string out;
  out.reserve(size);
  while (in.left() > 0) {
    const auto tag = in.read<uint8_t>("a packed page");
    size_t length = (tag >> 2) + 1, offset = 0;
    switch (tag & 3) {
      case 0:  // bytes as they are; 60 and more: the length stands in one to four bytes behind
        if (length > 60) length = size_t{number(length - 60)} + 1;
        if (length > size - out.size()) in.corrupt("a packed page becomes too long");
        out += in.take(length, "a packed page");
        continue;
      case 1:
        length = ((tag >> 2) & 7) + 4, offset = (size_t{tag} >> 5 << 8) | number(1);
        break;
      case 2:
        offset = number(2);
        break;
      default:
        offset = number(4);
    }
    if (offset == 0 || offset > out.size() || length > size - out.size())
      in.corrupt("a packed page repeats what is not there");
    for (size_t i = 0; i < length; ++i) out += out[out.size() - offset];  // what it repeats may reach into itself
  }
  if (out.size() != size) in.corrupt("a packed page becomes too short");
  return out;
}

}  // namespace hanok::server::parquet
