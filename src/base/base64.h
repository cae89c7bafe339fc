// Base64 (RFC 4648).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hanok::base {

std::string base64(std::string_view bytes);
/// Nothing where it is not base64. Of either alphabet (+/ or -_); missing padding is no fault.
std::optional<std::string> base64_decoded(std::string_view text);

}  // namespace hanok::base
