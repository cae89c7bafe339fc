#include "lm/config.h"

#include <cmath>

#include "hanok/error.h"

namespace hanok::lm {
namespace {

constexpr uint64_t kMaxConfigBytes = 16 << 20;
constexpr size_t kMaxSize = 1u << 30;  // no honest dimension is larger, and products of two still fit

}  // namespace

Config::Config(base::Json json, std::string what) : json_(std::move(json)), what_(std::move(what)) {
  if (!json_.is_object()) throw Error(Code::Invalid, what_ + ": expected a JSON object, found " + json_.type_name());
}

Config Config::read(const base::fs::path& file) {
  return Config(base::parse_json(base::read_file(file, kMaxConfigBytes), file.string()), file.string());
}

Config Config::read_if_there(const base::fs::path& file) {
  return base::fs::exists(file) ? read(file) : Config(base::Json::object(), file.string());
}

bool Config::has(std::string_view key) const {
  const auto it = json_.find(key);
  return it != json_.end() && !it->is_null();
}

void Config::fail(std::string_view key, const std::string& expected) const {
  const auto it = json_.find(key);
  throw Error(Code::Corrupt, what_ + ": '" + std::string(key) + "' " +
                                 (it == json_.end() ? "is missing" : "is " + base::dump_json(*it).substr(0, 80)) +
                                 ", expected " + expected);
}

size_t Config::size(std::string_view key) const {
  if (!has(key)) fail(key, "a whole number");
  return size(key, 0);
}

size_t Config::size(std::string_view key, size_t otherwise) const {
  if (!has(key)) return otherwise;
  const base::Json& value = *json_.find(key);
  if (!value.is_number_unsigned() || value.get<uint64_t>() > kMaxSize) fail(key, "a whole number up to 2^30");
  return value.get<size_t>();
}

double Config::number(std::string_view key, double otherwise) const {
  if (!has(key)) return otherwise;
  const base::Json& value = *json_.find(key);
  if (!value.is_number() || !std::isfinite(value.get<double>())) fail(key, "a number");
  return value.get<double>();
}

bool Config::flag(std::string_view key, bool otherwise) const {
  if (!has(key)) return otherwise;
  const base::Json& value = *json_.find(key);
  if (!value.is_boolean()) fail(key, "true or false");
  return value.get<bool>();
}

std::string Config::text(std::string_view key, std::string otherwise) const {
  if (!has(key)) return otherwise;
  const base::Json& value = *json_.find(key);
  if (!value.is_string()) fail(key, "text");
  return value.get<std::string>();
}

Config Config::object(std::string_view key) const {
  if (!has(key)) return Config(base::Json::object(), what_);
  const base::Json& value = *json_.find(key);
  if (!value.is_object()) fail(key, "an object");
  return Config(value, what_ + ": " + std::string(key));
}

}  // namespace hanok::lm
