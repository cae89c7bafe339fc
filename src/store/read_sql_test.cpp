#include "store/read_sql.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "hanok/error.h"
#include "store/database.h"

namespace hanok::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ReadSql : public testing::Test {
 protected:
  ReadSql() : file_(folder_.path() / "shop.db") {
    Database db(file_, Database::Mode::Write);
    db.script("CREATE TABLE room(name TEXT, price INT); INSERT INTO room VALUES('Moon', 140000), ('Sun', NULL)");
  }
  std::string refused(const std::string& sql, const SqlLimits& limits = {}) const {
    try {
      read_sql(file_, sql, limits);
    } catch (const Error& e) {
      return std::string(code_name(e.code())) + ": " + e.what();
    }
    return "done";
  }
  base::TempFolder folder_;
  fs::path file_;
};

TEST_F(ReadSql, Rows) {
  const auto r = read_sql(file_, "SELECT name, price FROM room ORDER BY name; ");
  EXPECT_THAT(r.columns, ElementsAre("name", "price"));
  EXPECT_THAT(r.rows, ElementsAre(ElementsAre("Moon", "140000"), ElementsAre("Sun", "NULL")));
  EXPECT_FALSE(r.cut);
  EXPECT_TRUE(read_sql(file_, "SELECT 1 FROM room", {.rows = 1}).cut);
  EXPECT_TRUE(read_sql(file_, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT i FROM n").cut);
}

TEST_F(ReadSql, NothingElseIsAllowed) {
  for (const char* sql : {"DELETE FROM room",
                          "UPDATE room SET price=0",
                          "DROP TABLE room",
                          "ATTACH '/tmp/x.db' AS x",
                          "PRAGMA user_version",
                          "PRAGMA writable_schema=1",
                          "CREATE TABLE t(x)",
                          "SELECT load_extension('x')",
                          "VACUUM INTO '/tmp/copy.db'",
                          "SELECT 1; SELECT 2",
                          "",
                          "nonsense",
                          "BEGIN",
                          "CREATE TEMP TABLE t(x)",
                          "CREATE TEMP VIEW v AS SELECT 1",
                          "INSERT INTO room VALUES('x', 1)",
                          "REPLACE INTO room VALUES('x', 1)",
                          "WITH n AS (SELECT 1) INSERT INTO room SELECT 'x', * FROM n",
                          "DETACH main",
                          "ANALYZE",
                          "REINDEX",
                          "VACUUM",
                          "SAVEPOINT a",
                          "PRAGMA journal_mode=DELETE",
                          "SELECT * FROM pragma_database_list",
                          "CREATE VIRTUAL TABLE t USING fts5(x)"})
    EXPECT_THAT(refused(sql), HasSubstr("invalid: ")) << sql;
  EXPECT_EQ(read_sql(file_, "SELECT count(*) FROM room").rows[0][0], "2");
  EXPECT_FALSE(fs::exists("/tmp/copy.db"));
  EXPECT_THROW(read_sql(folder_.path() / "none.db", "SELECT 1"), Error);
}

TEST_F(ReadSql, LongOnesAndLargeOnesEnd) {
  EXPECT_THAT(
      refused("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT max(i) FROM n", {.seconds = 0.05}),
      HasSubstr("exhausted: "));
  EXPECT_THAT(refused("SELECT hex(randomblob(100000000))"), HasSubstr("too big"));
}

}  // namespace
}  // namespace hanok::store
