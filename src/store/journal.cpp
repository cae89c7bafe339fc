// journal.db: its format is docs/formats/journal.md.
#include "hanok/journal.h"

#include <algorithm>
#include <atomic>
#include <mutex>

#include "base/background.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/database.h"
#include "store/prefix.h"

namespace hanok::store {
namespace {

constexpr int64_t kApplicationId = 0x686E6F72;  // "hnor"
constexpr int64_t kVersion = 1;

constexpr const char* kTables = R"sql(
CREATE TABLE list(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  items INTEGER NOT NULL,
  changed_ms INTEGER NOT NULL);
CREATE TABLE item(
  list INTEGER NOT NULL,
  number INTEGER NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY(list, number)) WITHOUT ROWID;
CREATE TABLE value(
  key TEXT PRIMARY KEY,
  value BLOB NOT NULL,
  written INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX value_written ON value(written);
)sql";

// SQLite moves its log into the file within the commit that makes it long: a thousand pages and two more waits for the
// disk, which one of some hundred callers would pay for. Here that is done beside them.
constexpr size_t kMoveAfterBytes = 8 << 20;  // written to the log
constexpr size_t kBytesACommit = 3 * 8192;   // pages that a small change writes
constexpr int64_t kLongLogPages = 2048;      // those who wrote beside were so fast that it never began anew

/// As SQL counts; every larger number means all of them.
int64_t counted(uint64_t n) { return static_cast<int64_t>(std::min<uint64_t>(n, INT64_MAX)); }

class SqliteJournal final : public Journal {
 public:
  explicit SqliteJournal(const fs::path& folder) {
    fs::create_directories(folder);
    db_ = std::make_unique<Database>(folder / "journal.db", Database::Mode::Write);
    Transaction change(*db_, Transaction::Kind::Write);
    const int64_t version = db_->number("PRAGMA user_version"), application = db_->number("PRAGMA application_id");
    const std::string file = (folder / "journal.db").string();
    if (version == 0 && db_->number("SELECT count(*) FROM sqlite_schema") == 0) {
      db_->script(kTables);
      db_->script("PRAGMA application_id=" + std::to_string(kApplicationId) +
                  "; PRAGMA user_version=" + std::to_string(kVersion));
    } else if (application != kApplicationId) {
      throw Error(Code::Corrupt, file + ": is a database of another program; move it away");
    } else if (version > kVersion) {
      throw Error(Code::Unsupported, file + ": has version " + std::to_string(version) + ", and this hanok knows " +
                                         std::to_string(kVersion) + "; use a newer one");
    }
    change.commit();
    db_->run("PRAGMA wal_autocheckpoint=0");
  }

  // A process that ends soon has nobody beside it, and others may keep the log from being moved when it closes.
  ~SqliteJournal() override {
    background_.stop();
    std::error_code none;
    const auto bytes = fs::file_size(db_->file().string() + "-wal", none);
    if (!none && bytes > 2 * kMoveAfterBytes) move_log(*db_);
  }

  uint64_t append(std::string_view list, std::span<const std::string> items) override {
    const std::scoped_lock lock(mutex_);
    Transaction change(*db_, Transaction::Kind::Write);
    const int64_t now = base::now_ms(), count = static_cast<int64_t>(items.size());
    db_->run("INSERT INTO list(name, items, changed_ms) VALUES(?1, 0, ?2) ON CONFLICT(name) DO NOTHING", list, now);
    int64_t id = 0, first = 0;
    {
      auto rows = db_->query("SELECT id, items FROM list WHERE name=?1", list);
      rows.next();
      id = rows.integer(0), first = rows.integer(1);
    }
    for (size_t i = 0; i < items.size(); ++i)
      db_->run("INSERT INTO item VALUES(?1, ?2, ?3)", id, first + static_cast<int64_t>(i), Blob{items[i]});
    db_->run("UPDATE list SET items=?2, changed_ms=?3 WHERE id=?1", id, first + count, now);
    change.commit();
    size_t bytes = 0;
    for (const auto& item : items) bytes += item.size();
    wrote(bytes);
    return static_cast<uint64_t>(first);
  }

  std::vector<Item> items(std::string_view list, uint64_t from, size_t most) const override {
    const std::scoped_lock lock(mutex_);
    auto rows = db_->query(
        "SELECT number, value FROM item WHERE list=(SELECT id FROM list WHERE name=?1) AND number>=?2 "
        "ORDER BY number LIMIT ?3",
        list, counted(from), counted(most));
    return read(rows);
  }

  std::vector<Item> last(std::string_view list, size_t most) const override {
    const std::scoped_lock lock(mutex_);
    // One statement: another process may append meanwhile.
    auto rows = db_->query(
        "SELECT number, value FROM item WHERE list=(SELECT id FROM list WHERE name=?1) ORDER BY number DESC LIMIT ?2",
        list, counted(most));
    auto out = read(rows);
    std::reverse(out.begin(), out.end());
    return out;
  }

  uint64_t size(std::string_view list) const override {
    const std::scoped_lock lock(mutex_);
    return static_cast<uint64_t>(db_->number("SELECT items FROM list WHERE name=?1", list));
  }

  bool drop(std::string_view list) override {
    const std::scoped_lock lock(mutex_);
    Transaction change(*db_, Transaction::Kind::Write);
    const std::string below = std::string(list) + "/", end = after_prefix(below);
    db_->run("DELETE FROM item WHERE list=(SELECT id FROM list WHERE name=?1)", list);
    db_->run("DELETE FROM list WHERE name=?1", list);
    const bool had = db_->changes() > 0;
    db_->run("DELETE FROM value WHERE key=?1 OR (key>=?2 AND key<?3)", list, std::string_view(below),
             std::string_view(end));
    change.commit();
    return had;
  }

