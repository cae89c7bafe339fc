#include "store/backup.h"

#include <sqlite3.h>

#include <algorithm>
#include <functional>
#include <system_error>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "hanok/error.h"

namespace hanok::store {
namespace {

namespace fs = std::filesystem;

constexpr const char *kDatabase = "hanok.db", *kJournal = "journal.db", *kManifest = "manifest.json";
constexpr int kFormat = 1;

BackupFile about(const fs::path& folder, const fs::path& file) {
  const base::MappedFile map(file);
  base::Sha256 hash;
  hash.update(map.view());
  return {file.lexically_relative(folder).generic_string(), map.size(), hash.hex()};
}

void copy_durably(const fs::path& from, const fs::path& to) {
  const base::MappedFile map(from);
  fs::create_directories(to.parent_path());
  base::write_file_atomic(to, map.view());
}

/// An SQLite connection that is closed with the object.
class Connection {
 public:
  Connection(const fs::path& file, int flags) : file_(file) {
    check(sqlite3_open_v2(file.c_str(), &handle_, flags, nullptr), "open");
    sqlite3_busy_timeout(handle_, kBusyMs);
  }
  ~Connection() { sqlite3_close(handle_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  sqlite3* get() const { return handle_; }
  void check(int result, const char* what) const {
    if (result == SQLITE_OK || result == SQLITE_DONE) return;
    const int kind = result & 0xFF;
    const Code code = kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB ? Code::Corrupt
                      : kind == SQLITE_FULL                           ? Code::Exhausted
                                                                      : Code::Unavailable;
    throw Error(code, file_.string() + ": cannot " + what + ": " + sqlite3_errmsg(handle_));
  }

 private:
  static constexpr int kBusyMs = 10'000;
  const fs::path file_;
  sqlite3* handle_ = nullptr;
};

void copy_database(const fs::path& from, const fs::path& to) {
  const Connection source(from, SQLITE_OPEN_READONLY), copy(to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  sqlite3_backup* work = sqlite3_backup_init(copy.get(), "main", source.get(), "main");
  if (!work) copy.check(sqlite3_errcode(copy.get()), "begin the copy");
  const int copied = sqlite3_backup_step(work, -1);  // all pages under one read transaction
  sqlite3_backup_finish(work);
  copy.check(copied, "copy the database");
}

// The files below a folder, as far as they are there: others remove and write some meanwhile.
void list_files(const fs::path& folder, std::vector<fs::path>& out) {
  std::error_code error;
  fs::directory_iterator entries(folder, error);
  if (error == std::errc::no_such_file_or_directory) return;
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    std::error_code gone;
    if (entries->is_directory(gone))
      list_files(entries->path(), out);
    else if (entries->is_regular_file(gone))
      out.push_back(entries->path());
  }
  if (error) throw Error(Code::Unavailable, folder.string() + ": cannot be listed: " + error.message());
}

// What lies beside the databases and is no cache: keys, uploaded files, conversations. An uploaded file's FILE.json is
// written after its bytes and removed before them: listed first and copied last, it is never in the copy without them.
std::vector<fs::path> companions(const fs::path& data) {
  std::vector<fs::path> first, out;
  list_files(data / "files", first);
  list_files(data / "files", out);
  const auto describes = [&](const fs::path& file) { return file.parent_path() == data / "files"; };
  std::erase_if(out, describes);
  std::erase_if(first, std::not_fn(describes));
  out.insert(out.end(), first.begin(), first.end());
  std::vector<fs::path> chats;
  list_files(data / "chats", chats);
  for (const auto& chat : chats)
    if (chat.extension() == ".json") out.push_back(chat);  // not their locks
  if (fs::exists(data / "keys.json")) out.push_back(data / "keys.json");
  for (auto& file : out) file = file.lexically_relative(data);  // fs::relative() asks the disk, where it may be gone
  return out;
}

// false: it was removed meanwhile.
bool copied(const fs::path& from, const fs::path& to) {
  try {
    copy_durably(from, to);
    return true;
  } catch (const Error& e) {
    if (e.code() == Code::NotFound && !fs::exists(from)) return false;
    throw;
  }
}

std::vector<BackupFile> read_manifest(const fs::path& from) {
  const fs::path file = from / kManifest;
  if (!fs::exists(file)) throw Error(Code::NotFound, from.string() + ": no backup here (manifest.json is missing)");
  std::vector<BackupFile> out;
  try {
    const base::Json json = base::parse_json(base::read_file(file, 1 << 30), file.string());
    if (json.at("format") != kFormat)
      throw Error(Code::Unsupported,
                  file.string() + ": a backup of format " + std::to_string(kFormat) + " was expected");
    for (const auto& row : json.at("files")) {
      out.push_back({row.at("path"), row.at("bytes"), row.at("sha256")});
      const fs::path path = out.back().path;
      if (path.empty() || path.is_absolute() || path.lexically_normal() != path || path.begin()->string() == "..")
        throw Error(Code::Corrupt, file.string() + ": '" + out.back().path + "' is no path below the backup");
    }
  } catch (const base::Json::exception& e) {
    throw Error(Code::Corrupt, file.string() + ": not as `hanok backup` writes it: " + e.what());
  }
  if (std::none_of(out.begin(), out.end(), [](const BackupFile& f) { return f.path == kDatabase; }))
    throw Error(Code::Corrupt, file.string() + ": names no " + kDatabase);
  return out;
}

}  // namespace

std::vector<BackupFile> backup(const std::filesystem::path& data, const std::filesystem::path& folder) {
  const fs::path to = folder.has_filename() ? folder : folder.parent_path();  // "backup/" is "backup"
  if (!fs::exists(data / kDatabase))
    throw Error(Code::NotFound, data.string() + ": no documents here, nothing to back up");
  if (fs::exists(to)) throw Error(Code::Exists, to.string() + ": is there already; name a new folder");
  const fs::path making = to.string() + ".part";
  fs::remove_all(making);
  fs::create_directories(making);
  std::vector<BackupFile> out;
  for (const char* database : {kDatabase, kJournal}) {
    if (!fs::exists(data / database)) continue;
    copy_database(data / database, making / database);
    out.push_back(about(making, making / database));
  }
  for (const auto& file : companions(data))
    if (copied(data / file, making / file)) out.push_back(about(making, making / file));
  base::OrderedJson rows = base::OrderedJson::array();
  for (const auto& file : out) rows.push_back({{"path", file.path}, {"bytes", file.bytes}, {"sha256", file.sha256}});
  base::write_file_atomic(
      making / kManifest,
      base::dump_json(base::OrderedJson{{"format", kFormat}, {"made", base::iso_time(base::now_ms())}, {"files", rows}},
                      2) +
          "\n");
  fs::rename(making, to);
  base::sync_folder(fs::absolute(to).parent_path());
  return out;
}

std::vector<BackupFile> restore(const std::filesystem::path& from, const std::filesystem::path& data) {
  const auto files = read_manifest(from);
  for (const auto& file : files)
    if (fs::exists(data / file.path))
      throw Error(Code::Exists, (data / file.path).string() + ": is there already; restore into a new folder (--data)");
  for (const auto& file : files) {
    if (!fs::exists(from / file.path)) throw Error(Code::Corrupt, from.string() + ": " + file.path + " is missing");
    const BackupFile found = about(from, from / file.path);
    if (found.bytes != file.bytes || found.sha256 != file.sha256)
      throw Error(Code::Corrupt, from.string() + ": " + file.path + " is not as it was written (its SHA-256 differs)");
  }
  fs::create_directories(data);
  for (const auto& file : files)
    if (file.path != kDatabase) copy_durably(from / file.path, data / file.path);
  copy_durably(from / kDatabase, data / kDatabase);  // last: from now on the folder holds documents
  return files;
}

}  // namespace hanok::store
