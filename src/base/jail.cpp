#include "base/jail.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

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

struct Closing {
  int fd;
  ~Closing() { ::close(fd); }
};

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
  const fs::path real = path_within(folders, path);
  const int fd = ::open(real.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) throw Error(Code::Unavailable, "cannot open '" + path + "': " + std::strerror(errno));
  const Closing closing{fd};
  const fs::path opened = fs::read_symlink("/proc/self/fd/" + std::to_string(fd));
  const bool inside = std::any_of(folders.begin(), folders.end(), [&](const fs::path& folder) {
    std::error_code none;
    const fs::path root = fs::canonical(folder, none);
    return !none && within(root, opened);
  });
  if (!inside) outside(folders, path);
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

}  // namespace hanok::base
