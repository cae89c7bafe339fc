// Files that clients upload: FOLDER/ID/NAME, and FOLDER/ID.json beside it with what is known of it. Documents that were
// read from them are known by their paths; FOLDER/places.json lists where FOLDER has been, as a data directory may be
// moved, or restored elsewhere.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "server/http/message.h"

namespace hanok::server {

struct ShelvedFile {
  std::string id, filename, purpose;
  uint64_t bytes = 0;
  int64_t created_at = 0;  // seconds
  std::string key = {};    // the name of the key that uploaded it; empty: keys were off
};

/// "prefix" and 24 hexadecimal digits that nobody guesses.
std::string new_id(std::string_view prefix);

/// Every method may be called from several threads.
class FileShelf {
 public:
  explicit FileShelf(std::filesystem::path folder);
  /// The name is taken without its folders; what a file system would stumble over is replaced.
  ShelvedFile add(std::string_view filename, std::string purpose, std::string_view bytes, std::string key = {});
  std::optional<ShelvedFile> find(std::string_view id) const;
  std::vector<ShelvedFile> list() const;  // newest first
  bool remove(std::string_view id);
  std::filesystem::path path(const ShelvedFile& file) const { return folder_ / file.id / file.filename; }
  /// Where the file is, first, and where it was.
  std::vector<std::filesystem::path> paths(const ShelvedFile& file) const;
  /// The id of the file that a document's path leads to, or led to; nothing for files that are elsewhere.
  std::optional<std::string> id_of(std::string_view document_path) const;

 private:
  void write_places() const;
  const std::filesystem::path folder_;
  std::vector<std::filesystem::path> places_;  // of the folder, absolute: now, first, and before
};

/// A key for some collections alone sees the files that it uploaded: the others may be those of collections it may not
/// read.
bool may_see(const Access& access, const ShelvedFile& file);

base::OrderedJson to_json(const ShelvedFile& file);

}  // namespace hanok::server
