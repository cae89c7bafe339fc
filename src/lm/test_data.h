// Where tests find larger data: the folder named by HANOK_TEST_DATA, or shared/data beside the source tree. Tests that
// compare with it run where it is; each has a sister on the small data in tests/data, which is always there.
#pragma once

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "hanok/lm.h"

namespace hanok::lm {

inline std::filesystem::path test_data() {
  if (const char* given = std::getenv("HANOK_TEST_DATA")) return given;
  return std::filesystem::path(HANOK_SOURCE_DIR) / ".." / "shared" / "data";
}
inline std::filesystem::path golden(const std::string& name) { return test_data() / "golden" / "embed" / name; }
inline std::filesystem::path own_data(const std::string& name) {
  return std::filesystem::path(HANOK_SOURCE_DIR) / "tests" / "data" / name;
}
/// A real model by name (minilm, e5) below HANOK_MODELS or ~/.cache/hanok-models; nullopt where it is not.
inline std::optional<std::filesystem::path> real_model(const std::string& name) {
  const char *given = std::getenv("HANOK_MODELS"), *home = std::getenv("HOME");
  const auto folder =
      (given ? std::filesystem::path(given) : std::filesystem::path(home ? home : "") / ".cache" / "hanok-models") /
      name;
  if (std::filesystem::exists(folder / "config.json")) return folder;
  return std::nullopt;
}

inline base::Json read_json(const std::filesystem::path& file) {
  return base::parse_json(base::read_file(file), file.string());
}

/// A two-dimensional float32 .npy file in C order (version 1.0).
inline Matrix read_npy(const std::filesystem::path& file) {
  const std::string bytes = base::read_file(file);
  const size_t header = static_cast<unsigned char>(bytes.at(8)) + 256u * static_cast<unsigned char>(bytes.at(9));
  const std::string text = bytes.substr(10, header);
  Matrix out;
  std::sscanf(text.c_str() + text.find("'shape': (") + 10, "%zu, %zu", &out.rows, &out.dim);
  out.data.resize(out.rows * out.dim);
  if (bytes.size() != 10 + header + out.data.size() * sizeof(float))
    throw Error(Code::Corrupt, file.string() + ": unexpected .npy");
  std::memcpy(out.data.data(), bytes.data() + 10 + header, out.data.size() * sizeof(float));
  return out;
}

}  // namespace hanok::lm
