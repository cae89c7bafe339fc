#include "base/file.h"

#include "base/atomic_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <utility>

#include "hanok/error.h"

namespace hanok::base {
namespace {

[[noreturn]] void fail(const char* doing, const fs::path& path) {
  const int e = errno;
  const Code code = e == ENOENT || e == ENOTDIR                 ? Code::NotFound
                    : e == ENOSPC || e == EDQUOT || e == ENOMEM ? Code::Exhausted
                                                                : Code::Unavailable;
  throw Error(code, path.string() + ": cannot " + doing + ": " + std::strerror(e));
}

struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

void write_all(int fd, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("write", path);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

// Six letters that no other call has now: of this process by the count, of another by its number and the time.
std::string fresh_suffix() {
  static std::atomic<uint64_t> count{0};
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  uint64_t mixed = (static_cast<uint64_t>(::getpid()) << 40) ^ static_cast<uint64_t>(now.tv_nsec) ^
                   (static_cast<uint64_t>(now.tv_sec) << 30) ^ (count.fetch_add(1) << 20);
  mixed *= 0x9E3779B97F4A7C15u;  // every bit reaches the upper ones
  std::string out;
  for (int i = 0; i < 6; ++i) out += static_cast<char>('a' + (mixed >> (10 * i + 4)) % 26);
  return out;
}

}  // namespace

std::string read_file(const fs::path& path, uint64_t max_bytes) {
  Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0) fail("open", path);
  struct stat info {};
  if (::fstat(file.fd, &info) != 0) fail("stat", path);
  if (S_ISDIR(info.st_mode)) throw Error(Code::Invalid, path.string() + ": is a folder, a file was expected");
  if (static_cast<uint64_t>(info.st_size) > max_bytes)
    throw Error(Code::Exhausted, path.string() + ": has " + std::to_string(info.st_size) + " bytes, the limit is " +
                                     std::to_string(max_bytes));
  std::string out;
  out.reserve(static_cast<size_t>(info.st_size));
  // Read until the end rather than st_size bytes: /proc files say 0, and a growing log may have more by now.
  std::array<char, 1 << 16> buffer;
  for (;;) {
    const ssize_t n = ::read(file.fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("read", path);
    if (n == 0) return out;
    if (out.size() + static_cast<size_t>(n) > max_bytes)
      throw Error(Code::Exhausted, path.string() + ": grew over the limit of " + std::to_string(max_bytes) + " bytes");
    out.append(buffer.data(), static_cast<size_t>(n));
  }
}

std::string read_start(const fs::path& path, size_t most) {
  Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0) fail("open", path);
  std::string out(most, '\0');
  for (size_t done = 0;;) {
    const ssize_t n = ::read(file.fd, out.data() + done, out.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("read", path);
    done += static_cast<size_t>(n);
    if (n == 0 || done == most) return out.substr(0, done);
  }
}

void write_file_atomic(const fs::path& path, std::string_view bytes) { write_file_atomic(path, {&bytes, 1}); }

void write_file_atomic(const fs::path& path, std::span<const std::string_view> pieces) {
  AtomicFile file(path);
  for (const std::string_view piece : pieces) file.append(piece);
  file.commit();
}

// Not mkstemp, whose files only their owner may read: the system gives what the user's umask allows.
AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)) {
  for (int tries = 0; fd_ < 0 && tries < 100; ++tries) {
    name_ = path_.string() + ".tmp-" + fresh_suffix();
    fd_ = ::open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd_ < 0 && errno != EEXIST) break;
  }
  if (fd_ < 0) fail("create", name_);
}

AtomicFile::~AtomicFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(name_.c_str());
}

void AtomicFile::append(std::string_view bytes) {
  write_all(fd_, bytes, name_);
  size_ += bytes.size();
}

void AtomicFile::overwrite(uint64_t at, std::string_view bytes) {
  if (at > size_ || bytes.size() > size_ - at)
    throw Error(Code::Internal, name_ + ": bytes to overwrite at " + std::to_string(at) + " were not written yet");
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("write", name_);
    bytes.remove_prefix(static_cast<size_t>(n));
    at += static_cast<uint64_t>(n);
  }
}

void AtomicFile::commit() {
  if (::fsync(fd_) != 0) fail("sync", name_);
  if (::rename(name_.c_str(), path_.c_str()) != 0) fail("rename to", path_);
  ::close(std::exchange(fd_, -1));
  sync_folder(path_.has_parent_path() ? path_.parent_path() : fs::path("."));
}

