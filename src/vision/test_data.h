// Where tests find the numbers that they compare with: HANOK_TEST_DATA, or shared/data beside the source tree. Tests
// that need it run where it is; each has a sister that needs nothing.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/file.h"
#include "base/json.h"

namespace hanok::vision {

inline std::filesystem::path test_data() {
  if (const char* given = std::getenv("HANOK_TEST_DATA")) return given;
  return std::filesystem::path(HANOK_SOURCE_DIR) / ".." / "shared" / "data";
}
inline std::filesystem::path golden(const std::string& name) { return test_data() / "golden" / "vision" / name; }

inline base::Json read_json(const std::filesystem::path& file) {
  return base::parse_json(base::read_file(file), file.string());
}

}  // namespace hanok::vision