  std::vector<List> lists(std::string_view prefix) const override {
    const std::scoped_lock lock(mutex_);
    const std::string end = after_prefix(prefix);
    auto rows =
        db_->query("SELECT name, items, changed_ms FROM list WHERE name>=?1 AND (?2='' OR name<?2) ORDER BY name",
                   prefix, std::string_view(end));
    std::vector<List> out;
    while (rows.next()) out.push_back({rows.text(0), static_cast<uint64_t>(rows.integer(1)), rows.integer(2)});
    return out;
  }

  std::optional<std::string> get(std::string_view key) const override {
    const std::scoped_lock lock(mutex_);
    auto rows = db_->query("SELECT value FROM value WHERE key=?1", key);
    if (!rows.next()) return {};
    return rows.text(0);
  }

  void put(std::string_view key, std::string_view value) override {
    const std::scoped_lock lock(mutex_);
    write(key, value);
    wrote(value.size());
  }

  void put_many(std::span<const std::pair<std::string, std::string>> values) override {
    const std::scoped_lock lock(mutex_);
    Transaction change(*db_, Transaction::Kind::Write);
    size_t bytes = 0;
    for (const auto& [key, value] : values) write(key, value), bytes += value.size();
    change.commit();
    wrote(bytes);
  }

  bool put_if(std::string_view key, const std::optional<std::string>& expected, std::string_view value) override {
    const std::scoped_lock lock(mutex_);
    Transaction change(*db_, Transaction::Kind::Write);
    bool same = false;
    {
      auto rows = db_->query("SELECT value FROM value WHERE key=?1", key);
      const bool there = rows.next();
      same = there == expected.has_value() && (!there || rows.bytes(0) == *expected);
    }
    if (!same) return false;
    write(key, value);
    change.commit();
    wrote(value.size());
    return true;
  }

  bool erase(std::string_view key) override {
    const std::scoped_lock lock(mutex_);
    db_->run("DELETE FROM value WHERE key=?1", key);
    return db_->changes() > 0;
  }

  size_t keep_newest(std::string_view prefix, size_t most) override {
    const std::scoped_lock lock(mutex_);
    const std::string end = after_prefix(prefix);
    db_->run(
        "DELETE FROM value WHERE key IN (SELECT key FROM value WHERE key>=?1 AND (?2='' OR key<?2) "
        "ORDER BY written DESC, key LIMIT -1 OFFSET ?3)",
        prefix, std::string_view(end), counted(most));
    return static_cast<size_t>(db_->changes());
  }

  Usage usage(std::string_view prefix) const override {
    const std::scoped_lock lock(mutex_);
    const std::string end = after_prefix(prefix);
    auto rows = db_->query(
        "SELECT count(*), ifnull(sum(length(CAST(key AS BLOB)) + length(value)), 0) FROM value "
        "WHERE key>=?1 AND (?2='' OR key<?2)",
        prefix, std::string_view(end));
    rows.next();
    return {static_cast<uint64_t>(rows.integer(0)), static_cast<uint64_t>(rows.integer(1))};
  }

 private:
  static std::vector<Item> read(Rows& rows) {
    std::vector<Item> out;
    while (rows.next()) out.push_back({static_cast<uint64_t>(rows.integer(0)), rows.text(1)});
    return out;
  }

  // `written` counts writes, so that two of the same millisecond have an order.
  void write(std::string_view key, std::string_view value) {
    db_->run(
        "INSERT INTO value VALUES(?1, ?2, (SELECT ifnull(max(written), 0) + 1 FROM value)) "
        "ON CONFLICT(key) DO UPDATE SET value=excluded.value, written=excluded.written",
        key, Blob{value});
  }

  /// After a commit, mutex_ held: nothing here makes that fail.
  void wrote(size_t bytes) noexcept {
    logged_ += bytes + kBytesACommit;
    if (outrun_.exchange(false)) {
      move_log(*db_);  // what is left is little
      logged_ = 0;
    }
    if (logged_ < kMoveAfterBytes) return;
    try {
      if (logged_ > 2 * kMoveAfterBytes) background_.wait();  // writers are faster than the disk
      const bool begun = background_.start([this](const std::atomic<bool>&) {
        Database beside(db_->file(), Database::Mode::Read);  // which may move a log, and waits for no writer
        if (move_log(beside) > kLongLogPages) outrun_ = true;
      });
      if (begun) logged_ = 0;
    } catch (const std::exception& e) {  // no thread is to be had
      base::log().info("{}: its log stays as it is: {}", db_->file().string(), e.what());
    }
  }

  /// As far as no reader needs it; returns how many pages it has. What is not moved now is moved the next time.
  static int64_t move_log(Database& db) noexcept {
    try {
      auto rows = db.query("PRAGMA wal_checkpoint(PASSIVE)");  // busy, pages in the log, pages moved
      return rows.next() ? rows.integer(1) : 0;
    } catch (const std::exception& e) {
      base::log().info("{}: its log stays as it is: {}", db.file().string(), e.what());
      return 0;
    }
  }

  mutable std::mutex mutex_;  // one connection
  std::unique_ptr<Database> db_;
  size_t logged_ = 0;                // bytes, since the log was moved last
  std::atomic<bool> outrun_{false};  // the next writer has to wait until the log has begun anew
  base::Background background_;
};

}  // namespace

std::shared_ptr<Journal> Journal::open(const std::filesystem::path& folder) {
  return std::make_shared<SqliteJournal>(folder);
}

}  // namespace hanok::store
