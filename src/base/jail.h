// Files that must lie within given folders, whatever a path, ".." or a link says.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace hanok::base {

/// The file or folder that `path` names, relative ones below the first folder; no part of it needs to be plain. Throws
/// NotFound where there is none, Invalid where it lies in none of the folders, NUL bytes too.
std::filesystem::path path_within(std::span<const std::filesystem::path> folders, const std::string& path);

/// The bytes of a regular file within the folders. What was opened is what is checked, so that a link that changes
/// meanwhile leads nowhere else. Throws as path_within does, Exhausted beyond max_bytes.
std::string read_file_within(std::span<const std::filesystem::path> folders, const std::string& path,
                             uint64_t max_bytes);

struct Listed {
  std::string name;
  enum class Kind { File, Folder, Link, Other } kind = Kind::Other;
  uint64_t bytes = 0;  // of a file
};
/// What a folder within the folders holds, by name; links are named and not followed. What was opened is what is
/// checked and listed. Throws as path_within does, Invalid for what is no folder.
std::vector<Listed> list_folder_within(std::span<const std::filesystem::path> folders, const std::string& path);

}  // namespace hanok::base
