// Which names Chroma allows.
#pragma once

#include <string>
#include <string_view>

namespace hanok::server::chroma {

/// Of collections and databases: 3 to 512 of [a-zA-Z0-9._-], a letter or digit at both ends, no "..", no IP address.
/// Refused with 400 in Chroma's own words.
void check_name(std::string_view name);
/// Of tenants: at least 3 characters.
void check_tenant_name(std::string_view name);
/// Keys of metadata: not empty, and not beginning with # or $, which are Chroma's own.
void check_metadata_key(std::string_view key, const std::string& place);

}  // namespace hanok::server::chroma
