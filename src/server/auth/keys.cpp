#include "server/auth/keys.h"

#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "server/base64.h"

namespace hanok::server {
namespace {

constexpr size_t kKeyBytes = 32, kLeastChosen = 8;

std::string random_hex(size_t bytes) {
  std::string raw(bytes, '\0');
  if (::getrandom(raw.data(), raw.size(), 0) != static_cast<ssize_t>(raw.size()))
    throw Error(Code::Unavailable, "the system gives no random bytes for a key");
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const char c : raw) {
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

}  // namespace

Scope scope_named(std::string_view name) {
  for (const Scope scope : {Scope::Read, Scope::Write, Scope::Admin})
    if (scope_name(scope) == name) return scope;
  throw Error(Code::Invalid, "scope '" + std::string(name) + "': read, write or admin was expected");
}

Keys Keys::load(const std::filesystem::path& file) {
  Keys out;
  if (!std::filesystem::exists(file)) return out;
  try {
    const base::Json json = base::parse_json(base::read_file(file, 16 << 20), file.string());
    for (const auto& row : json.at("keys")) {
      Key key{
          .name = row.at("name"), .sha256 = row.at("sha256"), .scope = scope_named(row.at("scope").get<std::string>())};
      if (const auto own = row.find("collections"); own != row.end())
        for (const auto& [name, scope] : own->items()) key.collections[name] = scope_named(scope.get<std::string>());
      key.created_ms = row.value("created_ms", int64_t{0});
      out.keys_.push_back(std::move(key));
    }
  } catch (const base::Json::exception& e) {
    throw Error(Code::Corrupt, file.string() + ": keys as `hanok keys add` writes them were expected: " + e.what());
  }
  return out;
}

void Keys::save(const std::filesystem::path& file) const {
  base::OrderedJson rows = base::OrderedJson::array();
  for (const Key& key : keys_) {
    base::OrderedJson row = {{"name", key.name}, {"sha256", key.sha256}, {"scope", scope_name(key.scope)}};
    for (const auto& [name, scope] : key.collections) row["collections"][name] = scope_name(scope);
    row["created_ms"] = key.created_ms;
    rows.push_back(std::move(row));
  }
  const mode_t before = ::umask(0077);
  try {
    base::write_file_atomic(file, base::dump_json(base::OrderedJson{{"keys", rows}}, 2) + "\n");
  } catch (...) {
    ::umask(before);
    throw;
  }
  ::umask(before);
}

std::string Keys::add(std::string name, Scope scope, std::map<std::string, Scope> collections) {
  if (name.empty()) throw Error(Code::Invalid, "a key needs a name");
  for (const Key& key : keys_)
    if (key.name == name) throw Error(Code::Exists, "there is a key '" + name + "' already; remove it first");
  std::string key = "hk-" + random_hex(kKeyBytes);
  keys_.push_back({std::move(name), base::sha256_hex(key), scope, std::move(collections), base::now_ms()});
  return key;
}

void Keys::add_chosen(std::string name, std::string_view key) {
  if (key.size() < kLeastChosen)
    throw Error(Code::Invalid, "an API key of at least " + std::to_string(kLeastChosen) + " characters was expected");
  keys_.push_back({std::move(name), base::sha256_hex(key), Scope::Admin, {}, base::now_ms()});
}

bool Keys::remove(std::string_view name) {
  return std::erase_if(keys_, [&](const Key& key) { return key.name == name; }) > 0;
}

std::optional<Access> Keys::find(std::string_view key) const {
  if (key.empty()) return std::nullopt;
  const std::string hash = base::sha256_hex(key);
  for (const Key& known : keys_)
    if (known.sha256 == hash)
      return Access{.key = known.name, .scope = known.scope, .of_collection = known.collections};
  return std::nullopt;
}

std::string presented_key(const Request& request) {
  const std::string_view authorization = request.header("authorization");
  const std::string scheme = base::lower(authorization.substr(0, authorization.find(' ')));
  if (scheme == "bearer" && authorization.size() > 7) return std::string(authorization.substr(7));
  if (scheme == "basic" && authorization.size() > 6) {
    const auto pair = base64_decoded(authorization.substr(6));
    const size_t colon = pair ? pair->find(':') : std::string::npos;
    if (colon != std::string::npos) return pair->substr(colon + 1);
  }
  for (const char* name : {"api-key", "x-api-key", "x-chroma-token"})
    if (const auto value = request.header(name); !value.empty())
      return std::string(value.substr(base::lower(value.substr(0, 7)) == "bearer " ? 7 : 0));
  return {};
}

}  // namespace hanok::server
