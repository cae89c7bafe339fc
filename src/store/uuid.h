// Names for collections and databases that no other has.
#pragma once

#include <string>
#include <string_view>

namespace hanok::store {

/// A random one (RFC 9562, version 4), in lower case.
std::string make_uuid();
/// Whether it is written as one: 8-4-4-4-12 hexadecimal digits.
bool is_uuid(std::string_view text);

}  // namespace hanok::store
