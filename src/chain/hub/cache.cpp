#include "chain/hub/cache.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/file.h"

namespace hanok::chain::hub {
namespace {

constexpr uint64_t kMaxRecordBytes = 16ull << 20;
constexpr size_t kReadBytes = 1 << 20;

bool name_character(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.'; }

bool good_part(std::string_view part) {
  return !part.empty() && part.size() <= 96 && part.front() != '.' && part.front() != '-' &&
         part.find("..") == std::string_view::npos && part.find("--") == std::string_view::npos &&
         std::all_of(part.begin(), part.end(), name_character);
}

[[noreturn]] void fail(const std::string& what, const fs::path& path) {
  const int error = errno;
  throw Error(error == ENOSPC || error == EDQUOT ? Code::Exhausted : Code::Unavailable,
              what + " " + path.string() + ": " + std::strerror(error));
}

void make_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw Error(Code::Unavailable, "making the folder " + path.string() + ": " + error.message());
}

/// A link to `target` at `path`, put there by rename: never missing, never half.
void link_atomic(const fs::path& target, const fs::path& path) {
  const fs::path temporary = path.string() + ".new" + std::to_string(::getpid());
  std::error_code error;
  fs::remove(temporary, error);
  fs::create_symlink(target, temporary, error);
  if (!error) fs::rename(temporary, path, error);
  if (error) throw Error(Code::Unavailable, "linking " + path.string() + ": " + error.message());
}

}  // namespace

void check_name(std::string_view name) {
  const size_t slash = name.find('/');
  const bool good = slash == std::string_view::npos
                        ? good_part(name)
                        : good_part(name.substr(0, slash)) && good_part(name.substr(slash + 1));
  if (!good)
    throw Error(Code::Invalid, "\"" + std::string(name.substr(0, 100)) +
                                   "\" is no model's name; expected ORG/NAME, for example " +
                                   std::string(kDefaultModel));
}

bool safe_file_name(std::string_view name) {
  if (name.empty() || name.size() > 512 || name.front() == '/') return false;
  for (size_t at = 0; at <= name.size();) {
    const size_t end = std::min(name.find('/', at), name.size());
    const auto part = name.substr(at, end - at);
    if (part.empty() || part == "." || part == "..") return false;
    for (const char c : part)
      if (static_cast<unsigned char>(c) < 32 || c == '\\' || c == 127) return false;
    at = end + 1;
  }
  return true;
}

fs::path model_folder(const Settings& settings, std::string_view name) {
  check_name(name);
  std::string folder = "models--" + std::string(name);
  if (const size_t slash = folder.find('/'); slash != std::string::npos) folder.replace(slash, 1, "--");
  return settings.cache / folder;
}

BlobWriter::BlobWriter(fs::path path, bool append) : path_(std::move(path)) {
  fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | (append ? 0 : O_TRUNC), 0644);
  if (fd_ < 0) fail("opening", path_);
  std::string buffer(append ? kReadBytes : 0, '\0');
  for (ssize_t n; append && (n = ::read(fd_, buffer.data(), buffer.size())) != 0;) {
    if (n < 0) fail("reading", path_);
    sha_.update(std::string_view(buffer).substr(0, static_cast<size_t>(n)));
    size_ += static_cast<uint64_t>(n);
  }
}

BlobWriter::~BlobWriter() {
  if (fd_ >= 0) ::close(fd_);
}

void BlobWriter::write(std::string_view bytes) {
  sha_.update(bytes);
  size_ += bytes.size();
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail("writing", path_);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

std::string BlobWriter::finish() {
  if (::fsync(fd_) != 0) fail("syncing", path_);
  ::close(fd_);
  fd_ = -1;
  return sha_.hex();
}

Snapshot::Snapshot(const Settings& settings, std::string name)
    : settings_(settings), name_(std::move(name)), folder_(model_folder(settings, name_)) {
  make_folder(blobs());
  make_folder(folder_ / "refs");
}

fs::path Snapshot::temporary() const {
  return blobs() / ("hanok-" + std::to_string(::getpid()) + "-" + std::to_string(files_.size()) + ".incomplete");
}

void Snapshot::add_bytes(const std::string& file, std::string_view bytes) {
  const auto path = temporary();
  BlobWriter writer(path, false);
  writer.write(bytes);
  add_file(file, path, writer.finish());
}

void Snapshot::add_file(const std::string& file, const fs::path& path, const std::string& sha256) {
  fs::rename(path, blobs() / sha256);
  add_blob(file, sha256, sha256);
}

void Snapshot::add_blob(const std::string& file, const std::string& blob, const std::string& sha256) {
  if (!safe_file_name(file))
    throw Error(Code::Invalid, "\"" + file.substr(0, 100) + "\" is no name for a model's file");
  files_[file] = {blob, sha256, fs::file_size(blobs() / blob)};
}

Model Snapshot::commit(std::string revision, const std::string& ref, const std::string& origin) {
  if (revision.empty()) {
    std::string all;
    for (const auto& [file, entry] : files_) all += file + " " + entry.sha256 + "\n";
    revision = base::sha256_hex(all).substr(0, 40);
  }
  const fs::path snapshot = folder_ / "snapshots" / revision;
  base::Json record = read_record(folder_);
  // What was fetched before of the same revision (another quantisation) stays.
  base::Json files = base::Json::object();
  if (const auto before = record.find(revision); before != record.end() && before->is_object())
    if (const auto those = before->find("files"); those != before->end() && those->is_object()) files = *those;
  for (const auto& [file, entry] : files_) {
    const fs::path link = snapshot / file;
    make_folder(link.parent_path());
    fs::path up = "../..";
    for (const char c : file)
      if (c == '/') up /= "..";
    link_atomic(up / "blobs" / entry.blob, link);
    files[file] = {{"bytes", entry.bytes}, {"sha256", entry.sha256}};
  }
  record[revision] = {{"origin", origin}, {"files", files}};
  base::write_file_atomic(folder_ / "hanok.json", base::dump_json(record, 1));
  base::sync_folder(snapshot);
  base::sync_folder(blobs());
  base::write_file_atomic(folder_ / "refs" / ref, revision);
  return *find_model(settings_, name_);
}

base::Json read_record(const fs::path& folder) {
  const fs::path file = folder / "hanok.json";
  if (!fs::exists(file)) return base::Json::object();
  auto record = base::parse_json(base::read_file(file, kMaxRecordBytes), file.string());
  return record.is_object() ? record : base::Json::object();
}

}  // namespace hanok::chain::hub
