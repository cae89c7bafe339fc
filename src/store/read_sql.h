// Questions to any SQLite file that cannot change it: for tools of agents.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace hanok::store {

struct SqlLimits {
  size_t rows = 100;
  size_t bytes = 64 << 10;  // of all values together
  double seconds = 5;
};

struct SqlResult {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  // NULL as "NULL", blobs as their size
  bool cut = false;                            // there was more
};

/// Runs one SELECT (or WITH ... SELECT). The file is opened read-only and every other deed (writing, ATTACH, PRAGMA,
/// loading code) is refused before it runs. Throws NotFound, Invalid (with SQLite's words), Exhausted (time),
/// Cancelled.
SqlResult read_sql(const std::filesystem::path& file, std::string_view sql, const SqlLimits& limits = {});

}  // namespace hanok::store
