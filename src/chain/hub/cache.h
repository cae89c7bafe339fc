// The cache's layout: models--ORG--NAME/{refs/main, blobs/HASH, snapshots/REVISION/FILE -> ../../blobs/HASH}.
#pragma once

#include <map>

#include "base/hash.h"
#include "base/json.h"
#include "chain/hub/hub.h"

namespace hanok::chain::hub {

/// Throws Invalid for what is no "NAME" or "ORG/NAME" of letters, digits, '.', '_' and '-'.
void check_name(std::string_view name);
/// True for a relative path without "..", empty parts, backslashes or control characters: safe inside a snapshot.
bool safe_file_name(std::string_view name);
fs::path model_folder(const Settings& settings, std::string_view name);

/// A file written piece by piece under a temporary name; finish() makes it durable.
class BlobWriter {
 public:
  /// Opens `path`, new or (append) behind what is there; what is there is read to go on with the checksum.
  BlobWriter(fs::path path, bool append);
  ~BlobWriter();
  BlobWriter(const BlobWriter&) = delete;
  BlobWriter& operator=(const BlobWriter&) = delete;
  void write(std::string_view bytes);  // throws Exhausted when the disk is full
  uint64_t size() const { return size_; }
  /// Syncs and closes; returns the SHA-256.
  std::string finish();

 private:
  fs::path path_;
  int fd_ = -1;
  uint64_t size_ = 0;
  base::Sha256 sha_;
};

/// Collects the files of one snapshot; nothing of it is seen before commit().
class Snapshot {
 public:
  Snapshot(const Settings& settings, std::string name);
  fs::path blobs() const { return folder_ / "blobs"; }
  /// A temporary name among the blobs, different for each process.
  fs::path temporary() const;
  /// Writes a small file.
  void add_bytes(const std::string& file, std::string_view bytes);
  /// Takes a finished file at `path` (renamed to its checksum).
  void add_file(const std::string& file, const fs::path& path, const std::string& sha256);
  /// Names a blob that is there. sha256 may be empty where it is not known.
  void add_blob(const std::string& file, const std::string& blob, const std::string& sha256);
  /// Links everything, records it and points refs/REF at it. revision empty: one made from the files' checksums.
  Model commit(std::string revision, const std::string& ref, const std::string& origin);

 private:
  struct Entry {
    std::string blob, sha256;
    uint64_t bytes = 0;
  };
  Settings settings_;
  std::string name_;
  fs::path folder_;
  std::map<std::string, Entry> files_;
};

/// models--X/hanok.json: what hanok brought, by revision: {"REV": {"origin": ..., "files": {name:
/// {"sha256","bytes"}}}}.
base::Json read_record(const fs::path& model_folder);

}  // namespace hanok::chain::hub
