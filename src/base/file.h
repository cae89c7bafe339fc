// Files: whole-file reads, memory maps, and writes that survive a crash.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace hanok::base {

namespace fs = std::filesystem;

/// The whole file as bytes. Throws NotFound, Unavailable (no permission, I/O error) or Exhausted (larger than
/// max_bytes).
std::string read_file(const fs::path& path, uint64_t max_bytes = UINT64_MAX);

/// The first bytes of a file, at most `most`. Throws as read_file does.
std::string read_start(const fs::path& path, size_t most);

/// Writes `bytes` to a temporary file beside `path`, fsyncs it, renames it over `path` and fsyncs the folder:
/// after a crash the old content or the new is there, never a mixture. Who may read it is what the umask says. Throws
/// Unavailable or Exhausted (disk full).
void write_file_atomic(const fs::path& path, std::string_view bytes);
/// The same for pieces that follow each other, so that a large file need not be put together in memory first.
void write_file_atomic(const fs::path& path, std::span<const std::string_view> pieces);

/// Makes a rename or unlink inside `folder` durable.
void sync_folder(const fs::path& folder);

/// A file mapped read-only. The view is valid while the object lives. An empty file maps to an empty span.
/// A file that another process truncates while it is mapped faults (SIGBUS): map only files that are replaced by
/// rename.
class MappedFile {
 public:
  MappedFile() = default;
  explicit MappedFile(const fs::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;

  std::span<const std::byte> bytes() const { return {static_cast<const std::byte*>(data_), size_}; }
  std::string_view view() const { return {static_cast<const char*>(data_), size_}; }
  size_t size() const { return size_; }
  /// Tells the kernel that the whole map will be read soon, or that reads are random.
  void will_need() const;
  void random_access() const;
  /// Gives the pages back: they are read from the file again when they are touched.
  void let_go() const;

 private:
  const void* data_ = nullptr;
  size_t size_ = 0;
};

/// An exclusive advisory lock on a file (flock), released when the object dies or the process ends.
class FileLock {
 public:
  /// Throws Unavailable, naming the holder's process id, when another process holds it.
  explicit FileLock(const fs::path& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int fd_ = -1;
};

/// A folder in the system's temporary place that is removed with the object.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// CRC-32C (Castagnoli), as used by SSE4.2 and iSCSI. `seed` is the CRC of the bytes before.
uint32_t crc32c(std::string_view bytes, uint32_t seed = 0);

}  // namespace hanok::base
