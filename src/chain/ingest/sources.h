// Which files a list of paths means, and which stored documents they speak for.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "hanok/indexing.h"

namespace hanok::chain {

struct SourceFile {
  std::filesystem::path path;  // to open
  std::string key;             // the document's path in the collection: see document_key
  bool named = false;          // given by the user itself, not found in a folder
};

struct Sources {
  std::vector<SourceFile> files;        // sorted by key, each once
  std::vector<std::string> folders;     // keys of folders that were read; what is stored below and not in files is gone
  std::vector<std::string> kept;        // folders that are empty or not there: nothing below them is forgotten
  std::vector<std::string> unreadable;  // folders below that could not be opened: what is stored below stays
  std::set<std::string> unwanted;       // files and folders that rules pass over, links to files that are read anyway
  std::set<std::string> left_out;  // files and folders that this call's globs or exclusions leave out: they stay stored
  std::map<std::string, size_t> skipped;  // files that no loader takes, by suffix in lower case; "" = without one
  std::map<std::string, size_t>
      ignored;  // entries passed over, by reason: IgnoreStack::why_not, or "--exclude", "link"
  std::vector<IngestFailure> failed;
};

struct SourceRules {
  std::span<const std::string> globs;    // only files whose name or path matches one; empty = all that can be loaded
  std::span<const std::string> exclude;  // no file or folder that matches one, as a line of .gitignore does
  text::LoadOptions load;                // what can be loaded
  std::function<bool(const std::filesystem::path&)> takes = {};  // instead: which files of folders are read
};

/// Walks folders. Passed over: what IgnoreStack says, and a link to a file or folder that is read anyway; a link to
/// another folder is followed unless it leads back to a parent.
Sources find_sources(std::span<const std::filesystem::path> paths, const SourceRules& rules = {});

/// What becomes of stored documents that a call does not bring.
struct Forgetting {
  Cleanup cleanup = Cleanup::Incremental;
  bool prune = false;
};

/// Of the documents that are stored (by key), those that the sources' folders no longer hold; with Cleanup::Full also
/// all elsewhere. A folder that has become empty keeps its documents unless prune, with a line in `warnings`, and a
/// call that brings nothing at all keeps everything; so does what this call's globs leave out.
std::vector<std::string> gone_keys(const Sources& sources, std::span<const std::string> stored,
                                   const Forgetting& forgetting, std::vector<std::string>& warnings);

/// When a file was last changed, in milliseconds since 1970; 0 where that cannot be read.
int64_t modified_ms(const std::filesystem::path& path);

/// Absolute, normalised, NFC; bytes that are no UTF-8 as "%E9". A file keeps the letters of its own name where another
/// file has the name that NFC would give it.
std::string document_key(const std::filesystem::path& path);
/// True when `key` lies below `folder`.
bool below(std::string_view key, std::string_view folder);

}  // namespace hanok::chain
