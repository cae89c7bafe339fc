// Snappy's raw format. https://github.com/google/snappy/blob/main/format_description.txt
#pragma once

#include <string>
#include <string_view>

namespace hanok::server::parquet {

/// Throws Corrupt where it is damaged, or does not become `size` bytes. name: for the message.
std::string unpack_snappy(std::string_view packed, size_t size, const std::string& name);

}  // namespace hanok::server::parquet
