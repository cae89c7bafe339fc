// Where the files of a zip lie that are stored as they are: what torch.save writes, read in place.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace hanok::nn {

/// Name -> bytes, views into `file`. Throws Corrupt where the directory or an entry does not fit the file, Unsupported
/// for packed or encrypted entries.
std::map<std::string, std::string_view> zip_entries(std::string_view file, const std::string& what);

}  // namespace hanok::nn
