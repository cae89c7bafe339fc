#include "store/database.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <memory>
#include <string>
#include <vector>

#include "base/file.h"

namespace hanok::store {
namespace {

TEST(Database, CachesOfManyReadersAreBoundedTogether) {
  base::TempFolder folder;
  const auto file = folder.path() / "some.db";
  {
    Database db(file, Database::Mode::Write);
    db.script("CREATE TABLE t(x BLOB)");
    Transaction all(db, Transaction::Kind::Write);
    for (int i = 0; i < 2000; ++i) db.run("INSERT INTO t VALUES (randomblob(6000))");
    all.commit();
  }
  std::vector<std::unique_ptr<Database>> readers;
  for (int i = 0; i < 20; ++i) {
    readers.push_back(std::make_unique<Database>(file, Database::Mode::Read));
    EXPECT_EQ(readers.back()->number("SELECT sum(length(x)) FROM t"), 2000 * 6000);
  }
  EXPECT_GT(sqlite3_memory_used(), 12 << 20) << "some have theirs";
  EXPECT_LT(sqlite3_memory_used(), 40 << 20) << "alone each would take 8 MiB";
}

}  // namespace
}  // namespace hanok::store
