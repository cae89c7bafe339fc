// Reading a model's JSON files: a missing or malformed key is an Error that names file and key.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/json.h"

namespace hanok::lm {

/// One JSON object with the path it came from.
class Config {
 public:
  Config() = default;
  Config(base::Json json, std::string what);
  /// Throws NotFound, Invalid (not JSON, not an object).
  static Config read(const base::fs::path& file);
  /// An empty object where there is no such file.
  static Config read_if_there(const base::fs::path& file);

  const base::Json& json() const { return json_; }
  const std::string& what() const { return what_; }
  bool has(std::string_view key) const;  // present and not null

  /// Values under `key`; the first form throws Corrupt when it is missing, both when it has another type or range.
  size_t size(std::string_view key) const;
  size_t size(std::string_view key, size_t otherwise) const;
  double number(std::string_view key, double otherwise) const;
  bool flag(std::string_view key, bool otherwise) const;
  std::string text(std::string_view key, std::string otherwise) const;
  /// The object under `key`, empty where it is missing.
  Config object(std::string_view key) const;

  [[noreturn]] void fail(std::string_view key, const std::string& expected) const;

 private:
  base::Json json_ = base::Json::object();
  std::string what_;
};

}  // namespace hanok::lm
