// Which files a list of paths means, and which stored documents they speak for.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "hanok/chain.h"

namespace hanok::chain {

struct SourceFile {
  std::filesystem::path path;  // to open
  std::string key;             // absolute, normalised, NFC: the document's path in the collection
  bool named = false;          // given by the user itself, not found in a folder
};

struct Sources {
  std::vector<SourceFile> files;        // sorted by key, each once
  std::vector<std::string> folders;     // keys of folders that were read; what is stored below and not in files is gone
  std::vector<std::string> kept;        // folders that are empty or not there: nothing below them is forgotten
  std::vector<std::string> unreadable;  // folders below that could not be opened: what is stored below stays
  std::vector<IngestFailure> failed;
};

/// Walks folders. Hidden entries are passed over; a link to a folder is followed unless it leads back to a parent.
Sources find_sources(std::span<const std::filesystem::path> paths, std::span<const std::string> globs,
                     const text::LoadOptions& load = {});
std::string document_key(const std::filesystem::path& path);
/// True when `key` lies below `folder`.
bool below(std::string_view key, std::string_view folder);

}  // namespace hanok::chain
