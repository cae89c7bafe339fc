// Base64 (RFC 4648), as vectors travel in it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace hanok::server {

std::string base64(std::string_view bytes);
/// Nothing where it is not base64. Of either alphabet (+/ or -_); missing padding is no fault.
std::optional<std::string> base64_decoded(std::string_view text);
/// Little-endian float32, as the SDKs pack vectors.
std::string base64_of_floats(std::span<const float> values);

}  // namespace hanok::server
