// Vectors as they travel in base64.
#pragma once

#include <span>
#include <string>

#include "base/base64.h"

namespace hanok::server {

using base::base64;
using base::base64_decoded;
/// Little-endian float32, as the SDKs pack vectors.
std::string base64_of_floats(std::span<const float> values);

}  // namespace hanok::server
