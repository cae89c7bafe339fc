#include "base/jail.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

#include "hanok/error.h"

namespace hanok::base {
namespace {

namespace fs = std::filesystem;

bool within(const fs::path& folder, const fs::path& path) {
  const auto [end, rest] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return end == folder.end() || (end->empty() && std::next(end) == folder.end());
}

[[noreturn]] void outside(std::span<const fs::path> folders, const std::string& path) {
  std::string readable;
  for (const auto& folder : folders) readable += (readable.empty() ? "" : ", ") + folder.string();
  throw Error(Code::Invalid, "'" + path + "' lies in none of the folders that may be read (" +
                                 (readable.empty() ? "there are none" : readable) + ")");
}

class Closing {
 public:
  explicit Closing(int fd) : fd_(fd) {}
  ~Closing() {
    if (fd_ >= 0) ::close(fd_);
  }
  Closing(const Closing&) = delete;
  Closing& operator=(const Closing&) = delete;
  operator int() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

/// Opens what `path` names and looks where it lies then: a part of the path may have become a link meanwhile.
int open_within(std::span<const fs::path> folders, const std::string& path, int flags) {
  const fs::path real = path_within(folders, path);
  Closing fd(::open(real.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | flags));
  if (fd < 0) throw Error(Code::Unavailable, "cannot open '" + path + "': " + std::strerror(errno));
  const fs::path opened = fs::read_symlink("/proc/self/fd/" + std::to_string(fd));
  const bool inside = std::any_of(folders.begin(), folders.end(), [&](const fs::path& folder) {
    std::error_code none;
    const fs::path root = fs::canonical(folder, none);
    return !none && within(root, opened);
  });
  if (!inside) outside(folders, path);
  return fd.release();
}

}  // namespace

fs::path path_within(std::span<const fs::path> folders, const std::string& path) {
  if (folders.empty() || path.find('\0') != path.npos) outside(folders, path);
  std::error_code error;
  const fs::path named = fs::path(path).is_absolute() ? fs::path(path) : folders[0] / path;
  const fs::path real = fs::canonical(named, error);
  // What is not there is told from what may not be seen only inside of the folders.
  const fs::path seen = error ? fs::weakly_canonical(named) : real;
  for (const auto& folder : folders) {
    std::error_code none;
    const fs::path root = fs::canonical(folder, none);
    if (none || !within(root, seen)) continue;
    if (error) throw Error(Code::NotFound, "there is no '" + path + "'");
    return real;
  }
  outside(folders, path);
}

std::string read_file_within(std::span<const fs::path> folders, const std::string& path, uint64_t max_bytes) {
  const Closing fd(open_within(folders, path, O_NONBLOCK));
  struct stat info {};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
    throw Error(Code::Invalid, "'" + path + "' is no regular file");
  if (static_cast<uint64_t>(info.st_size) > max_bytes)
    throw Error(Code::Exhausted, "'" + path + "' has " + std::to_string(info.st_size) + " bytes, at most " +
                                     std::to_string(max_bytes) + " are read");
  std::string out;
  char buffer[1 << 16];
  for (ssize_t n; (n = ::read(fd, buffer, sizeof buffer)) != 0;) {
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw Error(Code::Unavailable, "cannot read '" + path + "': " + std::strerror(errno));
    out.append(buffer, static_cast<size_t>(n));
    if (out.size() > max_bytes) throw Error(Code::Exhausted, "'" + path + "' grows beyond what is read");
  }
  return out;
}

std::vector<Listed> list_folder_within(std::span<const fs::path> folders, const std::string& path) {
  if (!fs::is_directory(path_within(folders, path))) throw Error(Code::Invalid, "'" + path + "' is no folder");
  Closing fd(open_within(folders, path, O_DIRECTORY));
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::fdopendir(fd), ::closedir);
  if (!folder) throw Error(Code::Unavailable, "'" + path + "' cannot be read: " + std::strerror(errno));
  fd.release();  // the folder's now
  std::vector<Listed> out;
  errno = 0;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string name = entry->d_name;
    struct stat info {};
    if (name == "." || name == ".." || ::fstatat(::dirfd(folder.get()), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0)
      continue;
    const auto kind = S_ISREG(info.st_mode)   ? Listed::Kind::File
                      : S_ISDIR(info.st_mode) ? Listed::Kind::Folder
                      : S_ISLNK(info.st_mode) ? Listed::Kind::Link
                                              : Listed::Kind::Other;
    out.push_back({name, kind, kind == Listed::Kind::File ? static_cast<uint64_t>(info.st_size) : 0});
    errno = 0;
  }
  if (errno != 0) throw Error(Code::Unavailable, "'" + path + "' cannot be read: " + std::strerror(errno));
  std::sort(out.begin(), out.end(), [](const Listed& a, const Listed& b) { return a.name < b.name; });
  return out;
}

}  // namespace hanok::base
