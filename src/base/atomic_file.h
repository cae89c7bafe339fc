// A large file written piece by piece that takes its name only when it is whole.
//
//   base::AtomicFile file(path);
//   file.append(std::string(64, '\0'));  // room for a head
//   for (...) file.append(block);
//   file.overwrite(0, head);             // what is only known at the end
//   file.commit();                       // without it nothing is left of the file
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace hanok::base {

/// Writes beside `path`; commit() fsyncs, renames over `path` and fsyncs the folder, so that after a crash the old
/// content or the new is there, never a mixture. Who may read it is what the umask says. Throws Unavailable or
/// Exhausted (disk full).
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();  // removes what was not committed
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void append(std::string_view bytes);
  /// Bytes that were appended before.
  void overwrite(uint64_t at, std::string_view bytes);
  uint64_t size() const { return size_; }
  /// Once, and last.
  void commit();

 private:
  std::filesystem::path path_;
  std::string name_;
  int fd_ = -1;
  uint64_t size_ = 0;
};

}  // namespace hanok::base
