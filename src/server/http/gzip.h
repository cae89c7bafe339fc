// gzip (RFC 1952) over zlib.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace hanok::server {

std::string gzip(std::string_view bytes);
/// gzip (of one or several members) or zlib format. Throws Refusal: 413 where more than `most` bytes come out, 400
/// where it is damaged or cut off. grown: told of the bytes as they come out, so that it may throw where they are too
/// many.
std::string gunzip(std::string_view packed, size_t most, const std::function<void(size_t)>& grown = {});

}  // namespace hanok::server
