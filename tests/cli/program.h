// Runs the built program as a user does, in a data directory of its own.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "base/process.h"

namespace hanok::test {

class Program {
 public:
  Program() {
    ::setenv("HANOK_DATA", (folder_.path() / "data").c_str(), 1);
    ::setenv("HANOK_CONFIG", (folder_.path() / "config.json").c_str(), 1);
    ::setenv("HANOK_EMBEDDING_MODEL", "none", 1);  // keywords: the same on every machine
  }

  base::ProcessResult run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), HANOK_PROGRAM);
    return base::run_process(arguments, "", {.seconds = 120, .memory_bytes = uint64_t{1} << 50});
  }
  /// With --json; the exit status must be `status`.
  base::Json json(std::vector<std::string> arguments, int status = 0) const {
    arguments.push_back("--json");
    const auto result = run(arguments);
    EXPECT_EQ(result.exit_status, status) << result.out << result.err;
    return base::parse_json(result.out.empty() ? "null" : result.out, "output of hanok");
  }
  /// A line for the shell.
  base::ProcessResult bash(const std::string& line) const {
    return base::run_process({"bash", "-c", line}, "", {.seconds = 120, .memory_bytes = uint64_t{1} << 50});
  }
  const base::fs::path& folder() const { return folder_.path(); }
  /// A file in this test's own folder.
  base::fs::path write(const std::string& name, const std::string& bytes) const {
    const auto path = folder_.path() / name;
    base::fs::create_directories(path.parent_path());
    base::write_file_atomic(path, bytes);
    return path;
  }

 private:
  base::TempFolder folder_;
};

inline std::vector<std::string> keys(const base::Json& object) {
  std::vector<std::string> out;
  for (const auto& [key, value] : object.items()) out.push_back(key);
  return out;
}

}  // namespace hanok::test
