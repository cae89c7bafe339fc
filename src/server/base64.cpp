#include "server/base64.h"

#include <bit>

namespace hanok::server {

static_assert(std::endian::native == std::endian::little, "floats are packed as they lie in memory");

std::string base64_of_floats(std::span<const float> values) {
  return base64({reinterpret_cast<const char*>(values.data()), values.size_bytes()});
}

}  // namespace hanok::server
