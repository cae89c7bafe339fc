// The heads of our own files: a plain struct that begins with `magic`, eight bytes, and ends with `header_crc`, the
// CRC-32C of all of it before; where it also has a `body_crc`, that is of every byte after the head.
//
//   struct Header { char magic[8]; uint32_t version, body_crc; uint64_t rows; uint32_t reserved, header_crc; };
//   base::seal(header, body);                                             // write header, then body
//   const auto header = base::unseal<Header>(bytes, kMagic, corrupt);     // corrupt(why) throws
//   base::check_body(header, bytes, corrupt);
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/file.h"

namespace hanok::base {

template <typename Header>
uint32_t header_crc(const Header& header) {
  static_assert(std::is_trivially_copyable_v<Header> && offsetof(Header, magic) == 0 && sizeof(header.magic) == 8);
  static_assert(offsetof(Header, header_crc) == sizeof(Header) - sizeof(uint32_t), "the CRC is the last of a head");
  return crc32c({reinterpret_cast<const char*>(&header), offsetof(Header, header_crc)});
}

template <typename Header>
void seal(Header& header) {
  header.header_crc = header_crc(header);
}

template <typename Header>
void seal(Header& header, std::string_view body) {
  header.body_crc = crc32c(body);
  seal(header);
}

/// The head of these bytes; what it says of the rest is not checked here. `corrupt(why)` must throw.
template <typename Header, typename Corrupt>
Header unseal(std::string_view bytes, std::string_view magic, const Corrupt& corrupt) {
  Header header;
  if (bytes.size() < sizeof(header))
    corrupt("it has " + std::to_string(bytes.size()) + " bytes, its header alone has " +
            std::to_string(sizeof(header)));
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (std::memcmp(&header, magic.data(), sizeof(header.magic)) != 0)
    corrupt("it does not begin with '" + std::string(magic.substr(0, magic.find('\n'))) + "'");
  if (header.header_crc != header_crc(header)) corrupt("the checksum of its header is wrong");
  return header;
}

template <typename Header, typename Corrupt>
void check_body(const Header& header, std::string_view bytes, const Corrupt& corrupt) {
  if (header.body_crc != crc32c(bytes.substr(sizeof(Header)))) corrupt("its checksum is wrong");
}

}  // namespace hanok::base
