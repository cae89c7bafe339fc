// gzip (RFC 1952) over zlib.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hanok::server {

std::string gzip(std::string_view bytes);
/// gzip or zlib format. Throws Refusal: 413 where more than `most` bytes come out, 400 where it is damaged or cut off.
std::string gunzip(std::string_view packed, size_t most);

}  // namespace hanok::server
