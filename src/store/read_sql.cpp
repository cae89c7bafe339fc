#include "store/read_sql.h"

#include <sqlite3.h>

#include <algorithm>
#include <memory>

#include "base/clock.h"
#include "base/threads.h"
#include "hanok/context.h"
#include "hanok/error.h"

namespace hanok::store {
namespace {

constexpr int kStepsBetweenLooks = 10'000;  // of SQLite's machine, between two looks at the clock
constexpr int kLongestValue = 1 << 20;      // bytes of one value, so that no function fills the memory
constexpr size_t kLongestCell = 4096;       // bytes of a value that are shown

struct Close {
  void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  void operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }
};

struct Clock {
  base::Stopwatch watch;
  double limit = 0;
  bool late() const { return watch.seconds() > limit; }
};

int allow(void*, int deed, const char*, const char* name, const char*, const char*) {
  if (deed == SQLITE_FUNCTION) return name && std::string_view(name) == "load_extension" ? SQLITE_DENY : SQLITE_OK;
  const bool reads = deed == SQLITE_SELECT || deed == SQLITE_READ || deed == SQLITE_RECURSIVE;
  return reads ? SQLITE_OK : SQLITE_DENY;
}

std::string cell(sqlite3_stmt* s, int i) {
  if (sqlite3_column_type(s, i) == SQLITE_NULL) return "NULL";
  if (sqlite3_column_type(s, i) == SQLITE_BLOB) return std::to_string(sqlite3_column_bytes(s, i)) + " bytes";
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(s, i));
  std::string out(text ? text : "", static_cast<size_t>(sqlite3_column_bytes(s, i)));
  if (out.size() > kLongestCell) out = out.substr(0, kLongestCell) + "...";
  return out;
}

}  // namespace

SqlResult read_sql(const std::filesystem::path& file, std::string_view sql, const SqlLimits& limits) {
  if (!std::filesystem::is_regular_file(file)) throw Error(Code::NotFound, file.string() + ": there is no such file");
  sqlite3* opened = nullptr;
  const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
  const int result = sqlite3_open_v2(file.c_str(), &opened, flags, nullptr);
  const std::unique_ptr<sqlite3, Close> db(opened);
  const auto fail = [&](const char* doing) {
    base::check_interrupt();
    throw Error(Code::Invalid, file.string() + ": " + doing + ": " + sqlite3_errmsg(db.get()));
  };
  if (result != SQLITE_OK) fail("cannot be opened");
  Clock clock{.limit = limits.seconds};
  sqlite3_limit(db.get(), SQLITE_LIMIT_LENGTH, kLongestValue);
  sqlite3_set_authorizer(db.get(), allow, nullptr);
  sqlite3_progress_handler(
      db.get(), kStepsBetweenLooks,
      [](void* c) { return static_cast<Clock*>(c)->late() || Context::current().ended() ? 1 : 0; }, &clock);

  sqlite3_stmt* prepared = nullptr;
  const char* rest = nullptr;
  if (sqlite3_prepare_v2(db.get(), sql.data(), static_cast<int>(sql.size()), &prepared, &rest) != SQLITE_OK)
    fail("only one SELECT that reads is allowed");
  const std::unique_ptr<sqlite3_stmt, Close> statement(prepared);
  const std::string_view behind(rest, static_cast<size_t>(sql.data() + sql.size() - rest));
  const bool asks = prepared && sqlite3_stmt_readonly(prepared) && sqlite3_column_count(prepared) > 0;
  if (!asks || behind.find_first_not_of(" \t\r\n;") != behind.npos)
    throw Error(Code::Invalid, file.string() + ": exactly one SELECT was expected");

  SqlResult out;
  const int columns = sqlite3_column_count(prepared);
  for (int i = 0; i < columns; ++i) out.columns.emplace_back(sqlite3_column_name(prepared, i));
  size_t bytes = 0;
  for (;;) {
    const int step = sqlite3_step(prepared);
    if (step == SQLITE_DONE) return out;
    if (step == SQLITE_INTERRUPT && clock.late())
      throw Error(Code::Exhausted,
                  file.string() + ": the question took longer than " + std::to_string(limits.seconds) + " seconds");
    if (step != SQLITE_ROW) fail("cannot be read");
    if (out.rows.size() >= limits.rows || bytes >= limits.bytes) return out.cut = true, out;
    auto& row = out.rows.emplace_back();
    for (int i = 0; i < columns; ++i) bytes += row.emplace_back(cell(prepared, i)).size();
  }
}

}  // namespace hanok::store
