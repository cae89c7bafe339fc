#include "store/database.h"

#include <unistd.h>

#include "base/log.h"

namespace hanok::store {
namespace {

constexpr int kCheckpointWaitMs = 200;
constexpr int kBusyTimeoutMs = 10'000;          // a checkpoint of another process may hold the file for this long
constexpr const char* kCacheKiB = "-8192";      // page cache of a connection; the system's own cache does the rest
constexpr sqlite3_int64 kAllCaches = 24 << 20;  // bytes of all connections of the process together

Code code_of(int result) {
  switch (result & 0xff) {
    case SQLITE_FULL:
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
      return Code::Exhausted;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Code::Corrupt;
    case SQLITE_INTERRUPT:
      return Code::Cancelled;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
      return Code::Unavailable;
    default:
      return Code::Internal;
  }
}

std::string_view remedy(int result) {
  switch (result & 0xff) {
    case SQLITE_FULL:
      return "; the disk is full: what was saved before is kept, free some space and try again";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return "; the database is damaged or not ours: restore a backup or an export, or move the file away and ingest "
             "again";
    case SQLITE_IOERR:
      return "; what was saved before is kept: check the disk (dmesg) and try again";
    case SQLITE_BUSY:
      return "; another process holds the database: try again";
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return "; check that the folder exists and is writable";
    default:
      return "";
  }
}

bool wal_has_content(const fs::path& file) {
  std::error_code none;
  const auto size = fs::file_size(file.string() + "-wal", none);
  return !none && size > 0;
}

std::string uri_of(const fs::path& file) {
  std::string out = "file:";
  constexpr char kHex[] = "0123456789ABCDEF";
  for (const unsigned char c : file.string()) {
    if (c == '?' || c == '#' || c == '%')
      out += {'%', kHex[c >> 4], kHex[c & 15]};
    else
      out += static_cast<char>(c);
  }
  return out + "?immutable=1";
}

}  // namespace

Rows::Rows(Database& database, std::string sql)
    : database_(database), sql_(std::move(sql)), statement_(database.take(sql_)) {}

Rows::~Rows() {
  if (!statement_) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
  database_.idle_[std::move(sql_)].push_back(statement_);
}

void Rows::check(int result) const {
  if (result != SQLITE_OK) database_.fail(result, sql_);
}

void Rows::bind(int place, std::string_view value) {
  // An empty view may have no address, which SQLite would take for NULL.
  check(sqlite3_bind_text64(statement_, place, value.data() ? value.data() : "", value.size(), SQLITE_STATIC,
                            SQLITE_UTF8));
}

void Rows::bind(int place, Blob value) {
  const auto& bytes = value.bytes;
  check(sqlite3_bind_blob64(statement_, place, bytes.data() ? bytes.data() : "", bytes.size(), SQLITE_STATIC));
}

bool Rows::next() {
  const int result = sqlite3_step(statement_);
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  database_.fail(result, sql_);
}

std::string_view Rows::bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  return {static_cast<const char*>(data), static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

Database::Database(const fs::path& file, Mode mode) : file_(file) {
  // Beyond it a cache takes its own oldest page for a new one.
  sqlite3_soft_heap_limit64(kAllCaches);
  try {
    if (mode == Mode::Write) {
      open(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, false);
      // Before the first table is made; without effect later.
      script("PRAGMA page_size=8192; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL");
    } else {
      // Readers of a WAL need to write its -shm file; where the folder is read-only the file cannot change under us.
      const bool frozen = ::access(file.parent_path().c_str(), W_OK) != 0 && !wal_has_content(file);
      open(frozen ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE, frozen);
      script("PRAGMA query_only=1");
    }
    script(std::string("PRAGMA synchronous=FULL; PRAGMA foreign_keys=1; PRAGMA secure_delete=1; PRAGMA "
                       "temp_store=MEMORY; PRAGMA journal_size_limit=67108864; "
                       "PRAGMA cache_size=") +
           kCacheKiB);
  } catch (...) {
    sqlite3_close_v2(handle_);
    throw;
  }
}

void Database::open(int flags, bool immutable) {
  const std::string name = immutable ? uri_of(file_) : file_.string();
  const int all = flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | (immutable ? SQLITE_OPEN_URI : 0);
  const int result = sqlite3_open_v2(name.c_str(), &handle_, all, nullptr);
  if (result != SQLITE_OK) fail(result, "open");
  sqlite3_busy_timeout(handle_, kBusyTimeoutMs);
}

Database::~Database() {
  for (const auto& [sql, statements] : idle_)
    for (sqlite3_stmt* s : statements) sqlite3_finalize(s);
  sqlite3_close_v2(handle_);
}

void Database::fail(int result, std::string_view doing) const {
  const std::string reason = handle_ ? sqlite3_errmsg(handle_) : sqlite3_errstr(result);
  throw Error(code_of(result), file_.string() + ": " + reason + " (SQLite " + std::to_string(result) +
                                   ", while: " + std::string(doing.substr(0, 120)) + ")" + std::string(remedy(result)));
}

sqlite3_stmt* Database::take(const std::string& sql) {
  auto& idle = idle_[sql];
  if (!idle.empty()) {
    sqlite3_stmt* statement = idle.back();
    idle.pop_back();
    return statement;
  }
  sqlite3_stmt* statement = nullptr;
  const int result = sqlite3_prepare_v3(handle_, sql.c_str(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                        &statement, nullptr);
  // Every statement fits our tables: where one does not, what says how they are is damaged, or the file is another's.
  if (result != SQLITE_OK) fail(result == SQLITE_ERROR ? SQLITE_CORRUPT : result, sql);
  return statement;
}

void Database::script(const std::string& sql) {
  const int result = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) fail(result, sql);
}

void Database::checkpoint() {
  sqlite3_busy_timeout(handle_, kCheckpointWaitMs);
  try {
    run("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch (...) {
    sqlite3_busy_timeout(handle_, kBusyTimeoutMs);
    throw;
  }
  sqlite3_busy_timeout(handle_, kBusyTimeoutMs);
}

Transaction::Transaction(Database& database, Kind kind) : database_(database) {
  database.run(kind == Kind::Write ? "BEGIN IMMEDIATE" : "BEGIN");
}

Transaction::~Transaction() {
  if (!open_ || !database_.in_transaction()) return;  // SQLite rolls back by itself after some errors
  try {
    database_.run("ROLLBACK");
  } catch (const Error& e) {
    base::log().error("rollback failed: {}", e.what());
  }
}

void Transaction::commit() {
  database_.run("COMMIT");
  open_ = false;
}

}  // namespace hanok::store
