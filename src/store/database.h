// SQLite with owners: a connection, its statements, a transaction. Every failure becomes a hanok::Error.
#pragma once

#include <sqlite3.h>

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "hanok/error.h"

namespace hanok::store {

namespace fs = std::filesystem;

/// Marks bytes that are bound as a BLOB rather than as TEXT.
struct Blob {
  std::string_view bytes;
};
template <class T>
Blob blob_of(std::span<const T> values) {
  return {{reinterpret_cast<const char*>(values.data()), values.size_bytes()}};
}

class Database;

/// A running statement. Text and blobs are valid until the next call of next().
class Rows {
 public:
  ~Rows();
  Rows(Rows&& other) noexcept
      : database_(other.database_), sql_(std::move(other.sql_)), statement_(std::exchange(other.statement_, nullptr)) {}
  Rows& operator=(Rows&&) = delete;

  bool next();
  int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  double real(int column) const { return sqlite3_column_double(statement_, column); }
  bool null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  std::string_view bytes(int column) const;  // of TEXT or BLOB
  std::string text(int column) const { return std::string(bytes(column)); }

 private:
  friend class Database;
  Rows(Database& database, std::string sql);
  void bind(int place, std::integral auto value) { check(sqlite3_bind_int64(statement_, place, value)); }
  void bind(int place, double value) { check(sqlite3_bind_double(statement_, place, value)); }
  void bind(int place, std::string_view value);
  void bind(int place, Blob value);
  void bind(int place, std::nullptr_t) { check(sqlite3_bind_null(statement_, place)); }
  void bind(int place, const std::optional<Blob>& value) {
    if (value)
      bind(place, *value);
    else
      bind(place, nullptr);
  }
  void bind(int place, const std::optional<std::string>& value) {
    if (value)
      bind(place, std::string_view(*value));
    else
      bind(place, nullptr);
  }
  void check(int result) const;

  Database& database_;
  std::string sql_;
  sqlite3_stmt* statement_;
};

/// One connection. Used by one thread at a time (see Connections).
class Database {
 public:
  enum class Mode { Write, Read };
  /// Write creates the file where it is missing; Read needs it. WAL, synchronous=FULL, foreign keys, secure_delete.
  Database(const fs::path& file, Mode mode);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Arguments fill ?1, ?2, ... The statement is compiled once for a connection and kept. Bound text and blobs must
  /// outlive the returned rows.
  template <class... Args>
  Rows query(std::string sql, const Args&... args) {
    Rows rows(*this, std::move(sql));
    int place = 0;
    (rows.bind(++place, args), ...);
    return rows;
  }
  /// Runs a statement to its end.
  template <class... Args>
  void run(std::string sql, const Args&... args) {
    Rows rows = query(std::move(sql), args...);
    while (rows.next()) {
    }
  }
  /// The first column of the first row; 0 when there is none.
  template <class... Args>
  int64_t number(std::string sql, const Args&... args) {
    Rows rows = query(std::move(sql), args...);
    return rows.next() ? rows.integer(0) : 0;
  }
  /// Several statements without arguments, not kept.
  void script(const std::string& sql);
  /// Moves the log into the database and empties it. What an open snapshot still reads stays in the log: it is waited
  /// for as long as a search takes, not as long as it may live.
  void checkpoint();
  int64_t last_id() const { return sqlite3_last_insert_rowid(handle_); }
  int64_t changes() const { return sqlite3_changes64(handle_); }
  bool in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }
  const fs::path& file() const { return file_; }

 private:
  friend class Rows;
  void open(int flags, bool immutable);
  [[noreturn]] void fail(int result, std::string_view doing) const;
  sqlite3_stmt* take(const std::string& sql);

  fs::path file_;
  sqlite3* handle_ = nullptr;
  std::unordered_map<std::string, std::vector<sqlite3_stmt*>> idle_;  // by SQL text
};

/// BEGIN ... COMMIT; rolls back when it dies without commit().
class Transaction {
 public:
  enum class Kind { Read, Write };
  Transaction(Database& database, Kind kind);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace hanok::store
