// Packed files: gzip, xz, and the parts of a tar.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace hanok::vision {

/// What a gzip file (all of its members) or an xz file holds. Throws Corrupt, naming `what`, for damage; Exhausted
/// where more than `most` bytes come out.
std::string gunzip(std::string_view packed, const std::string& what, uint64_t most);
std::string unxz(std::string_view packed, const std::string& what, uint64_t most);

/// FOLDER/NAME, or NAME.gz or NAME.xz unpacked: the first that is there. Nothing where none is. `path` gets its path.
std::optional<std::string> read_packed(const std::filesystem::path& folder, const std::string& name, uint64_t most,
                                       std::filesystem::path* path = nullptr);

/// The bytes of the file in a tar (ustar) whose path ends in `name`; nothing where there is none. Throws Corrupt.
std::optional<std::string_view> find_in_tar(std::string_view tar, std::string_view name, const std::string& what);

}  // namespace hanok::vision