void sync_folder(const fs::path& folder) {
  Descriptor file{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (file.fd < 0) fail("open", folder);
  // Some file systems (overlay, FUSE) refuse fsync on a folder; there the rename is as durable as it gets.
  if (::fsync(file.fd) != 0 && errno != EINVAL && errno != ENOTSUP) fail("sync", folder);
}

MappedFile::MappedFile(const fs::path& path) {
  Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0) fail("open", path);
  struct stat info {};
  if (::fstat(file.fd, &info) != 0) fail("stat", path);
  if (!S_ISREG(info.st_mode)) throw Error(Code::Invalid, path.string() + ": is not a regular file, cannot map it");
  size_ = static_cast<size_t>(info.st_size);
  if (size_ == 0) return;
  void* map = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file.fd, 0);
  if (map == MAP_FAILED) fail("map", path);
  data_ = map;
}

MappedFile::~MappedFile() {
  if (data_) ::munmap(const_cast<void*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

void MappedFile::will_need() const {
  if (data_) ::madvise(const_cast<void*>(data_), size_, MADV_WILLNEED);
}

void MappedFile::random_access() const {
  if (data_) ::madvise(const_cast<void*>(data_), size_, MADV_RANDOM);
}

void MappedFile::let_go() const {
  if (size_ > 0) ::madvise(const_cast<void*>(data_), size_, MADV_DONTNEED);
}

FileLock::FileLock(const fs::path& path) {
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd_ < 0) fail("open", path);
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    const int e = errno;
    std::array<char, 32> holder{};
    const ssize_t n = ::pread(fd_, holder.data(), holder.size() - 1, 0);
    ::close(fd_);
    errno = e;
    if (e != EWOULDBLOCK) fail("lock", path);
    throw Error(Code::Unavailable, path.string() + ": another hanok process" +
                                       (n > 0 ? " (" + std::string(holder.data()) + ")" : std::string()) +
                                       " is writing here; wait for it or stop it");
  }
  const std::string pid = std::to_string(::getpid());
  if (::ftruncate(fd_, 0) != 0 || ::pwrite(fd_, pid.data(), pid.size(), 0) < 0) {
    // The number only makes a message friendlier; the lock itself is held.
  }
}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

TempFolder::TempFolder() {
  std::string name = (fs::temp_directory_path() / "hanok-XXXXXX").string();
  if (!::mkdtemp(name.data())) fail("create", name);
  path_ = name;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

namespace {

uint32_t crc32c_tables(std::string_view bytes, uint32_t seed) {
  // Eight tables (slicing by eight), made once; reflected polynomial of Castagnoli 1993.
  static const auto tables = [] {
    std::array<std::array<uint32_t, 256>, 8> t{};
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t c = i;
      for (int k = 0; k < 8; ++k) c = (c >> 1) ^ (c & 1 ? 0x82F63B78u : 0u);
      t[0][i] = c;
    }
    for (uint32_t i = 0; i < 256; ++i)
      for (size_t s = 1; s < 8; ++s) t[s][i] = (t[s - 1][i] >> 8) ^ t[0][t[s - 1][i] & 255];
    return t;
  }();
  uint32_t crc = ~seed;
  const auto* p = reinterpret_cast<const unsigned char*>(bytes.data());
  size_t n = bytes.size();
  for (; n >= 8; n -= 8, p += 8) {
    uint32_t lo, hi;
    std::memcpy(&lo, p, 4);
    std::memcpy(&hi, p + 4, 4);
    lo ^= crc;
    crc = tables[7][lo & 255] ^ tables[6][(lo >> 8) & 255] ^ tables[5][(lo >> 16) & 255] ^ tables[4][lo >> 24] ^
          tables[3][hi & 255] ^ tables[2][(hi >> 8) & 255] ^ tables[1][(hi >> 16) & 255] ^ tables[0][hi >> 24];
  }
  for (; n > 0; --n, ++p) crc = (crc >> 8) ^ tables[0][(crc ^ *p) & 255];
  return ~crc;
}

#if defined(__x86_64__)
// The instruction made for it: 8 bytes in 3 cycles, some five times the tables.
__attribute__((target("sse4.2"))) uint32_t crc32c_sse42(std::string_view bytes, uint32_t seed) {
  uint64_t crc = ~seed;
  const char* p = bytes.data();
  size_t n = bytes.size();
  for (; n >= 8; n -= 8, p += 8) {
    uint64_t word;
    std::memcpy(&word, p, 8);
    crc = __builtin_ia32_crc32di(crc, word);
  }
  auto rest = static_cast<uint32_t>(crc);
  for (; n > 0; --n, ++p) rest = __builtin_ia32_crc32qi(rest, static_cast<unsigned char>(*p));
  return ~rest;
}
#endif

}  // namespace

uint32_t crc32c(std::string_view bytes, uint32_t seed) {
#if defined(__x86_64__)
  static const bool instruction = __builtin_cpu_supports("sse4.2");
  if (instruction) return crc32c_sse42(bytes, seed);
#endif
  return crc32c_tables(bytes, seed);
}

}  // namespace hanok::base
